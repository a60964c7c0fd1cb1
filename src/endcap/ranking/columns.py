"""The catalogue by property: one array a property, made when first asked for, then kept up to date row by row.

A million products take about a quarter of a second a column once; a change takes microseconds. What a rule says of every
product is kept as a mask of one byte a product and changed in place likewise, so that an answer computes nothing that does not
depend on who asks.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.ranking.belonging import Belonging
from endcap.ranking.tiers import Tiers

Mask = NDArray[np.bool_]
Rows = NDArray[np.int32]

_KEPT_MASKS = 64
"""So many answers of rules are kept, the least lately used go first: 64 MB for a million products."""


class Judge(Protocol):
    """A rule that judges each product by itself; see :class:`endcap.ranking.rules.base.ProductRule`."""

    def matches(self, columns: Columns, rows: Rows, moment: Any) -> Mask:
        """Whether each of the rows matches."""


class Coded:
    """A property as numbers: ``codes`` int32 (room,) point into ``values``, which are all different; -1 where there is none."""

    def __init__(self, key: Callable[[Item], Hashable]) -> None:
        self._key = key
        self._code_of: dict[Hashable, int] = {}
        self.values: list[Any] = []
        self.codes = np.zeros(0, dtype=np.int32)

    def describe(self, items: Sequence[Item | None], rows: Iterable[int]) -> None:
        """Take the products of these rows into account."""
        key, code_of, codes, values = self._key, self._code_of, self.codes, self.values
        for row in rows:
            item = items[row]
            value = key(item) if item is not None else None
            if not value:
                codes[row] = -1
                continue
            code = code_of.get(value)
            if code is None:
                code = code_of[value] = len(values)
                values.append(value)
            codes[row] = code

    def grow(self, room: int) -> None:
        """Make room for more rows."""
        self.codes = np.pad(self.codes, (0, room - len(self.codes)), constant_values=-1)

    def where(self, rows: Rows, holds: Callable[[Any], bool]) -> Mask:
        """For which of the rows the value holds; asked once a different value. Where there is none it does not."""
        if len(rows) < len(self.values):
            codes = self.codes[rows].tolist()
            return np.array([code >= 0 and holds(self.values[code]) for code in codes], dtype=np.bool_)
        of_value = np.array([*map(holds, self.values), False])  # the last one is that of -1
        found: Mask = of_value[self.codes[rows]]
        return found


class Numbers:
    """A property as ``numbers`` float64 (room,), NaN where it is unknown."""

    def __init__(self, key: Callable[[Item], float | None]) -> None:
        self._key = key
        self.numbers = np.zeros(0)

    def describe(self, items: Sequence[Item | None], rows: Iterable[int]) -> None:
        """Take the products of these rows into account."""
        key, numbers = self._key, self.numbers
        for row in rows:
            item = items[row]
            number = None if item is None else key(item)
            numbers[row] = np.nan if number is None else number

    def grow(self, room: int) -> None:
        """Make room for more rows."""
        self.numbers = np.pad(self.numbers, (0, room - len(self.numbers)), constant_values=np.nan)


class _Kept(NamedTuple):
    """A rule's answer. The rule is held so that its identity, by which the answer is found, stays its own. ``rows`` are those
    where the mask holds, once somebody asked for them."""

    rule: Judge
    moment: Hashable
    mask: Mask
    rows: Rows | None = None


class Columns:
    """The properties of products, by row. ``items`` is the list that the catalogue itself changes and lengthens, ``row_of`` has
    the row of an item, or -1.

    Whoever changes rows calls :meth:`changed` afterwards; what was made before is put right when somebody looks next. Any thread
    may do either: one makes or changes arrays at a time, and reading costs nothing where nothing changed.
    """

    def __init__(self, items: Sequence[Item | None], row_of: Callable[[str], int]) -> None:
        self._items = items
        self.row = row_of
        self._pending: deque[int] = deque()
        self._columns: dict[str, Coded | Numbers] = {}
        self._masks: OrderedDict[tuple[int, Hashable], _Kept] = OrderedDict()
        self._tiers: Tiers | None = None
        self._belonging: Belonging | None = None
        self._lock = threading.RLock()
        self._renewing = False
        self.n_rows = len(items)

    def changed(self, rows: Iterable[int]) -> None:
        """Say that the products of these rows are new, changed or gone."""
        self._pending.extend(rows)

    def coded(self, name: str) -> Coded:
        """A property as numbers: brand, category, tags, attributes, seasons, family, tier or currency,
        or the first word of the category, ``top_category``."""
        column = self._column(name, lambda: Coded(_KEYS[name]))
        assert isinstance(column, Coded)
        return column

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A property as float64 (n_rows,), NaN where it is unknown.

        ``price`` in major units, ``margin`` as the share of the price that is left after the cost, ``opens`` in milliseconds.
        """
        column = self._column(name, lambda: Numbers(_NUMBERS[name]))
        assert isinstance(column, Numbers)
        return column.numbers[: self.n_rows]

    def codes(self, name: str) -> Rows:
        """The numbers of a property, int32 (n_rows,); -1 where there is none."""
        return self.coded(name).codes[: self.n_rows]

    def tiers(self, room: int = 0) -> NDArray[np.int8]:
        """The price tier of every row, int8, ``room`` or more of them; see :class:`endcap.ranking.tiers.Tiers`."""
        self.refresh()
        with self._lock:
            if self._tiers is None:
                with self._still():
                    self._tiers = Tiers(self.codes("category"), self.numbers("price"))
            return self._tiers.at_least(room)

    def accessories(self, item_id: str) -> list[int]:
        """The rows of what says that it belongs to an item."""
        self.refresh()
        with self._lock:
            if self._belonging is None:
                self._belonging = Belonging()
                self._belonging.describe(self._items, range(self.n_rows))
            return self._belonging.of(item_id)

    def mask(self, rule: Judge, moment: Hashable = 0) -> Mask:
        """Which rows the rule matches, bool (n_rows,); kept until a product changes, then changed there."""
        self.refresh()
        with self._lock:
            return self._kept(rule, moment).mask

    def matched(self, rule: Judge, moment: Hashable = 0) -> Rows:
        """The rows that the rule matches, int32, in order; kept as long as :meth:`mask` stays as it is."""
        self.refresh()
        with self._lock:
            kept = self._kept(rule, moment)
            if kept.rows is None:
                rows = np.flatnonzero(kept.mask).astype(np.int32)
                kept = self._masks[id(rule), moment] = kept._replace(rows=rows)
            assert kept.rows is not None
            return kept.rows

    def _kept(self, rule: Judge, moment: Hashable) -> _Kept:
        place = (id(rule), moment)
        kept = self._masks.get(place)
        if kept is None:
            with self._still():
                mask = rule.matches(self, np.arange(self.n_rows, dtype=np.int32), moment)
            kept = self._masks[place] = _Kept(rule, moment, mask)
            if len(self._masks) > _KEPT_MASKS:
                self._masks.popitem(last=False)
        self._masks.move_to_end(place)
        return kept

    def refresh(self) -> None:
        """Take into account what changed since the last time."""
        if not self._pending and not self._renewing:
            return
        with self._lock:
            if self._renewing:  # by this thread, which has asked a rule, and the rule looks here
                return
            self._renewing = True
            try:
                self._take_changes()
            finally:
                self._renewing = False

    @contextmanager
    def _still(self) -> Iterator[None]:
        """Whoever asks several columns, with the lock, has them all of one moment: what changes meanwhile is taken in afterwards,
        and then into what was made here too."""
        before, self._renewing = self._renewing, True
        try:
            yield
        finally:
            self._renewing = before

    def _take_changes(self) -> None:
        rows = set()
        while self._pending:
            rows.add(self._pending.popleft())
        if not rows:
            return
        self.n_rows = max(self.n_rows, max(rows) + 1)
        if 4 * len(rows) > len(self._items):  # most of the catalogue: it is quicker to begin again
            self._columns.clear()
            self._masks.clear()
            self._tiers = self._belonging = None
        else:
            self._renew(np.array(sorted(rows), dtype=np.int32))

    def _renew(self, rows: Rows) -> None:
        listed = rows.tolist()
        for column in self._columns.values():
            self._fit(column)
            column.describe(self._items, listed)
        if self._belonging is not None:
            self._belonging.describe(self._items, listed)
        if self._tiers is not None:
            self._tiers.renew(self.codes("category"), self.numbers("price"), rows)
        for place, kept in list(self._masks.items()):
            mask = kept.mask
            if len(mask) < self.n_rows:
                mask = np.pad(mask, (0, self.n_rows - len(mask)))
            self._masks[place] = kept._replace(mask=mask, rows=None)
            mask[rows] = kept.rule.matches(self, rows, kept.moment)

    def _column(self, name: str, make: Callable[[], Coded | Numbers]) -> Coded | Numbers:
        self.refresh()
        column = self._columns.get(name)
        if column is not None:
            return column
        with self._lock:
            column = self._columns.get(name)
            if column is None:
                column = make()
                self._fit(column)
                column.describe(self._items, range(self.n_rows))
                self._columns[name] = column
            return column

    def _fit(self, column: Coded | Numbers) -> None:
        room = len(column.codes if isinstance(column, Coded) else column.numbers)
        if room < self.n_rows:
            column.grow(max(self.n_rows, room + room // 2))


def _margin(item: Item) -> float | None:
    if not item.price or item.cost is None:
        return None
    return float(item.price - item.cost) / float(item.price)


_KEYS: dict[str, Callable[[Item], Hashable]] = {
    "attributes": lambda item: tuple(item.attributes.items()),
    "brand": lambda item: item.brand,
    "category": lambda item: item.category,
    "currency": lambda item: item.currency,
    "family": lambda item: item.family,
    "seasons": lambda item: item.seasons,
    "tags": lambda item: item.tags,
    "tier": lambda item: item.tier,
    "top_category": lambda item: item.category[:1],
}

_NUMBERS: dict[str, Callable[[Item], float | None]] = {
    "price": lambda item: None if item.price is None else float(item.price),
    "margin": _margin,
    "opens": lambda item: item.open_ms[0],
}
