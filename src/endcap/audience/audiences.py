"""Dynamic audiences: conditions that a merchandiser saves, and that are looked at anew whenever somebody is asked about."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from endcap.audience.standing import Standing
from endcap.core.catalog import Item
from endcap.core.events import KIND, Id
from endcap.core.time import DAY_MS
from endcap.errors import BadInput

AUDIENCE_KIND = "audience"
"""The kind of document that holds a shop's audiences."""

Figure = Literal[
    "orders", "spent", "value", "days_since_first", "days_since_order", "churn", "gone", "buys_soon", "next_days", "engagement",
    "activity",
]  # fmt: skip
FIGURES: tuple[Figure, ...] = get_args(Figure)
Act = Literal["view", "click", "add_to_cart", "remove_from_cart", "purchase", "refund", "rating", "dismiss", "own", "usage"]
Names = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=128)], ...], Meta(min_length=1, max_length=100)]

ItemOf = Callable[[str], Item | None]
"""The product of an id."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class _Condition(msgspec.Struct, frozen=True, kw_only=True, tag_field="is", forbid_unknown_fields=True, omit_defaults=True):
    """What somebody is, or did."""


class Segment(_Condition, frozen=True, tag="segment"):
    """In one of these learned segments."""

    one_of: Names


class Tier(_Condition, frozen=True, tag="tier"):
    """In one of these value tiers."""

    one_of: Annotated[tuple[Literal["high", "middle", "low"], ...], Meta(min_length=1, max_length=3)]


class Between(_Condition, frozen=True, tag="figure"):
    """A figure of the person within bounds, both included; a figure that is not known is within none.

    ``spent`` and ``value`` are in the major unit of the shop's currency, chances and ``engagement`` from 0 to 1;
    ``activity`` is 2 for somebody who was twice as busy in the last 7 days as in the weeks before.
    """

    figure: Figure
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise ValueError(f"{self.figure} has no bound: send at_least or at_most")
        if low is not None and high is not None and low > high:
            raise ValueError(f"{self.figure} is to be at least {low:g} and at most {high:g}, which nothing is")


class Did(_Condition, frozen=True, tag="did"):
    """Did something so often within so many days, on any product or on one of a category (any word of its path), a brand or these
    ids."""

    act: Act
    within_days: Annotated[float, Meta(gt=0, le=3_650)]
    at_least: Annotated[int, Meta(ge=1, le=1_000)] = 1
    category: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    brand: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    item_ids: Annotated[tuple[Id, ...], Meta(max_length=10_000)] = ()


Condition = Segment | Tier | Between | Did
Conditions = Annotated[tuple[Condition, ...], Meta(max_length=20)]


class Audience(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """People of whom ``all`` conditions hold, and one of ``any`` (where there are some), and none of ``none``.

    >>> from endcap.stores.ports import NO_HISTORY
    >>> loyal = audience_of(b'''{"title": "Good and loyal", "all": [
    ...     {"is": "tier", "one_of": ["high"]}, {"is": "figure", "figure": "orders", "at_least": 3}]}''')
    >>> loyal.matches(Standing(0, NO_HISTORY, None, 3, 9_000, 5_000, "high", "lapsing"), lambda _: None)
    True
    """

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Annotated[str, Meta(max_length=1_000)] = ""
    all: Conditions = ()
    any: Conditions = ()
    none: Conditions = ()

    def __post_init__(self) -> None:
        if not (self.all or self.any or self.none):
            raise ValueError("an audience needs a condition in all, any or none")

    def matches(self, who: Standing, item_of: ItemOf, unit: float = 100.0) -> bool:
        """Whether somebody who stands so is in it; a major unit of money has ``unit`` minor ones."""

        def holds(condition: Condition) -> bool:
            return _holds(condition, who, item_of, unit)

        return (
            all(map(holds, self.all)) and (not self.any or any(map(holds, self.any))) and not any(map(holds, self.none))
        )  # fmt: skip


_decoder = msgspec.json.Decoder(Audience)


def audience_of(body: bytes) -> Audience:
    """The audience that a JSON document says. Raises BadInput, which names the field."""
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise BadInput(
            f"the audience cannot be used: {error}", field="audience", remedy="see docs/how-to/customers.md"
        ) from error


def named_audience(config: Mapping[str, Any], field: str = "name") -> tuple[str, Audience]:
    """The name and the audience of a table that has both. Raises BadInput; ``field`` is the path of its name."""
    options = dict(config)
    name = options.pop("name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadInput(
            f"{field} is {name!r}", field=field, value=name,
            remedy="give each audience a name of its own: a-z, 0-9 and _, a letter first, up to 64 characters",
        )  # fmt: skip
    return name, audience_of(msgspec.json.encode(options))


def usable_audiences(documents: Mapping[str, bytes]) -> tuple[dict[str, Audience], tuple[str, ...]]:
    """A shop's audiences by name, and the names of documents that cannot be used."""
    found, bad = {}, []
    for name, body in sorted(documents.items()):
        try:
            found[name] = audience_of(body)
        except BadInput:
            bad.append(name)
    return found, tuple(bad)


def _holds(condition: Condition, who: Standing, item_of: ItemOf, unit: float) -> bool:
    if isinstance(condition, Segment):
        return who.segment in condition.one_of
    if isinstance(condition, Tier):
        return who.tier in condition.one_of
    if isinstance(condition, Between):
        value = _figure(condition.figure, who, unit)
        low, high = condition.at_least, condition.at_most
        return value is not None and (low is None or value >= low) and (high is None or value <= high)
    return _did(condition, who, item_of) >= condition.at_least


def _figure(name: Figure, who: Standing, unit: float) -> float | None:
    if name == "spent":
        return who.spent_minor / unit
    if name == "value":
        return who.value_minor / unit
    value: float | None = getattr(who, name)
    return value


def _did(wanted: Did, who: Standing, item_of: ItemOf) -> int:
    """How often it was done; pieces do not count."""
    kind, since = KIND[wanted.act], who.now_ms - wanted.within_days * DAY_MS
    acts = (act.item_id for act in who.past.acts if act.kind == kind and act.at_ms >= since)
    if wanted.category is None and wanted.brand is None and not wanted.item_ids:
        return sum(1 for _ in acts)
    return sum(_is_wanted(wanted, item_id, item_of) for item_id in acts)


def _is_wanted(wanted: Did, item_id: str, item_of: ItemOf) -> bool:
    if wanted.item_ids and item_id not in wanted.item_ids:
        return False
    if wanted.category is None and wanted.brand is None:
        return True
    item = item_of(item_id)
    if item is None:
        return False
    return (wanted.category is None or wanted.category in item.category) and (wanted.brand is None or wanted.brand == item.brand)


def label_of(name: str) -> str:
    """The label by which rules and experiments name an audience.

    >>> label_of("slipping_away")
    'audience:slipping_away'
    """
    return f"audience:{name}"
