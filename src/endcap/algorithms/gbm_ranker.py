"""A learned order of what all sources propose: gradient boosted trees."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import lightgbm
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Variant
from endcap.artifacts.base import frozen
from endcap.artifacts.tree_ranker import ItemFacts, TreeRanker, Trees
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.kernels.trees import MOST_LEAVES, place_of_leaf
from endcap.ranking.examples import Examples
from endcap.ranking.features.items import item_facts

_LATER_SHARE = 0.3
"""The newest part of the examples, which decides how many trees there are and what a total is worth."""

_FEWEST_QUERIES = 20
"""With fewer queries that took something the order of the sources is better than any that can be learnt."""


class GBMRanker(Algorithm, frozen=True, kw_only=True):
    """Trees that learn from what was taken which of the sources to trust, for whom, on what.

    It is taught with examples (:mod:`endcap.training.examples`), not with history: what earlier components proposed to queries
    of a later time, and which of it was taken. ``objective`` "binary" estimates the chance of each candidate; "ranking" puts
    what was taken before what was not, the first ``truncation`` places above all. On visits and on orders both order alike;
    the chances gain from further trees for longer, and mean the same for every query. Either is calibrated by isotonic
    regression on the newest examples, with straight lines between the steps, since a step would tie what the trees tell apart.

    The newest three tenths of the examples decide after how many trees to stop; the trees are then grown again on all of them.
    Time O(n_trees × n examples × n features); memory one byte for each feature of each example on top of the examples.

    Source: Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", Annals of Statistics 29 (2001); LambdaMART,
    Burges, "From RankNet to LambdaRank to LambdaMART", MSR-TR-2010-82; grown by LightGBM, Ke et al., NIPS 2017. Calibration:
    Zadrozny and Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates", KDD 2002.
    """

    reason: ClassVar[str] = "for_you"
    requirement: ClassVar[Requirement] = Requirement("interactions", 5_000)
    label: ClassVar[str] = "Recommended for you"
    variants: ClassVar = {
        "gbm_ranker": Variant(tasks=("basket", "purchase")),
        # Visits have many acts and one next: there the first places are worth more than chances.
        "visit_ranker": Variant(options={"objective": "ranking", "learning_rate": 0.1}, tasks=("session",)),
    }
    tasks: ClassVar[tuple[Task, ...]] = ("session", "basket", "purchase")
    learns_from: ClassVar = "examples"

    objective: Literal["binary", "ranking"] = "binary"
    most_trees: Annotated[int, Meta(ge=1, le=5_000)] = 300
    fewest_trees: Annotated[int, Meta(ge=1, le=5_000)] = 30
    patience: Annotated[int, Meta(ge=1, le=1_000)] = 20
    leaves: Annotated[int, Meta(ge=2, le=MOST_LEAVES)] = 31
    learning_rate: Annotated[float, Meta(gt=0, le=1)] = 0.05
    bins: Annotated[int, Meta(ge=2, le=255)] = 63
    min_leaf: Annotated[int, Meta(ge=1)] = 100
    l2: Annotated[float, Meta(ge=0)] = 5.0
    truncation: Annotated[int, Meta(ge=1, le=1_000)] = 20
    feature_share: Annotated[float, Meta(gt=0, le=1)] = 0.8
    num_threads: Annotated[int, Meta(ge=1, le=64)] = 1

    def fit(self, data: Dataset, context: FitContext) -> TreeRanker:
        """A ranker without trees: history alone does not say what was proposed."""
        del context
        return _artifact((), (), Trees.none(), np.zeros((2, 0)), item_facts(data), self.reason)

    def fit_examples(self, examples: Examples, context: FitContext) -> TreeRanker:
        """The ranker taught with these examples; one without trees where too few queries took any candidate."""
        cut = _cluster_start(examples.clusters, int(len(examples) * (1 - _LATER_SHARE)))
        answered = examples.n_taken() > 0
        if min(answered[:cut].sum(), answered[cut:].sum()) < _FEWEST_QUERIES:
            nothing = Trees.none(), np.zeros((2, 0))
            return _artifact(examples.sources, examples.feature_names, *nothing, examples.facts, self.reason)
        earlier, later = examples.part(0, cut), examples.part(cut, len(examples))
        seed = int(context.rng.integers(2**31 - 1))
        judged = self._grow(earlier, seed, judge=later)
        n_trees = max(self.fewest_trees, judged.best_iteration)
        totals = judged.predict(later.features, num_iteration=n_trees, raw_score=True, num_threads=self.num_threads)
        knots = calibrated(np.asarray(totals), later.taken, later.weights)
        trees = trees_of(self._grow(examples, seed, n_trees=n_trees))
        return _artifact(examples.sources, examples.feature_names, trees, knots, examples.facts, self.reason)

    def _grow(
        self, examples: Examples, seed: int, *, judge: Examples | None = None, n_trees: int | None = None
    ) -> lightgbm.Booster:
        """So many trees, or as many as do those who ``judge`` any good."""
        ranking = self.objective == "ranking"
        options: dict[str, Any] = {
            "objective": "lambdarank" if ranking else "binary", "metric": "ndcg" if ranking else "binary_logloss",
            "lambdarank_truncation_level": self.truncation, "eval_at": [self.truncation], "num_leaves": self.leaves,
            "learning_rate": self.learning_rate, "min_data_in_leaf": self.min_leaf, "max_bin": self.bins, "lambda_l2": self.l2,
            "feature_fraction": self.feature_share, "use_missing": False, "num_threads": self.num_threads, "seed": seed,
            "deterministic": True, "force_row_wise": True, "verbosity": -1,
        }  # fmt: skip
        data = _library_data(examples, options)
        if judge is None:
            return lightgbm.train(options, data, num_boost_round=n_trees or self.most_trees)
        stop = lightgbm.early_stopping(self.patience, verbose=False)
        judged = [_library_data(judge, options, data)]
        return lightgbm.train(options, data, num_boost_round=self.most_trees, valid_sets=judged, callbacks=[stop])


def _library_data(examples: Examples, options: dict[str, Any], reference: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
    sizes = np.diff(examples.starts)
    weights = examples.weights * np.repeat(examples.query_weights, sizes)
    return lightgbm.Dataset(
        examples.features, examples.taken, group=sizes[sizes > 0], weight=weights, reference=reference, params=options
    )


def trees_of(booster: lightgbm.Booster) -> Trees:
    """LightGBM's trees as lists of tests, equal to its own predictor: thresholds are rounded down to float32, so that no float32
    feature changes sides."""
    starts, tested, thresholds, kept, leaves = [0], [], [], [], []
    for tree in booster.dump_model()["tree_info"]:
        values = np.zeros(MOST_LEAVES)
        tests: list[tuple[int, float, int]] = []
        _walk(tree["tree_structure"], 0, tests, values)
        tested += [feature for feature, _, _ in tests]
        thresholds += [threshold for _, threshold, _ in tests]
        kept += [bits for _, _, bits in tests]
        starts.append(len(tested))
        leaves.append(values)
    return Trees(
        frozen(np.array(starts, np.int64)), frozen(np.array(tested, np.int32)), frozen(_rounded_down(np.array(thresholds))),
        frozen(np.array(kept, np.uint32)), frozen(np.array(leaves).reshape(-1, MOST_LEAVES)),
    )  # fmt: skip


def _walk(node: dict[str, Any], first: int, tests: list[tuple[int, float, int]], values: NDArray[np.float64]) -> int:
    """Write down the tests and leaf values below a node whose leftmost leaf has the number ``first``; returns the next number."""
    if "leaf_value" in node:
        values[place_of_leaf(first)] = node["leaf_value"]
        return first + 1
    right = _walk(node["left_child"], first, tests, values)
    struck = (1 << right) - (1 << first)
    tests.append((node["split_feature"], node["threshold"], (2**32 - 1) ^ struck))
    return _walk(node["right_child"], right, tests, values)


def _rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest).astype(np.float32)


def calibrated(totals: NDArray[np.float64], taken: NDArray[np.uint8], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Points of a strictly rising line from totals to chances, float64 (2, n): isotonic regression, its steps at their middles.

    Of eight candidates the first is not taken, then one of three is, then two of three, and the last. One more candidate of the
    usual chance, here a half, is added to every step, so that (0 + 0.5) / 2 stands for 0 of 1 and (1 + 0.5) / 4 for 1 of 3:

    >>> ones = np.ones(8, np.float32)
    >>> calibrated(np.arange(8.0), np.array([0, 1, 0, 0, 1, 1, 0, 1], np.uint8), ones).round(2).tolist()
    [[0.0, 2.0, 5.0, 7.0], [0.25, 0.38, 0.62, 0.75]]
    """
    chances = IsotonicRegression(y_min=0.0, y_max=1.0).fit(totals, taken, sample_weight=weights).predict(totals)
    levels, which = np.unique(chances, return_inverse=True)
    mass = np.bincount(which, weights=weights)
    middles = np.bincount(which, weights=weights * totals) / mass
    # A step of chance 0 or 1 says that there were too few examples to see another.
    shrunk = (levels * mass + np.average(taken, weights=weights)) / (mass + 1)
    # What was added can press a step of few examples below one before it; such a step is left out.
    so_far = np.maximum.accumulate(np.stack((middles, shrunk)), axis=1)[:, :-1]
    rising = np.concatenate(([True], (middles[1:] > so_far[0]) & (shrunk[1:] > so_far[1])))
    return np.stack((middles[rising], shrunk[rising]))


def _cluster_start(clusters: NDArray[np.int64], at: int) -> int:
    """The first query of the cluster that query ``at`` is in: clusters are not cut."""
    while 0 < at < len(clusters) and clusters[at] == clusters[at - 1]:
        at -= 1
    return at


def _artifact(
    sources: tuple[str, ...], names: tuple[str, ...], trees: Trees, knots: NDArray[np.float64], facts: ItemFacts, reason: str
) -> TreeRanker:
    values = frozen(np.ones(facts.columns.shape[1], np.float32))
    return TreeRanker(sources, names, trees, frozen(knots[0]), frozen(knots[1]), facts, values, 0.0, reason)
