"""Giving out the slots of a shelf in one call: describe the candidates, arrange them, say which source and item led to each."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from endcap.kernels.arrange import Candidates, Chance, arrange, describe
from endcap.kernels.found import Found, scores_of, strongest_sources
from endcap.kernels.mixing import Gathered
from endcap.kernels.retrieve import strongest_query
from endcap.kernels.variety import Variety


class Looks(NamedTuple):
    """What makes products alike, one entry an item: ``leaf``, ``top`` and ``brand`` int32, ``tier`` int8, -1 where unknown."""

    leaf: NDArray[np.int32]
    top: NDArray[np.int32]
    brand: NDArray[np.int32]
    tier: NDArray[np.int8]


class Bounds(NamedTuple):
    """What holds for single candidates, each empty where nothing does.

    ``pinned`` int32 (n,) as in :class:`endcap.kernels.arrange.Candidates`, and so ``groups``, ``shown_groups`` and ``most``;
    ``fresh`` uint8 says of the last candidates whether they are new, whatever their row.
    """

    pinned: NDArray[np.int32]
    fresh: NDArray[np.uint8]
    groups: NDArray[np.int32]
    shown_groups: NDArray[np.int32]
    most: NDArray[np.int32]


class Given(NamedTuple):
    """One entry a slot: the candidate's number in ``places`` and its row in ``rows``, both int32, the exact chance of it in
    ``propensities`` float64, ``how`` uint8 as :func:`endcap.kernels.arrange.arrange` tells it, and ``sources`` and ``leads``
    int32 as :func:`credit` tells them."""

    places: NDArray[np.int32]
    propensities: NDArray[np.float64]
    how: NDArray[np.uint8]
    rows: NDArray[np.int32]
    sources: NDArray[np.int32]
    leads: NDArray[np.int32]


class Traces(NamedTuple):
    """What tells where a candidate came from: of the fields of :class:`endcap.kernels.mixing.Gathered` those that say it."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: NDArray[np.float32]
    places: NDArray[np.int64]
    found: Found
    factors: NDArray[np.float32]
    asked: NDArray[np.float32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    known: NDArray[np.int32]


def traces_of(gathered: Gathered) -> tuple[Any, ...]:
    """The fields of :class:`Traces`, as a plain tuple, which is handed over faster."""
    stacked, plan, work, past = gathered
    return (
        stacked.indptr, stacked.indices, stacked.values, plan.places, tuple(work.found), work.factors, work.asked, work.starts,
        work.ends, past.rows,
    )  # fmt: skip


@njit(nogil=True, cache=True)
def give_out(traces, looks, bounds, given, rows, scores, shown, variety, chance, old, plain, k):  # type: ignore[no-untyped-def]
    """Fill up to ``k`` slots from the candidates ``rows`` int32 (n,) with ``scores`` float32 (n,); returns how many there are.

    ``shown`` int32 are the rows that stand above. Rows from ``old`` upwards are new, none where it is below 0. With ``plain``
    nothing but the scores matters: the best first, of equals the first.
    """
    traces, looks, bounds, given = Traces(*traces), Looks(*looks), Bounds(*bounds), Given(*given)
    variety, chance = Variety(*variety), Chance(*chance)
    if plain:
        found = _best_first(scores, k, given)
    else:
        candidates = lay_out(traces, looks, bounds, rows, scores, shown, len(chance.draws), old)
        found = arrange(candidates, variety, chance, k, given.places, given.propensities, given.how)
    tell(traces, given, rows, found)
    return found


@njit(nogil=True, cache=True)
def tell(traces, given, rows, n):  # type: ignore[no-untyped-def]
    """Fill ``rows``, ``sources`` and ``leads`` of the first ``n`` slots, whose ``places`` are known."""
    for slot in range(n):
        given.rows[slot] = rows[given.places[slot]]
    if len(traces.places) > 0:
        credit(traces, given.rows, given.sources, given.leads, n)


@njit(nogil=True, cache=True)
def credit(traces, rows, sources, leads, n):  # type: ignore[no-untyped-def]
    """Say for the first ``n`` of ``rows`` which of the ``sources`` gave most, and what row ``leads`` there, -1 for none."""
    strongest_sources(Found(*traces.found), traces.factors[: len(traces.places)], rows, n, sources)
    for r in range(n):
        source, leads[r] = sources[r], -1
        place = traces.places[source]
        if place >= 0:
            known = traces.known[traces.starts[source] : traces.ends[source]]
            strongest = strongest_query(
                traces.indptr[place], traces.indices, traces.values, known, traces.asked[source], rows[r]
            )  # fmt: skip
            if strongest >= 0:
                leads[r] = known[strongest]


@njit(nogil=True, cache=True)
def _best_first(scores, k, given):  # type: ignore[no-untyped-def]
    n = min(k, len(scores))
    free = np.ones(len(scores), dtype=np.uint8)
    for slot in range(n):
        best = -1
        for i in range(len(scores)):
            if free[i] and (best < 0 or scores[i] > scores[best]):
                best = i
        free[best] = 0
        given.places[slot], given.propensities[slot], given.how[slot] = best, 1.0, 0
    return n


@njit(nogil=True, cache=True)
def lay_out(traces, looks, bounds, rows, scores, shown, n_draws, old):  # type: ignore[no-untyped-def]
    """The :class:`endcap.kernels.arrange.Candidates` of these rows; arguments as of :func:`give_out`. ``n_draws`` sources are
    drawn."""
    n = len(rows)
    is_new = np.zeros(n, dtype=np.uint8)
    if old >= 0:
        for i in range(n):
            is_new[i] = rows[i] >= old
        for i in range(len(bounds.fresh)):
            is_new[n - len(bounds.fresh) + i] |= bounds.fresh[i]
    pinned = bounds.pinned
    if len(pinned) == 0:
        pinned = np.full(n, -1, dtype=np.int32)
    found, parts = Found(*traces.found), np.empty((n_draws, n), dtype=np.float32)
    for s in range(n_draws):
        scores_of(found, s, rows, n, parts[s])
        for i in range(n):
            parts[s, i] *= traces.factors[s]
    traits = describe(looks.leaf, looks.top, looks.brand, looks.tier, rows)
    above = describe(looks.leaf, looks.top, looks.brand, looks.tier, shown)
    return Candidates(scores, traits, above, is_new, parts, pinned, bounds.groups, bounds.shown_groups, bounds.most)
