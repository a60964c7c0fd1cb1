"""Which arms of which experiments a request meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from endcap.core.experiment import INTERLEAVED, Unit
from endcap.core.layout import Layout
from endcap.core.request import RecommendRequest
from endcap.experiments.allotment import Division
from endcap.experiments.assignment import OUTSIDE, Salted, Span, Split


class Who(NamedTuple):
    """Whom a request comes from, by the ids that it may go by; empty where one is not known."""

    user: str
    visitor: str
    session: str

    @classmethod
    def of(cls, request: RecommendRequest, user_id: str | None) -> Who:
        """Who asks; ``user_id`` is the user that the session is known to be of."""
        visitor = request.context.get("visitor_id") if request.context else None
        return cls(
            request.user_id or user_id or "", visitor if isinstance(visitor, str) else "", request.session_id or ""
        )  # fmt: skip

    def unit(self, unit: Unit) -> str:
        """The id that stays in an arm; nothing for somebody without one."""
        if unit == "session":
            return self.session or self.user
        return (self.user if unit == "person" else "") or self.visitor or self.session

    @property
    def key(self) -> str:
        """The person as a key: ``u:``, ``v:`` or ``s:`` and the id; nothing for somebody without one."""
        if self.user:
            return "u:" + self.user
        return "v:" + self.visitor if self.visitor else "s:" + self.session if self.session else ""


def forced_arms(request: RecommendRequest) -> dict[str, str]:
    """The arms that a request asks for by name, to see what they look like: ``context.arms``.

    >>> forced_arms(RecommendRequest(placement="home", context={"arms": {"count": "eight", "layout": 4}}))
    {'count': 'eight'}
    """
    asked = request.context.get("arms") if request.context else None
    return {name: arm for name, arm in asked.items() if isinstance(arm, str)} if isinstance(asked, dict) else {}


@dataclass(frozen=True, slots=True)
class ReadyTrial:
    """One experiment as answers meet it.

    ``barred_by`` has experiments that come first, with the arms in which they leave no room for this one. ``space`` is its part
    of a namespace. ``division`` divides its traffic where that changes as it learns, ``split`` where it does not.
    """

    name: str
    unit: Unit
    arms: tuple[str, ...]
    split: Split
    begins_ms: int
    ends_ms: int
    audience: frozenset[str]
    barred_by: tuple[tuple[str, frozenset[str]], ...] = ()
    space: tuple[Salted, Span] | None = None
    division: Division | None = None
    interleaved: bool = False

    def named(self, wanted: str | None) -> str | None:
        """The arm of that name, if there is one."""
        return wanted if wanted in self.arms or (self.interleaved and wanted == INTERLEAVED) else None

    def meets(self, who: Who, segments: frozenset[str], now_ms: int, met: Mapping[str, str]) -> bytes:
        """The id that stays in an arm, of a shopper who takes part as far as that does not depend on the arm; else nothing.

        ``met`` are the arms of the experiments that come first.
        """
        if not self.begins_ms <= now_ms < self.ends_ms:
            return b""
        for name, arms in self.barred_by:
            if met.get(name) in arms:
                return b""
        if self.audience and self.audience.isdisjoint(segments):
            return b""
        unit = who.unit(self.unit).encode()
        if unit and self.space is not None and self.space[0].bucket(unit) not in self.space[1]:
            return b""
        return unit


@dataclass(frozen=True, slots=True)
class Variant:
    """A placement as some arms make it.

    ``form`` is the name under which the state has it, nothing where nothing is shown. Where two arms are interleaved, ``drafted``
    has the form of each by the arm's name, and ``form`` is the control's.
    """

    form: str | None
    layout: Layout | None = None
    drafted: tuple[tuple[str, str], ...] = ()


Key = tuple[tuple[str, str], ...]
"""Experiments and their arms, in the order in which they are met; arms that change nothing left out."""


class Met(NamedTuple):
    """The arms that shape an answer, by experiment; ``forced`` are those that the request asked for, and ``odds`` the chances of
    those whose experiment learns."""

    arms: Mapping[str, str] = MappingProxyType({})
    forced: frozenset[str] = frozenset()
    odds: Mapping[str, float] = MappingProxyType({})
    person: str = ""

    def told(self) -> dict[str, str]:
        """The arms that count: those that chance put the shopper in."""
        return {name: arm for name, arm in self.arms.items() if name not in self.forced} if self.arms else {}


_NONE: frozenset[str] = frozenset()

NOBODY = Met()
"""Of a request that no experiment is about."""


@dataclass(frozen=True, slots=True)
class PlacementTrials:
    """The experiments on a placement in the order in which they are met, and what the placement is by the arms that shape it.

    ``shaping`` are the arms that change something, ``by_segment`` tells whether an experiment asks for segments, ``shelves`` are
    the names of those of all variants.
    """

    trials: tuple[ReadyTrial, ...]
    variants: Mapping[Key, Variant]
    shaping: frozenset[tuple[str, str]]
    by_segment: bool
    shelves: frozenset[str]

    def met(self, who: Who, segments: frozenset[str], now_ms: int, forced: Mapping[str, str]) -> Met:
        """The arms of a shopper, those that are ``forced`` in the place of their own. Time O(experiments)."""
        arms: dict[str, str] = {}
        odds: dict[str, float] = {}
        taken = _NONE
        for trial in self.trials:
            if forced and (wanted := trial.named(forced.get(trial.name))) is not None:
                arms[trial.name] = wanted
                taken |= {trial.name}
                continue
            unit = trial.meets(who, segments, now_ms, arms)
            if not unit:
                continue
            split = trial.split if trial.division is None else trial.division.split(segments)
            number = split.arm(unit)
            if number == OUTSIDE:
                continue
            arms[trial.name] = INTERLEAVED if trial.interleaved else trial.arms[number]
            if trial.division is not None:
                odds[trial.name] = split.chance(number)
        return Met(arms, taken, odds, who.key)

    def variant(self, arms: Mapping[str, str]) -> Variant | None:
        """What the placement is in these arms; nothing where no such combination is ready."""
        return self.variants.get(tuple(one for one in arms.items() if one in self.shaping))
