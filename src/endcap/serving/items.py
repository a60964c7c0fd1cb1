"""The catalogue as serving sees it: one row an item, arrays that kernels read, changed in place as the shop changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.ids import IdMap
from endcap.core.money import to_minor
from endcap.kernels.giving import Looks
from endcap.kernels.mixing import Offer
from endcap.kernels.retrieve import close
from endcap.ranking.columns import Columns

AVAILABLE = 0
UNAVAILABLE = 1
"""Codes of ``blocked``; higher ones are set by the engine for one answer."""

_ALWAYS_FROM = np.iinfo(np.int64).min
_ALWAYS_UNTIL = np.iinfo(np.int64).max
NO_CATEGORY = NO_FAMILY = -1


class _Open(NamedTuple):
    """What may not be shown from ``from_ms`` until before ``until_ms``, of the catalogue after so many ``changes``."""

    changes: int
    from_ms: int
    until_ms: int
    blocked: NDArray[np.uint8]


class _Looks(NamedTuple):
    """What makes products alike, of the catalogue after so many ``changes``."""

    changes: int
    looks: Looks


class ItemTable:
    """Items by row: first those of the bundle, in its order, then the ones it does not know.

    ``blocked`` uint8 is UNAVAILABLE for items that are hidden, sold out or not in the catalogue; ``open_from`` and ``open_until``
    int64 bound when an item may be shown; ``leaf`` int32 numbers the full category and ``family`` int32 the product that the
    item is a variant of, -1 for none; ``top`` int32 numbers the first word of the category; ``price_minor`` int64. All have
    room for more rows than there are. ``n_trained`` rows, the first ones, are those of the bundle.
    """

    def __init__(self, bundle_ids: Sequence[str] = (), catalog: Iterable[Item] = ()) -> None:
        self._ids = IdMap(bundle_ids)
        self._categories = IdMap()
        self._families = IdMap()
        self._tops = IdMap()
        self._top_of_leaf: list[int] = []
        self._changes = 0
        self._open: _Open | None = None
        self._looks: _Looks | None = None
        self.n_trained = len(self._ids)
        self.items: list[Item | None] = [None] * len(self._ids)
        self._columns = Columns(self.items, self.row)
        self.blocked = np.empty(0, dtype=np.uint8)
        self.open_from = np.empty(0, dtype=np.int64)
        self.open_until = np.empty(0, dtype=np.int64)
        self.leaf = np.empty(0, dtype=np.int32)
        self.top = np.empty(0, dtype=np.int32)
        self.family = np.empty(0, dtype=np.int32)
        self.price_minor = np.empty(0, dtype=np.int64)
        self._grow(max(1_024, len(self._ids)))
        self.update(catalog)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def room(self) -> int:
        """How many rows the arrays have."""
        return len(self.blocked)

    @property
    def changes(self) -> int:
        """A number that grows with every change."""
        return self._changes

    def row(self, item_id: str) -> int:
        """The row of an item, or -1."""
        return self._ids.row(item_id)

    def item_id(self, row: int) -> str:
        """The id of a row."""
        return self._ids[row]

    @property
    def ids(self) -> IdMap:
        """The ids in row order."""
        return self._ids

    def title(self, row: int) -> str:
        """What the row's product is called; its id where nothing is known."""
        item = self.items[row]
        return item.title if item is not None else self._ids[row]

    def category_name(self, code: int) -> str:
        """The last word of the category with this number."""
        return self._categories[code].rsplit("\x1f", 1)[-1]

    @property
    def columns(self) -> Columns:
        """Further properties by row, made as they are asked for."""
        return self._columns

    @property
    def tier(self) -> NDArray[np.int8]:
        """The price tier of every row, -1 where it is unknown: see :mod:`endcap.ranking.tiers`."""
        return self.columns.tiers(self.room)

    @property
    def looks(self) -> Looks:
        """What makes products alike."""
        known = self._looks
        if known is None or known.changes != self.changes:
            changes = self.changes
            brand = self.columns.coded("brand").codes
            known = self._looks = _Looks(changes, Looks(self.leaf, self.top, brand, self.tier))
        return known.looks

    def offer(self, blocked: NDArray[np.uint8]) -> Offer:
        """All but what is ``blocked``."""
        looks = self.looks
        return Offer(blocked, looks.leaf, self.family, looks.top, looks.brand, looks.tier)

    def rows(self, item_ids: Iterable[str]) -> list[int]:
        """The rows of the items that are known, in order."""
        known = (self._ids.row(item_id) for item_id in item_ids)
        return [row for row in known if row >= 0]

    def blocked_at(self, now_ms: int) -> NDArray[np.uint8]:
        """``blocked``, with items outside their dates UNAVAILABLE too.

        It is the same array, which cannot be written to, until one of these changes.

        The dates of all items are compared only when one has passed or the catalogue has changed since the last time: on every
        answer that would take longer than most of its other parts.
        """
        known = self._open
        if known is None or known.changes != self._changes or not known.from_ms <= now_ms < known.until_ms:
            changes, blocked = self._changes, self.blocked.copy()
            until_ms = close(blocked, self.open_from, self.open_until, now_ms, UNAVAILABLE)
            blocked.flags.writeable = False
            known = self._open = _Open(changes, now_ms, until_ms, blocked)
        return known.blocked

    def update(self, items: Iterable[Item], deleted: Iterable[str] = ()) -> None:
        """Take products into account that are new, changed or gone."""
        rows = [self._put(item) for item in items]
        for item_id in deleted:
            row = self._ids.row(item_id)
            if row >= 0:
                self.items[row] = None
                self.blocked[row] = UNAVAILABLE
                rows.append(row)
        self._columns.changed(rows)
        self._changes += 1  # last: what another thread worked out meanwhile does not outlast its answer

    def _put(self, item: Item) -> int:
        row = self._ids.row(item.item_id)
        if row < 0:
            row = len(self.items)
            if row >= self.room:
                self._grow(2 * self.room)
            self.items.append(item)
        self._describe(row, item)
        self.items[row] = item
        self._ids.add(item.item_id)  # last: an answer in another thread finds either all of it or nothing
        return row

    def _describe(self, row: int, item: Item) -> None:
        self.blocked[row] = UNAVAILABLE if item.hidden or item.stock == 0 else AVAILABLE
        opens, closes = item.open_ms
        self.open_from[row] = _ALWAYS_FROM if opens is None else opens
        self.open_until[row] = _ALWAYS_UNTIL if closes is None else closes
        self.leaf[row], self.top[row] = self._category(item.category)
        self.family[row] = self._families.add(item.family) if item.family else NO_FAMILY
        priced = item.price is not None and item.currency is not None
        self.price_minor[row] = to_minor(item.price, item.currency) if priced else 0  # type: ignore[arg-type]

    def _category(self, path: tuple[str, ...]) -> tuple[int, int]:
        """The numbers of a category and of its first word."""
        if not path:
            return NO_CATEGORY, NO_CATEGORY
        leaf = self._categories.add("\x1f".join(path))
        if leaf == len(self._top_of_leaf):
            self._top_of_leaf.append(self._tops.add(path[0]))
        return leaf, self._top_of_leaf[leaf]

    def _grow(self, room: int) -> None:
        extra = (0, room - self.room)
        self.blocked = np.pad(self.blocked, extra, constant_values=UNAVAILABLE)
        self.open_from = np.pad(self.open_from, extra, constant_values=_ALWAYS_FROM)
        self.open_until = np.pad(self.open_until, extra, constant_values=_ALWAYS_UNTIL)
        self.leaf = np.pad(self.leaf, extra, constant_values=NO_CATEGORY)
        self.top = np.pad(self.top, extra, constant_values=NO_CATEGORY)
        self.family = np.pad(self.family, extra, constant_values=NO_FAMILY)
        self.price_minor = np.pad(self.price_minor, extra)
