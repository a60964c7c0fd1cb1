"""The learned ranker: its trees are the library's, its order is learnt, its chances are chances."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest

from endcap.algorithms.base import FitContext
from endcap.algorithms.gbm_ranker import GBMRanker, calibrated, trees_of
from endcap.artifacts.tree_ranker import ItemFacts, TreeRanker
from endcap.kernels.trees import add_trees, propensities
from endcap.ranking.examples import Examples

N_FEATURES = 6


def totals(artifact: TreeRanker, features: np.ndarray) -> np.ndarray:
    """What the trees give to rows of features."""
    trees, n = artifact.trees, len(features)
    found = np.zeros(n)
    add_trees(
        np.ascontiguousarray(features.T), n, trees.starts, trees.tested, trees.thresholds, trees.kept, trees.leaves,
        found,
    )  # fmt: skip
    return found


def chances(artifact: TreeRanker, features: np.ndarray) -> np.ndarray:
    best = np.zeros(len(features), np.float32)
    rows, powers = np.zeros(len(features), np.int32), np.ones(1, np.float32)
    propensities(totals(artifact, features), len(features), artifact.raw, artifact.chances, powers, rows, best)
    return best


def examples(seed: int, n_queries: int = 400, n_candidates: int = 20) -> Examples:
    """Of each query's candidates one is taken, mostly one of which the first feature is high and the second low."""
    rng = np.random.default_rng(seed)
    n = n_queries * n_candidates
    features = rng.normal(size=(n, N_FEATURES)).astype(np.float32)
    liking = (features[:, 0] - features[:, 1] + rng.gumbel(size=n) * 0.3).reshape(n_queries, n_candidates)
    taken = (liking == liking.max(axis=1, keepdims=True)).ravel().astype(np.uint8)
    return Examples(
        sources=("ease",), feature_names=tuple(f"f{one}" for one in range(N_FEATURES)), rows=np.zeros(n, np.int32),
        features=features, taken=taken, weights=np.ones(n, np.float32), starts=np.arange(n_queries + 1) * n_candidates,
        clusters=np.arange(n_queries) // 3, query_weights=np.ones(n_queries, np.float32),
        facts=ItemFacts(np.zeros((6, 4), np.float32), np.zeros((3, 4), np.int32)),
    )  # fmt: skip


def taught(n_queries: int = 400, **options: Any) -> TreeRanker:
    ranker = GBMRanker(min_leaf=20, most_trees=60, fewest_trees=5, **options)
    return ranker.fit_examples(examples(1, n_queries), FitContext(rng=np.random.default_rng(0), now_ms=0))


@pytest.mark.parametrize("objective", ["binary", "lambdarank"])
@pytest.mark.parametrize("leaves", [2, 7, 32])
def test_its_trees_are_those_of_the_library(objective: str, leaves: int) -> None:
    rng = np.random.default_rng(leaves)
    features = rng.normal(size=(3_000, N_FEATURES)).astype(np.float32)
    features[:, 1] = np.round(features[:, 1])  # values that are thresholds themselves
    features[:, 2] *= 1e6
    features[:, 3] = 0.1  # nothing to split on
    taken = (features[:, 0] * features[:, 1] + rng.normal(size=3_000) > 0.5).astype(int)
    options = {
        "objective": objective, "num_leaves": leaves, "min_data_in_leaf": 5, "verbosity": -1, "num_threads": 1,
        "use_missing": False,
    }  # fmt: skip
    booster = lightgbm.train(options, lightgbm.Dataset(features, taken, group=np.full(100, 30)), 40)
    trees = trees_of(booster)
    found = np.zeros(3_000)
    add_trees(
        np.ascontiguousarray(features.T), 3_000, trees.starts, trees.tested, trees.thresholds, trees.kept, trees.leaves,
        found,
    )  # fmt: skip
    np.testing.assert_allclose(found, booster.predict(features, raw_score=True, num_threads=1), rtol=0, atol=1e-6)


@pytest.mark.parametrize("objective", ["ranking", "binary"])
def test_it_learns_what_is_taken(objective: str) -> None:
    unseen = examples(2)
    given = chances(taught(objective=objective), unseen.features).reshape(-1, 20)
    first = (given.argmax(axis=1) == unseen.taken.reshape(-1, 20).argmax(axis=1)).mean()
    assert first > 0.6  # a twentieth by chance


@pytest.mark.parametrize("objective", ["ranking", "binary"])
def test_its_chances_come_true(objective: str) -> None:
    unseen = examples(3, n_queries=2_000)
    given = chances(taught(2_000, objective=objective), unseen.features)
    assert given.min() > 0
    assert given.max() < 1
    for low, high in ((0.0, 0.02), (0.02, 0.2), (0.2, 0.5), (0.5, 1.0)):
        there = (given >= low) & (given < high)
        assert there.sum() > 100
        assert unseen.taken[there].mean() == pytest.approx(given[there].mean(), abs=0.06)


def test_the_same_examples_and_seed_give_the_same_arrays() -> None:
    one, other = taught().arrays(), taught().arrays()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_few_examples_teach_nothing() -> None:
    few = examples(1).part(0, 10)
    artifact = GBMRanker().fit_examples(few, FitContext(rng=np.random.default_rng(0), now_ms=0))
    assert artifact.n_entries == 0
    assert artifact.sources == ("ease",)
    assert artifact.is_sound(4)


def test_calibration_never_ties_what_the_trees_tell_apart() -> None:
    rng = np.random.default_rng(0)
    raw = rng.normal(size=500)
    taken = (rng.random(500) < 1 / (1 + np.exp(-raw))).astype(np.uint8)
    points = calibrated(raw, taken, np.ones(500, np.float32))
    assert (np.diff(points) > 0).all()
    assert points[1].min() > 0
    assert points[1].max() < 1


def test_a_step_of_few_examples_never_falls_behind_an_earlier_one() -> None:
    # Chances rise from 0 over 0.6 to 0.67 and 0.75, but the last two steps weigh so little that the usual chance, 0.05, presses
    # them to 0.14 and 0.17: the last one is above the one before it, and both are below the second.
    sizes, taken_of = (1_000, 100, 3, 4), (0, 60, 2, 3)
    raw = np.repeat(np.arange(4.0), sizes)
    taken = np.concatenate([np.arange(n) < t for n, t in zip(sizes, taken_of, strict=True)]).astype(np.uint8)
    weights = np.where(raw < 2, 1.0, 0.05).astype(np.float32)
    points = calibrated(raw, taken, weights)
    assert (np.diff(points) > 0).all()


def test_a_candidate_that_stands_for_many_counts_as_many() -> None:
    raw, taken = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 1, 0, 1], np.uint8)
    plain = calibrated(raw, taken, np.ones(4, np.float32))
    heavy = calibrated(raw, taken, np.array([9.0, 1.0, 1.0, 1.0], np.float32))
    assert plain[1][0] > heavy[1][0]
