"""What an answer may not show, marked before anything is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from endcap.core.query import Query
from endcap.core.request import Filters, RecommendRequest
from endcap.kernels.barring import bar_variants, bar_where, lift, take_back
from endcap.kernels.retrieve import mark
from endcap.ranking.columns import Mask
from endcap.ranking.rulebook import ActiveRules, Bar
from endcap.serving.items import UNAVAILABLE, ItemTable

EXCLUDED, FILTERED, TAKEN, SEEN, DISMISSED, OWNED, DISLIKED = range(2, 9)
"""Codes in ``blocked`` beside :data:`endcap.serving.items.UNAVAILABLE`: why a row may not be shown."""

_FEW = 40
"""So many rows are taken back one by one before a kernel, whose call takes as long as theirs, does it."""

FIRST_RULE = 9
"""The code of the first rule."""

_LABELS = {
    UNAVAILABLE: "not available",
    EXCLUDED: "excluded by the request",
    FILTERED: "outside the request's filters",
    TAKEN: "already shown",
    SEEN: "seen lately",
    DISMISSED: "the shopper is not interested in it",
    OWNED: "the shopper owns it",
    DISLIKED: "the shopper does not like it",
}


def labels(*rules: ActiveRules) -> dict[int, str]:
    """Why a row may not be shown, by code."""
    known = dict(_LABELS)
    for one in rules:
        known |= one.labels
    return known


class Barrier:
    """What bars keep out of ``blocked`` uint8 for a while; no other bar has their codes."""

    def __init__(self, blocked: NDArray[np.uint8], bars: Sequence[Bar]) -> None:
        self._blocked = blocked
        self._bars = bars
        # Taking back row by row what was put row by row costs nothing beside a copy of a large catalogue.
        self._before = None if all(bar.is_sparse for bar in bars) else blocked.copy()
        for bar in bars:
            bar.put(blocked)

    def lift(self, taken: Sequence[int]) -> None:
        """Let in again what was kept out, but for the rows that were taken meanwhile."""
        if self._before is None:
            for bar in self._bars:
                lift(self._blocked, bar.rows, bar.code)
            return
        self._blocked[:] = self._before
        self._blocked[list(taken)] = TAKEN


class Slate:
    """The array that answers mark what they may not show in, one after another.

    A copy of a large catalogue for each of them would take longer than most of their other parts. What an answer marked row by
    row is taken back before the next one; only after one that marked much at once, or changed it nobody knows where, is all of
    it copied again.
    """

    def __init__(self) -> None:
        self._before = self._blocked = np.empty(0, dtype=np.uint8)
        self._marked: list[int] | None = None

    def clean(self, before: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same codes as in ``before`` uint8, which stays as it is, in an array to mark; :meth:`note` says what was marked."""
        if before is self._before and self._marked is not None:
            if len(self._marked) > _FEW:
                take_back(self._blocked, before, np.array(self._marked, dtype=np.int32))
            else:
                for row in self._marked:
                    if row < len(before):
                        self._blocked[row] = before[row]
        else:
            self._before, self._blocked = before, before.copy()
        self._marked = None
        return self._blocked

    def note(self, marked: list[int] | None) -> None:
        """Say which rows alone were marked since :meth:`clean`; nothing where that is not known."""
        self._marked = marked

    def note_too(self, rows: Sequence[int]) -> None:
        """Say that these rows were marked too."""
        if self._marked is not None:
            self._marked += rows


def barred(
    request: RecommendRequest, query: Query, rules: ActiveRules, items: ItemTable, shown: Sequence[int],
    slate: Slate | None = None,
) -> NDArray[np.uint8]:  # fmt: skip
    """Why each row may not be shown in this answer, by code; 0 where it may. The first reason is the one that is told.

    The array is that of the ``slate``, where one is given.
    """
    slate = slate or Slate()
    blocked = slate.clean(items.blocked_at(query.now_ms))
    if len(query.exclude):
        mark(blocked, query.exclude, EXCLUDED)
    said = ((query.dismissed, DISMISSED), (query.owned, OWNED), (query.disliked, DISLIKED))
    for rows, code in said:
        if len(rows):  # whoever wants none of it in blue does not want it in green either
            bar_variants(blocked, items.family, rows, code)
    if shown:
        mark(blocked, np.array(shown, dtype=np.int32), TAKEN)
    kept_out = rules.block(blocked)
    if request.filters is not None:
        bar_where(blocked, _outside(request.filters, items), FILTERED)
    much = request.filters is not None or any(len(rows) for rows, _ in said)
    slate.note(None if much or kept_out is None else [*query.exclude.tolist(), *kept_out])
    slate.note_too(shown)
    return blocked


def _outside(filters: Filters, items: ItemTable) -> Mask:
    """Which rows the request's filters leave out; what has no price is outside any band."""
    columns = items.columns
    every = np.arange(columns.n_rows, dtype=np.int32)
    outside = np.zeros(len(every), dtype=np.bool_)
    wanted, unwanted = frozenset(filters.categories), frozenset(filters.not_categories)
    if wanted or unwanted:
        category = columns.coded("category")
        if wanted:
            outside |= ~category.where(every, lambda path: not wanted.isdisjoint(path))
        outside |= category.where(every, lambda path: not unwanted.isdisjoint(path))
    if filters.brands:
        outside |= ~columns.coded("brand").where(every, frozenset(filters.brands).__contains__)
    if filters.price_min is not None:
        outside |= ~(columns.numbers("price")[: len(every)] >= float(filters.price_min))
    if filters.price_max is not None:
        outside |= ~(columns.numbers("price")[: len(every)] <= float(filters.price_max))
    return outside
