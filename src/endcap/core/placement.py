"""A named spot in the shop, as data: which shelves it has and what fills them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from endcap.core.choice import Task
from endcap.errors import BadOption

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]
QueryWith = Literal["anchor", "cart", "history", "visit", "everything", "nothing"]

_MIN_COUNT = 4


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One artifact that proposes items, and how much it counts.

    ``ask`` says which items it is asked with: the ``anchor`` (the product of the page), the ``cart``, the ``history`` (what
    the shopper did last, newest first), the ``visit`` (the anchor, then the history) or ``everything`` together; a source of
    item scores is asked with ``nothing``. ``same_category`` narrows an item-score source to the category of what it is asked
    with.
    """

    artifact: Name
    weight: Annotated[float, Meta(ge=0, le=1_000)] = 1.0
    ask: QueryWith = "everything"
    same_category: bool = False


class Learned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What training chooses for a shelf: the task that the shelf serves, and what its sources are asked with."""

    task: Task
    ask: QueryWith = "everything"


class Shelf(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One row of products. Fewer than ``min_count`` from the sources are topped up from ``fallback``, and that is said.

    A shelf that is ``learned`` asks the sources that training chose for the task, blended or ranked as it chose, and its own
    ``sources`` as long as nothing was chosen. With ``one_per_family`` a shelf shows one variant of a product at most, and none of
    the product on the page; with ``unseen`` nothing that the shopper looked at lately. Its ``rules`` hold on this shelf alone,
    beside those of the placement.
    """

    name: Name
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    sources: Annotated[tuple[Source, ...], Meta(min_length=1, max_length=20)]
    min_count: Annotated[int, Meta(ge=0, le=100)] = _MIN_COUNT
    max_count: Annotated[int, Meta(ge=1, le=100)] = 8
    fallback: tuple[Source, ...] = ()
    one_per_family: bool = True
    unseen: bool = False
    rules: Annotated[tuple[dict[str, Any], ...], Meta(max_length=10)] = ()
    learned: Learned | None = None

    def __post_init__(self) -> None:
        if self.min_count > self.max_count:
            raise BadOption(
                f"min_count is {self.min_count}, above max_count {self.max_count}", field="min_count", value=self.min_count,
                remedy=f"send a min_count of at most {self.max_count}, or raise max_count; where none is sent, min_count is "
                f"{_MIN_COUNT}",
            )  # fmt: skip


class Placement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A spot with its shelves in order, and the rules that hold on all of them.

    A rule is written as a table with its ``rule`` name and its options. ``max_count`` bounds the whole answer.
    """

    name: Name
    description: Annotated[str, Meta(max_length=500)] = ""
    shelves: Annotated[tuple[Shelf, ...], Meta(min_length=1, max_length=20)]
    rules: Annotated[tuple[dict[str, Any], ...], Meta(max_length=100)] = ()
    max_count: Annotated[int, Meta(ge=1, le=100)] = 8
