"""An experiment as data: what is compared, with whom, for how long, and what is to be learnt from it."""

from __future__ import annotations

import math
from datetime import datetime
from itertools import product
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from endcap.core.events import LATEST_MS
from endcap.core.layout import Layout
from endcap.core.placement import Name, Placement, Share
from endcap.core.time import to_ms
from endcap.errors import BadOption

EXPERIMENT_KIND = "experiment"
"""The kind of document that holds a shop's experiments."""

HOLDOUT, RECOMMENDED, HELD_OUT = "holdout", "recommended", "held_out"
"""The experiment that never ends, and its two arms: who is recommended to as the shop wants it, and who is not."""

EVERYWHERE = "*"
"""In :attr:`Arm.changes`: every placement of the experiment."""

INTERLEAVED = "interleaved"
"""What takes the place of an arm's name where one answer is drafted from both."""

MOST_ARMS = 34

Kind = Literal["ab", "interleaving", "bandit", "holdout"]
Unit = Literal["person", "session", "visitor"]
Status = Literal["draft", "running", "stopped", "decided"]
Recommendations = Literal["usual", "standard", "random", "none"]
Outcome = Literal["won", "lost", "no_difference", "unclear"]
When = Annotated[int, Meta(ge=0, le=LATEST_MS)]
Note = Annotated[str, Meta(max_length=2_000)]
Segment = Annotated[str, Meta(min_length=1, max_length=128)]


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an arm does otherwise on one placement.

    ``recommendations``: what the placement would show anyway, the ``standard`` of most shops (what sells most), a ``random``
    choice, or ``none``. ``placement`` stands in for the whole of it. ``patch`` changes parts of it: a field of the placement by
    its name, and under ``shelves`` those of a shelf by the shelf's name; ``null`` takes a shelf away, a shelf in full adds it.
    ``layout`` is how the widget shows it.
    """

    recommendations: Recommendations = "usual"
    placement: Placement | None = None
    patch: dict[str, Any] = {}
    layout: Layout | None = None

    def __post_init__(self) -> None:
        if sum((self.recommendations != "usual", self.placement is not None, bool(self.patch))) > 1:
            raise BadOption(
                "a change says more than one of recommendations, placement and patch", field="changes",
                remedy="say one of them; a patch can do what a whole placement does",
            )  # fmt: skip


class Arm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One of the alternatives. ``changes`` has what it does otherwise by placement, ``*`` for all; nothing is the shop as it is.

    ``weight`` is its part of the traffic against the weights of the others.
    """

    name: Name
    title: Annotated[str, Meta(max_length=200)] = ""
    weight: Annotated[float, Meta(ge=0, le=1_000_000)] = 1.0
    changes: Annotated[dict[str, Change], Meta(max_length=50)] = {}


class Factor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing that a multivariate experiment varies; the first of its ``levels`` is how it is now."""

    name: Name
    levels: Annotated[tuple[Arm, ...], Meta(min_length=2, max_length=12)]


class Namespace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Experiments of one namespace never meet the same shopper: each has a ``share`` of it to itself, from ``begin`` on, which is
    settled when the experiment starts."""

    name: Name
    share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    begin: Share | None = None


