"""Trees by their bits beside trees that are walked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.kernels.lanes import LANES
from endcap.kernels.trees import MOST_LEAVES, add_trees, place_of_leaf, propensities

N_FEATURES = 5


class Forest:
    """Random trees, as nested nodes and as the kernel's arrays."""

    def __init__(self, rng: np.random.Generator, n_trees: int) -> None:
        self.roots: list[object] = []
        self.starts, self.tested = [0], list[int]()
        self.thresholds, self.kept = list[np.float32](), list[int]()
        self.leaves = np.zeros((n_trees, MOST_LEAVES))
        for tree in range(n_trees):
            root, _ = self._grow(rng, tree, int(rng.integers(1, MOST_LEAVES + 1)), 0)
            self.roots.append(root)
            self.starts.append(len(self.tested))

    def _grow(self, rng: np.random.Generator, tree: int, n_leaves: int, first: int) -> tuple[object, int]:
        if n_leaves == 1:
            value = float(rng.normal())
            self.leaves[tree, place_of_leaf(first)] = value
            return value, first + 1
        feature, threshold = int(rng.integers(N_FEATURES)), np.float32(rng.integers(-2, 3))
        n_left = int(rng.integers(1, n_leaves))
        left, between = self._grow(rng, tree, n_left, first)
        self.tested.append(feature)
        self.thresholds.append(threshold)
        self.kept.append((2**32 - 1) ^ ((1 << between) - (1 << first)))
        right, end = self._grow(rng, tree, n_leaves - n_left, between)
        return (feature, threshold, left, right), end

    def walk(self, candidate: np.ndarray) -> float:
        """1 and the leaves where the walks end, tree by tree."""
        total = 1.0
        for node in self.roots:
            while isinstance(node, tuple):
                feature, threshold, left, right = node
                node = right if candidate[feature] > threshold else left
            assert isinstance(node, float)
            total += node
        return total


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 2 * LANES + 9), n_trees=st.integers(0, 6))
def test_the_bits_lead_to_the_leaf_where_the_walk_ends(seed: int, n: int, n_trees: int) -> None:
    rng = np.random.default_rng(seed)
    forest = Forest(rng, n_trees)
    features = rng.integers(-3, 4, (N_FEATURES, n + 3)).astype(np.float32)
    features[rng.random(features.shape) < 0.05] = np.nan  # which is above nothing, and so goes left
    totals = np.full(n + 3, 1.0)
    add_trees(
        features, n, np.array(forest.starts), np.array(forest.tested, np.int32), np.array(forest.thresholds, np.float32),
        np.array(forest.kept, np.uint32), forest.leaves, totals,
    )  # fmt: skip
    assert totals.tolist() == [forest.walk(features[:, c]) for c in range(n)] + [1.0] * 3, "to the last bit"


def test_a_chance_lies_on_the_line_between_two_points() -> None:
    best = np.zeros(3, np.float32)
    rows, powers = np.array([0, 1, 0], np.int32), np.array([1.0, 10.0], np.float32)
    propensities(np.array([1.0, 2.0, 3.0]), 3, np.array([1.0, 3.0]), np.array([0.2, 0.4]), powers, rows, best)
    np.testing.assert_allclose(best, [0.2, 3.0, 0.4], rtol=1e-6)


@given(raw=st.lists(st.integers(-50, 50), min_size=1, max_size=8, unique=True), seed=st.integers(0, 2**32 - 1))
def test_a_higher_total_is_a_higher_chance_also_beyond_the_points(raw: list[int], seed: int) -> None:
    points = np.sort(np.array(raw)) / 10
    chances = np.sort(np.random.default_rng(seed).choice(np.arange(1, 100), len(points), replace=False)) / 100
    totals = np.linspace(points[0] - 3, points[-1] + 3, 50)
    best = np.zeros(50, np.float32)
    propensities(totals, 50, points, chances, np.ones(1, np.float32), np.zeros(50, np.int32), best)
    assert (np.diff(best) > 0).all()
    assert best.min() > 0
    assert best.max() < 1


def test_without_points_a_chance_is_the_logistic_of_the_total() -> None:
    best = np.zeros(1, np.float32)
    propensities(np.array([0.0]), 1, np.zeros(0), np.zeros(0), np.ones(1, np.float32), np.zeros(1, np.int32), best)
    assert best[0] == pytest.approx(0.5)
