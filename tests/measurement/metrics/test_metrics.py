"""Every metric against values worked out by hand, and what all registered metrics have in common."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from endcap import registry
from endcap.measurement.metrics.average_precision import AveragePrecision
from endcap.measurement.metrics.base import MISS, Answers, Metric, Predictions, RatingMetric
from endcap.measurement.metrics.coverage import Coverage
from endcap.measurement.metrics.hit_rate import HitRate
from endcap.measurement.metrics.mrr import MRR
from endcap.measurement.metrics.ndcg import NDCG
from endcap.measurement.metrics.novelty import Novelty
from endcap.measurement.metrics.precision import Precision
from endcap.measurement.metrics.recall import Recall
from endcap.measurement.metrics.revenue_weighted_hit import RevenueWeightedHit

# Query 0 has its relevant items at ranks 1, 3 and never; query 1 its only one at rank 4; query 2 never.
RANKS = np.array([1.0, 3.0, MISS, 4.0, MISS])
INDPTR = np.array([0, 3, 4, 5], dtype=np.int64)
LISTS = np.array([[0, 1, 2], [0, 3, -1], [-1, -1, -1]], dtype=np.int32)
COUNTS = np.array([8, 4, 2, 1, 1], dtype=np.int64)
ANSWERS = Answers(RANKS, INDPTR, LISTS, COUNTS)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (HitRate(k=3), [1, 0, 0]),
        (HitRate(k=4), [1, 1, 0]),
        (MRR(k=3), [1, 0, 0]),
        (MRR(k=4), [1, 1 / 4, 0]),
        (NDCG(k=4), [(1 + 1 / 2) / (1 + 1 / math.log2(3) + 1 / 2), 1 / math.log2(5), 0]),
        (NDCG(k=2), [1 / (1 + 1 / math.log2(3)), 0, 0]),
        (Recall(k=3), [2 / 3, 0, 0]),
        (Recall(k=4), [2 / 3, 1, 0]),
        (Precision(k=4), [2 / 4, 1 / 4, 0]),
        (AveragePrecision(k=4), [(1 / 1 + 2 / 3) / 3, 1 / 4, 0]),
        (AveragePrecision(k=2), [(1 / 1) / 2, 0, 0]),
        (Novelty(k=3), [(1 + 2 + 3) / 3, (1 + 4) / 2, 0]),
        (Novelty(k=1), [1, 1, 0]),
        # Items 0 to 3 of 5 are shown, item 0 twice: shares 1/2 + 1 + 1 and 1/2 + 1, times 3 queries over 5 items.
        (Coverage(k=3), [2.5 * 3 / 5, 1.5 * 3 / 5, 0]),
    ],
)
def test_a_metric_has_the_value_worked_out_by_hand(metric: Metric, expected: list[float]) -> None:
    assert metric.values(ANSWERS).tolist() == pytest.approx(expected)


def test_coverage_is_the_share_of_the_vocabulary_that_is_shown() -> None:
    assert Coverage(k=3).values(ANSWERS).mean() == pytest.approx(4 / 5)
    assert Coverage(k=1).values(ANSWERS).mean() == pytest.approx(1 / 5)


def test_coverage_is_that_of_the_queries_that_count() -> None:
    alone = replace(ANSWERS, lists=ANSWERS.lists[:1], indptr=ANSWERS.indptr[:2], ranks=ANSWERS.ranks[: ANSWERS.indptr[1]])
    shown = Coverage(k=3).values(alone).mean()
    for weights in (np.array([1.0, 0.0, 0.0]), np.array([0.2, 0.0, 0.0])):
        values = Coverage(k=3).values(replace(ANSWERS, weights=weights))
        assert np.average(values, weights=weights) == pytest.approx(shown)
    weights = np.array([1.0, 0.5, 0.1])
    values = Coverage(k=3).values(replace(ANSWERS, weights=weights))
    assert np.average(values, weights=weights) == pytest.approx(4 / 5)


def test_an_item_never_bought_counts_as_half_an_act() -> None:
    answers = Answers.single(np.ones(1), np.array([[1]], dtype=np.int32), np.array([4, 0]))
    assert Novelty(k=1).values(answers).tolist() == [-math.log2(0.5 / 4)]


def test_with_one_relevant_item_recall_is_hit_rate_and_average_precision_is_reciprocal_rank() -> None:
    answers = Answers.single(np.array([1.0, 7.0, MISS]), np.zeros((3, 0), np.int32), np.zeros(0, np.int64))
    assert Recall(k=10).values(answers).tolist() == HitRate(k=10).values(answers).tolist()
    assert AveragePrecision(k=10).values(answers).tolist() == MRR(k=10).values(answers).tolist()


OF_LISTS = [name for name in registry.names("metrics") if issubclass(registry.find("metrics", name), Metric)]
OF_RATINGS = [name for name in registry.names("metrics") if issubclass(registry.find("metrics", name), RatingMetric)]


def test_every_metric_is_of_lists_or_of_ratings() -> None:
    assert sorted(OF_LISTS + OF_RATINGS) == sorted(registry.names("metrics"))


@pytest.mark.parametrize("name", OF_LISTS)
def test_every_registered_metric_copes_with_answers_and_with_none(name: str) -> None:
    metric = registry.build("metrics", name, {"k": 5})
    assert isinstance(metric, Metric)
    values = metric.values(replace(ANSWERS, gains=np.array([5.0, 0.0, 1.0])))
    assert values.dtype == np.float64
    assert values.shape == (3,)
    assert np.isfinite(values).all()
    empty = Answers.single(np.zeros(0), np.zeros((0, 5), np.int32), COUNTS)
    assert metric.values(replace(empty, gains=np.zeros(0))).shape == (0,)


@pytest.mark.parametrize("name", OF_RATINGS)
def test_every_rating_metric_is_nothing_for_what_is_right(name: str) -> None:
    metric = registry.build("metrics", name)
    assert isinstance(metric, RatingMetric)
    stars = np.array([1.0, 4.5])
    assert metric.of_mean(metric.values(Predictions(stars, stars)).mean()) == 0
    assert metric.of_mean(metric.values(Predictions(stars, stars[::-1])).mean()) == pytest.approx(3.5)


def test_revenue_weighs_hits_and_rises_with_them() -> None:
    answers = replace(ANSWERS, gains=np.array([1.0, 3.0, 4.0]))
    # Query 0 is a hit within three, 0 and 1 within four; the gains are 8 in all.
    assert RevenueWeightedHit(k=3).values(answers).mean() == pytest.approx(1 / 8)
    assert RevenueWeightedHit(k=4).values(answers).mean() == pytest.approx(4 / 8)
    assert RevenueWeightedHit(k=4).values(replace(answers, gains=np.zeros(3))).tolist() == [1, 1, 0]
