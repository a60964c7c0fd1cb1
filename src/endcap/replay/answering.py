"""Held-out queries answered by one artifact, as a source of the engine would answer them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Artifact
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.errors import BadInput
from endcap.kernels import retrieve
from endcap.kernels.rank_targets import rank_by_neighbors, rank_by_scores
from endcap.measurement.metrics.base import Answers
from endcap.replay.asking import Asking, asked
from endcap.replay.held_out import Window

DEPTH = 20
"""How long the lists are; metrics with a larger cut-off see no further."""
_SCORED = 1_000  # item scores give exact ranks up to here


def answer(artifact: Artifact, window: Window, asking: Asking) -> Answers:
    """What the artifact answers to every query of the window.

    Raises BadInput for an artifact of a shape that cannot be asked.
    """
    held_out = window.held_out
    ranks, lists = np.empty(len(held_out)), np.empty((len(held_out), DEPTH), dtype=np.int32)
    barred_starts, barred_rows = held_out.barred()
    if isinstance(artifact, ItemNeighbors):
        starts, rows, weights = asked(held_out, asking)
        rank_by_neighbors(
            artifact.indptr, artifact.indices, artifact.values, starts, rows, weights, barred_starts, barred_rows,
            held_out.targets, ranks, lists,
        )  # fmt: skip
    elif isinstance(artifact, ItemScores):
        rank_by_scores(artifact.order, artifact.scores, _SCORED, barred_starts, barred_rows, held_out.targets, ranks, lists)
    else:
        raise BadInput(f"an artifact of shape {artifact.shape} cannot be asked", field="shape", value=artifact.shape)
    return Answers.single(ranks, lists, act_counts(window))


def act_counts(window: Window) -> NDArray[np.int64]:
    """How often each item occurs in the training part, int64 (n_items,)."""
    counts: NDArray[np.int64] = np.bincount(window.train.interactions.items, minlength=window.train.n_items).astype(np.int64)
    return counts


def one_by_one(artifact: Artifact, window: Window, asking: Asking) -> Callable[[int], object]:
    """A function that answers query ``q`` alone with a list of :data:`DEPTH`, as serving does: for timing."""
    held_out, n = window.held_out, window.train.n_items
    starts, rows, weights = asked(held_out, asking)
    barred_starts, barred_rows = held_out.barred()
    scores, touched, blocked = np.zeros(n, np.float32), np.empty(n, np.int32), np.zeros(n, np.uint8)
    open_from, open_until, codes = np.zeros(n, np.int64), np.ones(n, np.int64), np.zeros(n, np.int32)
    best_rows, best, removed = np.empty(DEPTH, np.int32), np.empty(DEPTH, np.float32), np.zeros(256, np.int64)

    def answer_one(q: int) -> object:
        span = slice(starts[q], starts[q + 1])
        barred = barred_rows[barred_starts[q] : barred_starts[q + 1]]
        blocked[barred] = 1
        if isinstance(artifact, ItemNeighbors):
            found = retrieve.add_neighbors(
                artifact.indptr, artifact.indices, artifact.values, rows[span], weights[span], scores, touched, 0
            )
        else:
            assert isinstance(artifact, ItemScores)
            found = retrieve.add_scores(
                artifact.order, artifact.scores, blocked, open_from, open_until, 0, codes, -1, DEPTH, scores, touched, 0
            )
        retrieve.best_allowed(scores, touched, found, blocked, open_from, open_until, 0, DEPTH, best_rows, best, removed)
        scores[touched[:found]] = 0
        blocked[barred] = 0
        return best_rows

    return answer_one
