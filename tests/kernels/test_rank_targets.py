"""The batch kernels against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.kernels.rank_targets import rank_by_neighbors, rank_by_scores

N, QUERIES, DEPTH = 30, 200, 5


def plain_rank(scores: NDArray[np.float32], barred: NDArray[np.int32], target: int) -> tuple[float, list[int]]:
    """Rank and list of one query from the dense scores of all items."""
    allowed = scores.copy()
    allowed[barred] = 0
    order = [int(row) for row in np.lexsort((np.arange(len(allowed)), -allowed)) if allowed[row] > 0]
    listed = (order + [-1] * DEPTH)[:DEPTH]
    if target < 0 or allowed[target] <= 0:
        return np.inf, listed
    return float((allowed >= allowed[target]).sum()), listed


def queries(rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    sizes = rng.integers(0, 6, QUERIES)
    starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return starts, np.concatenate([rng.choice(N, size, replace=False) for size in sizes]).astype(np.int32)


@pytest.mark.parametrize("barred", [True, False])
def test_ranks_and_lists_from_neighbors_are_those_of_dense_scores(barred: bool) -> None:
    rng = np.random.default_rng(0)
    # Few distinct values, so that ties are common.
    dense = rng.integers(0, 4, (N, N)).astype(np.float32) * (rng.random((N, N)) < 0.3)
    artifact = ItemNeighbors.of(sparse.csr_array(dense), "test")
    starts, rows = queries(rng)
    weights = rng.integers(1, 3, len(rows)).astype(np.float32)
    block_starts, block_rows = (starts, rows) if barred else (np.zeros_like(starts), np.zeros(0, np.int32))
    targets = rng.integers(-1, N, QUERIES).astype(np.int32)
    ranks, lists = np.empty(QUERIES), np.empty((QUERIES, DEPTH), dtype=np.int32)
    rank_by_neighbors(
        artifact.indptr, artifact.indices, artifact.values, starts, rows, weights, block_starts, block_rows,
        np.arange(QUERIES + 1), targets, ranks, lists,
    )  # fmt: skip
    full = artifact.matrix().toarray()
    for q in range(QUERIES):
        span = slice(starts[q], starts[q + 1])
        scores = (weights[span, None] * full[rows[span]]).sum(axis=0, dtype=np.float32)
        expected = plain_rank(scores, block_rows[block_starts[q] : block_starts[q + 1]], int(targets[q]))
        assert (ranks[q], lists[q].tolist()) == expected
    assert np.isfinite(ranks).any()
    assert np.isinf(ranks).any()


def test_ranks_and_lists_from_scores_are_those_of_dense_scores() -> None:
    rng = np.random.default_rng(1)
    artifact = ItemScores.of(rng.integers(0, 6, N).astype(np.float32), "test")
    starts, rows = queries(rng)
    targets = rng.integers(-1, N, QUERIES).astype(np.int32)
    ranks, lists = np.empty(QUERIES), np.empty((QUERIES, DEPTH), dtype=np.int32)
    rank_by_scores(artifact.order, artifact.scores, N, starts, rows, np.arange(QUERIES + 1), targets, ranks, lists)
    for q in range(QUERIES):
        expected = plain_rank(artifact.scores, rows[starts[q] : starts[q + 1]], int(targets[q]))
        assert (ranks[q], lists[q].tolist()) == expected


def test_a_target_tied_with_all_stands_behind_all() -> None:
    dense = np.zeros((4, 4), dtype=np.float32)
    dense[0, 1:] = 1.0
    artifact = ItemNeighbors.of(sparse.csr_array(dense), "test")
    ranks, lists = np.empty(1), np.empty((1, DEPTH), dtype=np.int32)
    rank_by_neighbors(
        artifact.indptr, artifact.indices, artifact.values, np.array([0, 1]), np.zeros(1, np.int32), np.ones(1, np.float32),
        np.array([0, 0]), np.zeros(0, np.int32), np.array([0, 1]), np.array([1], dtype=np.int32), ranks, lists,
    )  # fmt: skip
    assert ranks.tolist() == [3.0]
    assert lists.tolist() == [[1, 2, 3, -1, -1]]


def test_several_targets_stand_behind_what_is_wrong_and_one_behind_the_other() -> None:
    # Scores of items 1 to 6 are 5 4 4 4 2 0. Right are 3 (tied with 2 and 4), 4, 5 and 6, which nobody proposes.
    dense = np.zeros((7, 7), dtype=np.float32)
    dense[0, 1:6] = [5, 4, 4, 4, 2]
    artifact = ItemNeighbors.of(sparse.csr_array(dense), "test")
    ranks, lists = np.empty(5), np.empty((1, DEPTH), dtype=np.int32)
    rank_by_neighbors(
        artifact.indptr, artifact.indices, artifact.values, np.array([0, 1]), np.zeros(1, np.int32), np.ones(1, np.float32),
        np.array([0, 0]), np.zeros(0, np.int32), np.array([0, 5]), np.array([6, 5, 3, 4, -1], dtype=np.int32), ranks, lists,
    )  # fmt: skip
    assert ranks.tolist() == [3.0, 4.0, 5.0, np.inf, np.inf]


def test_beyond_the_limit_of_scores_there_are_only_misses() -> None:
    artifact = ItemScores.of(np.array([3.0, 2.0, 1.0]), "test")
    ranks, lists = np.empty(2), np.empty((2, DEPTH), dtype=np.int32)
    nothing = np.zeros(3, dtype=np.int64)
    targets = np.array([1, 2], dtype=np.int32)
    rank_by_scores(artifact.order, artifact.scores, 2, nothing, np.zeros(0, np.int32), np.arange(3), targets, ranks, lists)
    assert ranks.tolist() == [2.0, np.inf]
