"""The promise of what is published: the held-out figure that the watch holds against what happens afterwards."""

from __future__ import annotations

import numpy as np

from endcap.core.promise import PLACES, Promise, Share
from endcap.measurement.metrics.base import Floats
from endcap.measurement.metrics.hit_rate import HitRate
from endcap.replay.bootstrap import cluster_bootstrap
from endcap.replay.held_out import HeldOut
from endcap.training.choosing import Outcome
from endcap.training.judging import estimate
from endcap.training.windows import MIN_QUESTIONS


def promise_of(outcome: Outcome) -> Promise | None:
    """How often the next act of a visit was within the first places of what was picked, of acts on products new to the visit.

    A shelf that leaves out what was seen cannot show the others. The lists that were judged may hold what was seen, so that the
    promise is rather too low than too high. Nothing for other tasks, or with fewer than :data:`MIN_QUESTIONS` such acts.
    """
    held_out = outcome.window.held_out
    if outcome.task != "session":
        return None
    new = _new_to_the_visit(held_out)
    if new.sum() < MIN_QUESTIONS:
        return None
    answers = outcome.picked.answers
    values: Floats = np.stack([HitRate(k=places).values(answers)[new] for places in PLACES], axis=1)
    drawn = cluster_bootstrap(values, held_out.clusters[new])
    shares = []
    for column, places in enumerate(PLACES):
        found = estimate(values[:, column], drawn[:, column])
        shares.append(Share(places=places, value=found.value, low=found.low, high=found.high))
    return Promise(questions=int(new.sum()), shares=tuple(shares))


def _new_to_the_visit(held_out: HeldOut) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which questions have a target that is not among what is known, bool (n_queries,)."""
    sizes = np.diff(held_out.starts)
    queries = np.repeat(np.arange(len(sizes)), sizes)
    first = held_out.targets[held_out.target_starts[:-1]]
    again = np.zeros(len(sizes), dtype=np.bool_)
    again[queries[held_out.rows == first[queries]]] = True
    return ~again
