from __future__ import annotations

from dataclasses import replace

import numpy as np

from endcap.artifacts.tree_ranker import ItemFacts
from endcap.ranking.examples import Examples, joined


def sample(first: int) -> Examples:
    """Three queries of two, none and one candidate; the features of a candidate are its number."""
    numbers = np.arange(first, first + 3)
    return Examples(
        sources=("ease",), feature_names=("number",), rows=numbers.astype(np.int32),
        features=numbers[:, None].astype(np.float32), taken=np.array([0, 1, 0], np.uint8),
        weights=np.array([1, 2, 3], np.float32), starts=np.array([0, 2, 2, 3]), clusters=np.array([4, 4, 5]),
        query_weights=np.ones(3, np.float32), facts=ItemFacts(np.zeros((6, first), np.float32), np.zeros((3, first), np.int32)),
    )  # fmt: skip


def test_taken_candidates_are_counted_for_empty_queries_too() -> None:
    assert sample(0).n_taken().tolist() == [1, 0, 0]
    assert replace(sample(0), starts=np.array([0, 0, 3, 3])).n_taken().tolist() == [0, 1, 0]


def test_a_part_has_its_own_queries_only() -> None:
    part = sample(0).part(1, 3)
    assert part.starts.tolist() == [0, 0, 1]
    assert part.features.tolist() == [[2.0]]
    assert part.clusters.tolist() == [4, 5]


def test_joined_windows_keep_their_queries_apart() -> None:
    both = joined([sample(0), sample(10)])
    assert both.starts.tolist() == [0, 2, 2, 3, 5, 5, 6]
    assert both.rows.tolist() == [0, 1, 2, 10, 11, 12]
    assert both.features[:, 0].tolist() == both.rows.tolist()
    assert both.clusters.tolist() == [4, 4, 5, 10, 10, 11]
    assert both.n_taken().tolist() == [1, 0, 0, 1, 0, 0]
    assert both.facts.columns.shape == (6, 10)
    assert both.part(3, 6).starts.tolist() == sample(10).starts.tolist()