class Allocating(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a bandit divides the traffic: by each arm's chance to be the best one, none below ``floor``.

    It is worked out again ``every_minutes`` at most, from those who first met it ``wait_hours`` ago or more: what they do takes
    time. With ``half_life_days`` who came so long ago counts half, for what does not stay as it is. ``features`` are segments, as
    reports tell them apart, by which the best arm may differ.
    """

    floor: Annotated[float, Meta(ge=0, le=0.5)] = 0.01
    every_minutes: Annotated[int, Meta(ge=1, le=10_080)] = 30
    wait_hours: Annotated[float, Meta(ge=0, le=720)] = 1.0
    half_life_days: Annotated[float, Meta(gt=0)] | None = None
    features: Annotated[tuple[Segment, ...], Meta(max_length=20)] = ()

    @property
    def least(self) -> float:
        """The floor in whole ten-thousandths, in which traffic is divided: none is rounded to below it."""
        return math.ceil(self.floor * 10_000 - 1e-9) / 10_000


class Numbers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One figure of an arm against the control as it stood when the experiment was decided; ``lift`` and its interval are
    relative, 0.02 for two per cent more."""

    arm: str
    metric: str
    value: float | None
    control: float | None
    lift: float | None
    low: float | None
    high: float | None
    units: int


class Decided(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was learnt: the ``winner`` (nothing where no arm is taken over), how it went, why it was so decided, and the figures
    of that moment."""

    at_ms: int
    outcome: Outcome
    winner: str | None = None
    note: str = ""
    verdict: str = ""
    numbers: tuple[Numbers, ...] = ()


class Experiment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is compared, with whom, how long, judged by what.

    ``placements`` are where it acts, those that its arms change where none is named. Its ``arms`` begin with the control; a
    multivariate one names ``factors`` instead, and has an arm for each combination of their levels. ``unit`` is who stays in an
    arm: the ``person`` (the user where one is known, else the visitor or the session), the ``session``, or the ``visitor`` (the
    browser, else the session). ``share`` of all units take part; it may grow while the experiment runs, and nobody who is in
    moves. With an ``audience`` only shoppers of one of these segments take part. ``metric`` decides, ``guard_rails`` may not
    suffer, ``metrics`` are looked at. Of two experiments that change the same thing on a placement, the one of higher
    ``priority`` has it there. ``repeats`` names the experiment that it tries again.

    It acts from ``starts_at`` until before ``ends_at`` (ISO 8601 or milliseconds), in between its start and its stop. ``status``,
    ``run`` (how often it was started), ``started_ms``, ``stopped_ms`` and ``decided`` follow from what is done.
    """

    name: Name
    title: Annotated[str, Meta(max_length=200)] = ""
    hypothesis: Note = ""
    owner: Annotated[str, Meta(max_length=200)] = ""
    note: Note = ""
    kind: Kind = "ab"
    unit: Unit = "person"
    placements: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    arms: Annotated[tuple[Arm, ...], Meta(max_length=MOST_ARMS)] = ()
    factors: Annotated[tuple[Factor, ...], Meta(max_length=5)] = ()
    share: Share = 1.0
    audience: Annotated[tuple[Segment, ...], Meta(max_length=100)] = ()
    starts_at: When | datetime | None = None
    ends_at: When | datetime | None = None
    metric: Name = "buyers"
    guard_rails: Annotated[tuple[Name, ...], Meta(max_length=20)] = ()
    metrics: Annotated[tuple[Name, ...], Meta(max_length=20)] = ()
    min_days: Annotated[int, Meta(ge=1, le=365)] = 14
    min_conversions: Annotated[int, Meta(ge=0, le=1_000_000)] = 500
    namespace: Namespace | None = None
    priority: Annotated[int, Meta(ge=-1_000, le=1_000)] = 0
    allocating: Allocating = Allocating()
    repeats: Name | None = None
    status: Status = "draft"
    run: Annotated[int, Meta(ge=0)] = 0
    started_ms: int | None = None
    stopped_ms: int | None = None
    decided: Decided | None = None

    def __post_init__(self) -> None:
        for name in ("starts_at", "ends_at"):
            at = getattr(self, name)
            if isinstance(at, datetime):
                msgspec.structs.force_setattr(self, name, to_ms(at))
        arms = self.every_arm
        names = [arm.name for arm in arms]
        if not 2 <= len(arms) <= MOST_ARMS or (self.arms and self.factors):
            _refuse("arms", len(arms), f"name 2 to {MOST_ARMS} arms, the control first, or factors instead")
        if len(set(names)) < len(names):
            _refuse("arms", names, "give each arm, and each level of a factor, a name of its own")
        if not sum(arm.weight for arm in arms) > 0:
            _refuse("weight", 0, "give at least one arm a weight above 0")
        if self.kind == "interleaving" and len(arms) != 2:
            _refuse("arms", len(arms), "an interleaving drafts from two arms: name two")
        if self.kind == "holdout" and names != [RECOMMENDED, HELD_OUT]:
            _refuse("arms", names, f"a holdout has the arms {RECOMMENDED} and {HELD_OUT}")
        if (self.kind == "holdout") != (self.name == HOLDOUT):
            _refuse("name", self.name, f"the one experiment of the kind holdout is named {HOLDOUT}")
        if self.begin_ms is not None and self.end_ms is not None and self.end_ms <= self.begin_ms:
            _refuse("ends_at", self.ends_at, "send an end after the start")
        if self.placements:
            elsewhere = {name for arm in arms for name in arm.changes} - {*self.placements, EVERYWHERE}
            if elsewhere:
                _refuse("changes", sorted(elsewhere), "name these placements in placements too, or leave the changes out")

    @property
    def every_arm(self) -> tuple[Arm, ...]:
        """The arms, those of all combinations of levels where there are factors; the control first."""
        if not self.factors:
            return self.arms
        return tuple(_combined(levels) for levels in product(*(factor.levels for factor in self.factors)))

    @property
    def begin_ms(self) -> int | None:
        """When it may begin, in milliseconds; nothing where that is open. It also has to be started."""
        return self.starts_at  # type: ignore[return-value]

    @property
    def end_ms(self) -> int | None:
        """From when on nobody takes part any more, in milliseconds; nothing where that is open."""
        return self.ends_at  # type: ignore[return-value]

    @property
    def salt(self) -> str:
        """What the shoppers of this run are hashed with: another one each time it is started."""
        return self.name if self.run <= 1 else f"{self.name}.{self.run}"

    def acts_on(self, placement: str) -> bool:
        """Whether the experiment is about a placement: one that it names, else one that an arm changes, else any."""
        if self.placements:
            return placement in self.placements
        changed = {name for arm in self.every_arm for name in arm.changes}
        return not changed or EVERYWHERE in changed or placement in changed


def _combined(levels: tuple[Arm, ...]) -> Arm:
    """The arm that has one level of each factor: all their changes at once."""
    changes: dict[str, Change] = {}
    weight = 1.0
    for level in levels:
        weight *= level.weight
        for where, change in level.changes.items():
            changes[where] = both(changes[where], change) if where in changes else change
    return Arm(name="__".join(level.name for level in levels), weight=weight, changes=changes)


def both(first: Change, then: Change) -> Change:
    """Two changes of one placement as one, the second counting where both speak of the same field.

    Raises BadOption where one of them says what is recommended, or stands in for the whole placement, and the other patches it.
    """
    layouts = [one.layout for one in (first, then) if one.layout is not None]
    return Change(
        recommendations=then.recommendations if then.recommendations != "usual" else first.recommendations,
        placement=then.placement or first.placement,
        patch=overlaid(first.patch, then.patch),
        layout=layouts[-1].over(layouts[0]) if layouts else None,
    )


def overlaid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Two tables as one, tables inside them likewise; what stands above counts.

    Source: RFC 7396, JSON Merge Patch, but that ``null`` is kept, for it takes a shelf away.

    >>> overlaid({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}, "d": None})
    {'a': {'b': 1, 'c': 3}, 'd': None}
    """
    merged = dict(below)
    for name, value in above.items():
        known = merged.get(name)
        merged[name] = overlaid(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _refuse(field: str, value: object, remedy: str) -> None:
    raise BadOption(f"{field} is {value!r}", field=field, value=value, remedy=remedy)
