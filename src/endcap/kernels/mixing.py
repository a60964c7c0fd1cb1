"""Filling a shelf from several sources in one call: ask them, order what they propose, keep the best that may be shown.

One call, since handing arrays over costs more than the work. Arrays that belong together travel in tuples: as plain ones from
Python, which costs half of what named ones do, and named again inside.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from endcap.kernels.ahead import ask, ask_run
from endcap.kernels.found import Found, add_up, begin, find_best, find_neighbors, scale
from endcap.kernels.retrieve import asked_span, best_allowed, one_each

OTHER = np.iinfo(np.int64).min
"""The place of a source that is neither neighbours nor scores: whoever calls asks it."""

LEFT_OUT, ANY_CATEGORY = -2, -1
"""What ``categories`` holds for a source of scores that is not asked, and for one that is not narrowed."""


class Stacked(NamedTuple):
    """All neighbours and all scores of a bundle.

    Row ``i`` of neighbours ``a`` is ``indices[indptr[a, i]:indptr[a, i + 1]]`` (int64, int32) with ``values`` float32; scores
    ``a`` walk ``orders[order_starts[a]:order_starts[a + 1]]`` (int64, int32) and have ``order_scores[a]``, float32 (n_items,).
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: NDArray[np.float32]
    order_starts: NDArray[np.int64]
    orders: NDArray[np.int32]
    order_scores: NDArray[np.float32]


class Plan(NamedTuple):
    """Sources as numbers, one entry each.

    Source ``s`` uses neighbours ``places[s]`` or, where that is negative, scores ``-places[s] - 1``, or is :data:`OTHER`; int64.
    ``asks`` int64 as :func:`endcap.kernels.retrieve.asked_span` reads it. It is asked with the newest ``lasts[s]`` rows (int64),
    the i-th counting exp(-i / ``decays[s]``) (float32, 0 for no decay); where ``sure[s]`` (uint8) is set, the anchor and the cart
    count 1 and the decay begins with the history. ``weights`` float32.
    """

    places: NDArray[np.int64]
    asks: NDArray[np.int64]
    lasts: NDArray[np.int64]
    decays: NDArray[np.float32]
    sure: NDArray[np.uint8]
    weights: NDArray[np.float32]


class Offer(NamedTuple):
    """What may be shown: ``blocked`` uint8 is 0 for items that may; ``leaf`` int32 numbers categories, ``family`` int32 products
    with variants, -1 for none. ``top``, ``brand`` and ``tier`` as in :class:`endcap.kernels.giving.Looks`: they are not read
    here, but whoever gives out the slots will."""

    blocked: NDArray[np.uint8]
    leaf: NDArray[np.int32]
    family: NDArray[np.int32]
    top: NDArray[np.int32]
    brand: NDArray[np.int32]
    tier: NDArray[np.int8]


class Past(NamedTuple):
    """Whom the sources are asked for: ``rows`` int32 hold the cart, the anchors from ``n_cart`` up to ``n_sure``, the history up
    to ``n_past``, then what was bought, each newest first. ``weights`` float32 says how much each row counts; it is empty where
    all count 1."""

    rows: NDArray[np.int32]
    weights: NDArray[np.float32]
    n_cart: int
    n_sure: int
    n_past: int


