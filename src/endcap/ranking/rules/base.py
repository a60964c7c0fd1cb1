"""What a rule is: options, and up to five effects on an answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.events import LATEST_MS, Id
from endcap.core.part import Part
from endcap.core.query import Query, Rows
from endcap.core.time import to_ms
from endcap.errors import BadOption
from endcap.ranking.columns import Columns, Mask

Words = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=512)], ...], Meta(max_length=1_000)]
ItemIds = Annotated[tuple[Id, ...], Meta(max_length=10_000)]
When = Annotated[int, Meta(ge=0, le=LATEST_MS)] | datetime | None


class ItemView(Protocol):
    """What rules see of the catalogue and of what training found out about it, by row."""

    def __len__(self) -> int:
        """How many rows there are."""

    @property
    def items(self) -> Sequence[Item | None]:
        """The products; nothing where a row is known from events only."""

    @property
    def columns(self) -> Columns:
        """The products by property, as arrays."""

    @property
    def n_trained(self) -> int:
        """So many rows, the first ones, are known to the bundle; the others came later. 0 without a bundle."""

    def row(self, item_id: str) -> int:
        """The row of an item, or -1."""

    def neighbors(self, artifact: str, row: int) -> tuple[Rows, NDArray[np.float32]]:
        """The neighbours of a row in an artifact of the bundle, best first, and their values: views, not to be written to.

        None where the bundle has no item neighbours of that name, or does not know the row.
        """


class Pin(NamedTuple):
    """A row that takes a fixed place, 0 for the first, where nothing forbids the item."""

    row: int
    position: int


class Cap(NamedTuple):
    """At most ``most`` of a group in an answer. ``codes`` int32 has the group of every row, -1 for those that do not count."""

    codes: Rows
    most: int


class Rule(Part, frozen=True, kw_only=True):
    """Options and their effects.

    A file in this folder defines one subclass; its name is the file's name, which placements use and explanations report. It
    overrides the effects that it has. A rule must not change the query, and must answer for any query. Keeping out wins over
    pinning and boosting.

    A rule acts from ``starts_at`` until before ``ends_at`` (ISO 8601 or milliseconds), for shoppers in one of the segments of
    its ``audience``, or all where it names none. Where two rules want one place, or both keep an item out, the one of higher
    ``priority`` has it, or is named. With ``dry_run`` a rule changes nothing and is reported as what it would have done. ``note``
    says why it is there, to whoever asks for an explanation.
    """

    label: ClassVar[str]
    priority: Annotated[int, Meta(ge=-1_000, le=1_000)] = 0
    starts_at: When = None
    ends_at: When = None
    audience: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=128)], ...], Meta(max_length=100)] = ()
    dry_run: bool = False
    note: Annotated[str, Meta(max_length=500)] = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("starts_at", "ends_at"):
            at = getattr(self, name)
            if isinstance(at, datetime):
                msgspec.structs.force_setattr(self, name, to_ms(at))
        starts, ends = self.period
        if starts is not None and ends is not None and ends <= starts:
            raise BadOption(
                f"ends_at {ends} is not after starts_at {starts}", field="ends_at", value=ends, remedy="send a later ends_at"
            )

    @property
    def period(self) -> tuple[int | None, int | None]:
        """When the rule begins and no longer acts, in milliseconds; nothing where that is open."""
        return self.starts_at, self.ends_at  # type: ignore[return-value]

    def holds(self, query: Query) -> bool:
        """Whether the rule is there for this shopper now."""
        starts, ends = self.period
        if (starts is not None and query.now_ms < starts) or (ends is not None and query.now_ms >= ends):
            return False
        return not self.audience or not query.segments.isdisjoint(self.audience)

    def removes(self, query: Query, items: ItemView) -> Rows | Mask:
        """What may not be shown: rows (int32, in any order, repeats allowed) where these are few, else a bool for each row."""
        return NO_ROWS

    def allows(self, query: Query, items: ItemView) -> Rows | None:
        """The only rows (int32) that may be shown; nothing where the rule does not narrow the choice so."""
        return None

    def factors(self, query: Query, items: ItemView, rows: Rows) -> NDArray[np.float32] | None:
        """What the scores of these rows are multiplied by, above 0; 1 changes nothing, nothing leaves all as they are."""
        return None

    def pins(self, query: Query, items: ItemView) -> tuple[Pin, ...]:
        """Rows that take fixed places."""
        return ()

    def caps(self, query: Query, items: ItemView) -> Cap | None:
        """How many of a group an answer may have."""
        return None


class ProductRule(Rule, frozen=True, kw_only=True):
    """A rule that judges every product by itself, whoever asks: its answers are kept from one request to the next."""

    def moment(self, query: Query) -> Hashable:
        """What the judgement depends on beside the product: a season, a day. Each has an answer of its own."""
        return 0

    def matches(self, columns: Columns, rows: Rows, moment: Any) -> Mask:
        """Whether each of the rows (int32) matches, bool, as many."""
        raise NotImplementedError

    def matching(self, query: Query, items: ItemView) -> Mask:
        """Which rows of the catalogue match, bool: not to be written to. Time O(1) but for the first time."""
        return items.columns.mask(self, self.moment(query))


class SelectingRule(ProductRule, frozen=True, kw_only=True):
    """The products that bear one of the values named, in each of the kinds that are named.

    ``categories`` are words of the path, at any depth; ``attributes`` has for a name the values that count. Where nothing is
    named, no product matches.
    """

    categories: Words = ()
    brands: Words = ()
    tags: Words = ()
    attributes: Annotated[dict[str, Words], Meta(max_length=100)] = msgspec.field(default_factory=dict)
    item_ids: ItemIds = ()

    def matches(self, columns: Columns, rows: Rows, moment: Any) -> Mask:
        """Whether each of the rows bears what is named."""
        found = []
        for name, values in (("category", self.categories), ("tags", self.tags)):
            if values:
                found.append(columns.coded(name).where(rows, _sharing(values)))
        if self.brands:
            found.append(columns.coded("brand").where(rows, frozenset(self.brands).__contains__))
        for name, values in self.attributes.items():
            found.append(columns.coded("attributes").where(rows, _sharing((name, value) for value in values)))
        if self.item_ids:
            found.append(np.isin(rows, [columns.row(one) for one in self.item_ids]))
        if not found:
            return np.zeros(len(rows), dtype=np.bool_)
        matching: Mask = np.logical_and.reduce(found)
        return matching


def _sharing(wanted: Iterable[Hashable]) -> Callable[[Iterable[Hashable]], bool]:
    """Whether a value has one of the things wanted."""
    every = frozenset(wanted)
    return lambda value: not every.isdisjoint(value)


NO_ROWS: Rows = np.empty(0, dtype=np.int32)
_NO_VALUES = np.empty(0, dtype=np.float32)


def rows_of(rows: Sequence[int]) -> Rows:
    """The rows as int32, unknown ones (-1) left out."""
    return np.array([row for row in rows if row >= 0], dtype=np.int32) if rows else NO_ROWS


def on_page(query: Query) -> list[int]:
    """What an answer is about: the product on the page, else what is in the cart."""
    return [query.anchor] if query.anchor >= 0 else query.cart.tolist()


def led_to(items: ItemView, artifact: str, rows: Sequence[int]) -> tuple[Rows, NDArray[np.float32]]:
    """The neighbours of some rows in an artifact, and their values; a row may come more than once."""
    found = [one for row in rows if len((one := items.neighbors(artifact, row))[0])]
    if not found:
        return NO_ROWS, _NO_VALUES
    neighbors, values = zip(*found, strict=True)
    return np.concatenate(neighbors), np.concatenate(values)


def factor_where(mask: Mask, factor: float) -> NDArray[np.float32]:
    """``factor`` where the mask holds, 1 elsewhere."""
    return np.where(mask, np.float32(factor), np.float32(1))
