"""Every metric against values worked out by hand, and what all registered metrics have in common."""

from __future__ import annotations

import math

import numpy as np
import pytest

from endcap import registry
from endcap.measurement.metrics.average_precision import AveragePrecision
from endcap.measurement.metrics.base import MISS, Answers, Metric
from endcap.measurement.metrics.coverage import Coverage
from endcap.measurement.metrics.hit_rate import HitRate
from endcap.measurement.metrics.mrr import MRR
from endcap.measurement.metrics.ndcg import NDCG
from endcap.measurement.metrics.novelty import Novelty
from endcap.measurement.metrics.precision import Precision
from endcap.measurement.metrics.recall import Recall

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


def test_an_item_never_bought_counts_as_half_an_act() -> None:
    answers = Answers.single(np.ones(1), np.array([[1]], dtype=np.int32), np.array([4, 0]))
    assert Novelty(k=1).values(answers).tolist() == [-math.log2(0.5 / 4)]


def test_with_one_relevant_item_recall_is_hit_rate_and_average_precision_is_reciprocal_rank() -> None:
    answers = Answers.single(np.array([1.0, 7.0, MISS]), np.zeros((3, 0), np.int32), np.zeros(0, np.int64))
    assert Recall(k=10).values(answers).tolist() == HitRate(k=10).values(answers).tolist()
    assert AveragePrecision(k=10).values(answers).tolist() == MRR(k=10).values(answers).tolist()


@pytest.mark.parametrize("name", registry.names("metrics"))
def test_every_registered_metric_copes_with_answers_and_with_none(name: str) -> None:
    metric = registry.build("metrics", name, {"k": 5})
    assert isinstance(metric, Metric)
    values = metric.values(ANSWERS)
    assert values.dtype == np.float64
    assert values.shape == (3,)
    assert np.isfinite(values).all()
    empty = Answers.single(np.zeros(0), np.zeros((0, 5), np.int32), COUNTS)
    assert metric.values(empty).shape == (0,)
