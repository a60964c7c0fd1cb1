from __future__ import annotations

import os
import time
from collections.abc import Mapping

import numpy as np
import pytest

from endcap.artifacts.base import Artifact
from endcap.artifacts.item_scores import ItemScores
from endcap.errors import EndcapError
from endcap.replay.cost import measured_fit, query_micros

SCORES = ItemScores.of(np.array([1.0, 3.0, 2.0]), "popular")


def small() -> Mapping[str, Artifact]:
    return {"small": SCORES}


def test_the_artifacts_come_back_bit_by_bit_and_read_only() -> None:
    found = measured_fit(small).artifacts["small"]
    assert isinstance(found, ItemScores)
    assert found.scores.tolist() == SCORES.scores.tolist()
    assert found.order.tolist() == [1, 2, 0]
    assert found.reason == "popular"
    assert not found.scores.flags.writeable


def test_the_peak_tells_a_fit_that_needs_memory_from_one_that_does_not() -> None:
    def hungry() -> Mapping[str, Artifact]:
        return {"hungry": ItemScores.of(np.ones(40_000_000)[:3], "popular")}  # 320 MB

    assert measured_fit(hungry).peak_mb - measured_fit(small).peak_mb > 250


def test_one_hungry_fit_does_not_raise_the_peak_of_the_next() -> None:
    before = measured_fit(small).peak_mb
    measured_fit(lambda: {"hungry": ItemScores.of(np.ones(40_000_000)[:3], "popular")})
    assert measured_fit(small).peak_mb - before < 100


def test_the_seconds_are_those_of_the_fit() -> None:
    def slow() -> Mapping[str, Artifact]:
        time.sleep(0.3)
        return small()

    assert measured_fit(slow).seconds >= 0.3


def test_a_fit_that_dies_is_an_error_with_its_exit_code() -> None:
    def dying() -> Mapping[str, Artifact]:
        os._exit(9)

    with pytest.raises(EndcapError, match="exit code 9"):
        measured_fit(dying)


def test_query_times_are_of_single_calls() -> None:
    asked: list[int] = []

    def answer(q: int) -> None:
        asked.append(q)
        time.sleep(0.002)

    p50, p99 = query_micros(answer, 10, seed=0)
    assert 2_000 <= p50 <= p99
    assert set(asked) == set(range(10))
