"""What teaches a ranker is what it will see."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap import registry
from endcap.algorithms.base import Algorithm, FitContext
from endcap.algorithms.gbm_ranker import GBMRanker
from endcap.artifacts.base import Artifact
from endcap.artifacts.tree_ranker import TreeRanker
from endcap.core.choice import Asking, Choice, ChosenSource
from endcap.kernels.trees import add_trees, propensities
from endcap.ranking.examples import Examples
from endcap.replay.choosing import Chooser
from endcap.replay.held_out import HeldOut, Window
from endcap.testing.histories import random_data
from endcap.training import examples as teaching
from endcap.training.examples import ranking_examples

SOURCES = ("sequential_rules", "popularity", "item_knn")


def choice(ranker: str | None = None, pool: int = 100) -> Choice:
    asked = tuple(ChosenSource(artifact=name, asking=Asking(last=5, decay=2.0)) for name in SOURCES)
    twice = ChosenSource(artifact="sequential_rules", asking=Asking(last=1))
    return Choice(task="session", sources=(*asked, twice), ranker=ranker, pool=pool)


def world(seed: int, *, known_barred: bool) -> tuple[Window, dict[str, Artifact]]:
    data = random_data(seed)
    rng = np.random.default_rng(seed)
    known = [rng.choice(data.n_items, int(rng.integers(1, 6))).tolist() for _ in range(120)]
    targets = [int(rng.integers(-1, data.n_items)) for _ in known]
    window = Window(data, HeldOut.of(known, targets, list(range(120)), known_barred=known_barred), ())
    context = FitContext(rng=np.random.default_rng(0), now_ms=data.now_ms)
    artifacts: dict[str, Artifact] = {}
    for name in SOURCES:
        algorithm = registry.build("algorithms", name)
        assert isinstance(algorithm, Algorithm)
        artifacts[name] = algorithm.fit(data, context)
    return window, artifacts


def chances(ranker: TreeRanker, features: np.ndarray) -> np.ndarray:
    """What the ranker makes of rows of features."""
    n, trees = len(features), ranker.trees
    totals, best = np.zeros(n), np.zeros(n, np.float32)
    add_trees(
        np.ascontiguousarray(features.T), n, trees.starts, trees.tested, trees.thresholds, trees.kept, trees.leaves,
        totals,
    )  # fmt: skip
    propensities(totals, n, ranker.raw, ranker.chances, np.ones(1, np.float32), np.zeros(n, np.int32), best)
    return best


def taught(examples: Examples) -> TreeRanker:
    algorithm = GBMRanker(min_leaf=5, most_trees=20, fewest_trees=10, feature_share=1.0)
    ranker = algorithm.fit_examples(examples, FitContext(rng=np.random.default_rng(0), now_ms=0))
    assert isinstance(ranker, TreeRanker)
    return ranker


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), known_barred=st.booleans())
def test_the_server_sees_the_features_that_taught(seed: int, known_barred: bool) -> None:
    window, artifacts = world(seed, known_barred=known_barred)
    examples = ranking_examples(choice(), artifacts, window, np.random.default_rng(0))
    ranker = taught(examples)
    assert ranker.n_entries > 0
    served = Chooser(choice("ranker"), {**artifacts, "ranker": ranker}, window)
    for q in range(len(examples)):
        expected = chances(ranker, examples.features[examples.starts[q] : examples.starts[q + 1]])
        rows, scores = served.answer(q, 1_000)
        assert len(rows) == len(expected)
        np.testing.assert_allclose(scores, np.sort(expected)[::-1], rtol=1e-6)


def test_what_was_taken_is_marked_and_what_is_known_is_no_candidate_where_it_is_barred() -> None:
    window, artifacts = world(1, known_barred=True)
    examples = ranking_examples(choice(), artifacts, window, np.random.default_rng(0))
    held_out = window.held_out
    steps = examples.features[:, examples.feature_names.index("steps_since_seen")]
    assert (steps > 1_000).all()
    for q in range(len(held_out)):
        known = held_out.rows[held_out.starts[q] : held_out.starts[q + 1]]
        target = held_out.targets[q]
        marked = examples.taken[examples.starts[q] : examples.starts[q + 1]].sum()
        assert marked == (target >= 0 and target not in known)  # all thirty items are candidates of some source


def test_known_items_are_candidates_where_they_may_come_again() -> None:
    window, artifacts = world(1, known_barred=False)
    examples = ranking_examples(choice(), artifacts, window, np.random.default_rng(0))
    steps = examples.features[:, examples.feature_names.index("steps_since_seen")]
    held_out = window.held_out
    known = [set(held_out.rows[held_out.starts[q] : held_out.starts[q + 1]].tolist()) for q in range(len(held_out))]
    assert (steps < 1_000).sum() == sum(len(one) for one in known)


def test_of_many_queries_a_sample_is_taken() -> None:
    window, artifacts = world(2, known_barred=False)
    examples = ranking_examples(choice(), artifacts, window, np.random.default_rng(0), most_queries=7)
    assert len(examples) == len(examples.clusters) == 7
    assert (np.diff(examples.clusters) > 0).all()


def test_candidates_left_out_are_made_up_for_by_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    window, artifacts = world(3, known_barred=False)
    whole = ranking_examples(choice(), artifacts, window, np.random.default_rng(0))
    monkeypatch.setattr(teaching, "MOST_CANDIDATES", 12)
    monkeypatch.setattr(teaching, "HEAD", 6)
    some = ranking_examples(choice(), artifacts, window, np.random.default_rng(0))
    assert np.diff(some.starts).max() == 12
    assert some.taken.sum() == whole.taken.sum()
    for q in range(len(whole)):
        weight = some.weights[some.starts[q] : some.starts[q + 1]].sum()
        assert weight == pytest.approx(whole.starts[q + 1] - whole.starts[q], rel=1e-5)


def test_a_query_without_candidates_is_an_empty_one() -> None:
    window, _ = world(4, known_barred=False)
    nothing: Mapping[str, Artifact] = {"sequential_rules": registry.build("algorithms", "sequential_rules").fit(  # type: ignore[attr-defined]
        random_data(4, n_events=0), FitContext(rng=np.random.default_rng(0), now_ms=0)
    )}  # fmt: skip
    barred = Window(window.train, HeldOut.of([[0]], [1], [0], known_barred=True), ())
    only = Choice(task="session", sources=(ChosenSource(artifact="sequential_rules"),))
    examples = ranking_examples(only, nothing, barred, np.random.default_rng(0))
    assert examples.starts.tolist() == [0, 0]
