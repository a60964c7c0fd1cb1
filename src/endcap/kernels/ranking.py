"""Ranking a shelf's candidates in one call: ask the sources, choose candidates, describe and judge them, keep the best.

One call, as in :mod:`endcap.kernels.mixing`, since handing arrays over costs more than much of the work.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from endcap.kernels.ahead import ask
from endcap.kernels.candidates import best_of_source, numbered, union
from endcap.kernels.features import fill
from endcap.kernels.found import Found, scale
from endcap.kernels.mixing import Offer, Past, Plan, Work, gather
from endcap.kernels.retrieve import asked_span, one_each
from endcap.kernels.top import fall
from endcap.kernels.trees import add_trees, propensities

MOST_ASKED = 50
"""How many of the items asked with become candidates themselves: the newest."""


class Table(NamedTuple):
    """Candidates and what is known of them.

    ``columns`` float32 (n_items, n_columns) and ``codes`` int32 (n_items, 3) are known of the items. ``rows`` int32 and
    ``features`` float32 (n_features, room) receive the candidates, ``n_rows`` int64 (1,) how many there are. The rest is room to
    work in, as :mod:`endcap.kernels.candidates` wants it: ``numbers``, zero between calls, ``allowed`` int32, ``packed`` float32
    and ``keys`` uint64 one entry an item, ``histogram``, and for each source ``tops`` and ``values`` (n_sources, pool) and
    ``sizes``.
    """

    columns: NDArray[np.float32]
    codes: NDArray[np.int32]
    numbers: NDArray[np.int32]
    allowed: NDArray[np.int32]
    packed: NDArray[np.float32]
    keys: NDArray[np.uint64]
    histogram: NDArray[np.int32]
    sizes: NDArray[np.int64]
    tops: NDArray[np.int32]
    values: NDArray[np.float32]
    rows: NDArray[np.int32]
    features: NDArray[np.float32]
    n_rows: NDArray[np.int64]


class Forest(NamedTuple):
    """Trees as :func:`endcap.kernels.trees.add_trees` reads them, and what turns their totals into chances and worth; see
    :func:`endcap.kernels.trees.propensities`. ``totals`` is room to work in."""

    starts: NDArray[np.int64]
    tested: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    kept: NDArray[np.uint32]
    leaves: NDArray[np.float64]
    raw: NDArray[np.float64]
    chances: NDArray[np.float64]
    powers: NDArray[np.float32]
    totals: NDArray[np.float64]


@njit(nogil=True, cache=True)
def describe(table, found, asked, trail, blocked):  # type: ignore[no-untyped-def]
    """Choose the candidates and fill their features; returns how many there are.

    ``found`` is what the sources gave, ``asked`` and ``trail`` int32 whom they were asked for; ``blocked`` uint8 is 0 where an
    item may be shown.
    """
    found = Found(*found)
    n_items = len(table.numbers)
    known = numbered(asked, n_items)
    acts = numbered(trail, n_items) if len(trail) > 0 else known
    for s in range(len(table.sizes)):
        table.sizes[s] = best_of_source(
            found, s, blocked, table.allowed, table.packed, table.keys, table.histogram, table.tops[s], table.values[s]
        )  # fmt: skip
        _announce(table, table.tops[s, : table.sizes[s]])  # comes while the next source is gone through
    n = union(table.tops, table.sizes, known[:MOST_ASKED], blocked, table.numbers, table.rows)
    fill(
        found, table.tops, table.sizes, table.numbers, table.rows, n, table.columns, table.codes, known, acts, table.features
    )  # fmt: skip
    for c in range(n):
        table.numbers[table.rows[c]] = 0
    table.n_rows[0] = n
    return n


@njit(nogil=True, cache=True)
def _announce(table, rows):  # type: ignore[no-untyped-def]
    """Have come what is known of these rows."""
    for row in rows:
        ask(table.numbers, row)
        ask(table.columns, row * table.columns.shape[1])
        ask(table.codes, row * table.codes.shape[1])


@njit(nogil=True, cache=True)
def _announce_rest(offer, forest, rows):  # type: ignore[no-untyped-def]
    """Have come, while trees judge, what is read of these rows afterwards."""
    for row in rows:
        ask(forest.powers, row)
        ask(offer.leaf, row)
        ask(offer.family, row)
        ask(offer.top, row)
        ask(offer.brand, row)
        ask(offer.tier, row)


@njit(nogil=True, cache=True)
def judge(table, forest, n, best):  # type: ignore[no-untyped-def]
    """What the first ``n`` candidates are worth, into ``best`` float32."""
    forest.totals[:n] = 0.0
    add_trees(
        table.features, n, forest.starts, forest.tested, forest.thresholds, forest.kept, forest.leaves, forest.totals,
    )  # fmt: skip
    propensities(forest.totals, n, forest.raw, forest.chances, forest.powers, table.rows, best)


@njit(nogil=True, cache=True)
def rank(stacked, plan, offer, work, past, trail, table, forest, n_used, k, pool, limit):  # type: ignore[no-untyped-def]
    """Rank what the sources propose and keep the ``k`` best; returns how many there are: :func:`endcap.kernels.mixing.gather`,
    then :func:`rank_gathered`."""
    gather(stacked, plan, offer, work, past, limit)
    return rank_gathered(plan, offer, work, past, trail, table, forest, n_used, k, pool)


@njit(nogil=True, cache=True)
def rank_gathered(plan, offer, work, past, trail, table, forest, n_used, k, pool):  # type: ignore[no-untyped-def]
    """Rank what the sources gave, and keep the best as :func:`endcap.kernels.mixing.settle` does.

    What comes with the question is all that the first source could have been asked with, before any of them looks at the newest
    alone; ``trail`` int32 goes with it where the history does. ``table.rows`` keeps all candidates.
    """
    plan, offer, work, past = Plan(*plan), Offer(*offer), Work(*work), Past(*past)
    table, forest = Table(*table), Forest(*forest)
    scale(Found(*work.found), plan.weights, work.factors[: len(plan.places)])
    start, end = asked_span(plan.asks[0], past.n_cart, past.n_sure, past.n_past, len(past.rows))
    acts = trail if past.n_sure < end <= past.n_past else trail[:0]
    found = describe(table, work.found, past.rows[start:end], acts, offer.blocked)
    _announce_rest(offer, forest, table.rows[:found])
    judge(table, forest, found, work.best)
    found = fall(table.rows, work.best, found, table.keys, work.rows, pool)
    work.removed[:] = 0  # those that may not be shown are no candidates
    return one_each(work.rows, work.best, found, offer.family, work.used, n_used, k)