class Work(NamedTuple):
    """Arrays that are filled anew for every answer.

    What the sources ``found``; one entry a source and row asked with: ``asked`` float32, its weight; a source: ``starts`` and
    ``ends`` int64, the rows it is asked with, ``factors`` float32, ``categories`` int32; an item: ``total`` float32, zero between
    answers, ``total_touched`` int32; a slot: ``rows`` and ``used`` int32 and ``best`` float32. ``removed`` int64 (256,) counts by
    code what may not be shown.
    """

    found: Found
    asked: NDArray[np.float32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    factors: NDArray[np.float32]
    categories: NDArray[np.int32]
    total: NDArray[np.float32]
    total_touched: NDArray[np.int32]
    rows: NDArray[np.int32]
    best: NDArray[np.float32]
    used: NDArray[np.int32]
    removed: NDArray[np.int64]


class Gathered(NamedTuple):
    """What sources gave: all that they were asked from, how, where it was put, and for whom."""

    stacked: Stacked
    plan: Plan
    work: Work
    past: Past


@njit(nogil=True, cache=True)
def propose(stacked, plan, offer, work, past, n_used, k, pool, limit):  # type: ignore[no-untyped-def]
    """Ask the sources and keep the ``k`` best items; returns how many there are: :func:`gather`, then :func:`blend`."""
    gather(stacked, plan, offer, work, past, limit)
    return blend(plan, offer, work, n_used, k, pool)


@njit(nogil=True, cache=True)
def blend(plan, offer, work, n_used, k, pool):  # type: ignore[no-untyped-def]
    """Add up what the sources gave, each scaled to its weight, and keep the best: :func:`settle`."""
    plan, offer, work = Plan(*plan), Offer(*offer), Work(*work)
    found, factors = Found(*work.found), work.factors[: len(plan.places)]
    scale(found, plan.weights, factors)
    n_total = add_up(found, factors, work.total, work.total_touched)
    return settle(offer, work, n_total, n_used, k, pool)


@njit(nogil=True, cache=True)
def gather(stacked, plan, offer, work, past, limit):  # type: ignore[no-untyped-def]
    """Ask every source but those that are :data:`OTHER`, whose rows and weights are only worked out.

    A source of scores proposes at most ``limit`` items.
    """
    stacked, plan, offer, work, past = Stacked(*stacked), Plan(*plan), Offer(*offer), Work(*work), Past(*past)
    known, n, found = past.rows, len(plan.places), Found(*work.found)
    for s in range(n):
        _weigh(plan, past, s, work)
    for s in range(n):
        if plan.places[s] >= 0:
            for at in range(work.starts[s], work.ends[s]):
                ask(stacked.indptr, plan.places[s] * stacked.indptr.shape[1] + max(0, known[at]))
    for s in range(n):
        if plan.places[s] >= 0:
            _announce(stacked, plan.places[s], known[work.starts[s] : work.ends[s]])
    for s in range(n):
        place = plan.places[s]
        if place >= 0:
            start, end = work.starts[s], work.ends[s]
            find_neighbors(
                stacked.indptr[place], stacked.indices, stacked.values, known[start:end], work.asked[s, : end - start],
                offer.blocked, found, s,
            )  # fmt: skip
        elif place != OTHER and work.categories[s] != LEFT_OUT:
            at = -place - 1
            order = stacked.orders[stacked.order_starts[at] : stacked.order_starts[at + 1]]
            find_best(order, stacked.order_scores[at], offer.blocked, offer.leaf, work.categories[s], limit, found, s)
        else:
            begin(found, s, 0)


@njit(nogil=True, cache=True)
def _weigh(plan, past, s, work):  # type: ignore[no-untyped-def]
    """Work out the rows that a source is asked with, and how much each counts."""
    start, end = asked_span(plan.asks[s], past.n_cart, past.n_sure, past.n_past, len(past.rows))
    end = min(end, start + plan.lasts[s])
    work.starts[s], work.ends[s] = start, end
    since = max(start, past.n_sure) if plan.sure[s] else start
    for at in range(start, end):
        faded = plan.decays[s] > 0 and at > since
        work.asked[s, at - start] = np.exp(-(at - since) / plan.decays[s]) if faded else 1.0
        if len(past.weights) > 0:
            work.asked[s, at - start] *= past.weights[at]


@njit(nogil=True, cache=True)
def _announce(stacked, place, rows):  # type: ignore[no-untyped-def]
    """Have the neighbours of these rows come, all at once."""
    indptr = stacked.indptr[place]
    for row in rows:
        if 0 <= row < len(indptr) - 1:
            ask_run(stacked.indices, indptr[row], indptr[row + 1])
            ask_run(stacked.values, indptr[row], indptr[row + 1])


@njit(nogil=True, cache=True)
def settle(offer, work, n_total, n_used, k, pool):  # type: ignore[no-untyped-def]
    """Keep the ``k`` best of the ``n_total`` items that have a total; returns how many there are. ``total`` is zeros again.

    ``pool`` items are ordered before one of each family is kept, families among ``used[:n_used]`` apart. Fills ``rows``,
    ``best`` and ``removed``. What was found stays as it is, for explanations.
    """
    work.removed[:] = 0
    found = best_allowed(
        work.total, work.total_touched, n_total, offer.blocked, pool, work.rows, work.best, work.removed
    )  # fmt: skip
    for t in range(n_total):
        work.total[work.total_touched[t]] = 0.0
    return one_each(work.rows, work.best, found, offer.family, work.used, n_used, k)
