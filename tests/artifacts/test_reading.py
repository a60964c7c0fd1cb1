from __future__ import annotations

import numpy as np
import pytest

from endcap.artifacts.item_scores import ItemScores
from endcap.artifacts.reading import are_of, is_csr, sound, taken
from endcap.errors import CorruptBundle


def test_arrays_are_taken_by_name_and_cannot_be_written() -> None:
    found = taken("item_scores", {"scores": np.ones(2), "other": np.zeros(3)}, ("scores",))
    assert list(found) == ["scores"]
    assert not found["scores"].flags.writeable
    with pytest.raises(CorruptBundle, match="item_scores lacks the array 'order'; train again or roll back"):
        taken("item_scores", {"scores": np.ones(2)}, ("scores", "order"))


def test_what_does_not_fit_together_is_told() -> None:
    whole = ItemScores.of(np.array([1.0, 0.0]), "popular")
    assert sound(whole, "is wrong") is whole
    with pytest.raises(CorruptBundle, match="item_scores is wrong; train again or roll back"):
        sound(ItemScores(whole.scores, np.array([2], np.int32), "popular"), "is wrong")


def test_types_are_looked_at_one_by_one() -> None:
    dtypes = {"a": np.float32, "b": np.int64}
    assert are_of(dtypes, {"a": np.zeros(1, np.float32), "b": np.zeros(1, np.int64)})
    assert not are_of(dtypes, {"a": np.zeros(1, np.float32), "b": np.zeros(1, np.int32)})


@pytest.mark.parametrize(
    ("starts", "entries"),
    [
        ([0, 1], [0]),  # a row is missing
        ([1, 1, 1], [0]),  # does not begin at the beginning
        ([0, 1, 1], [0, 1]),  # does not end at the end
        ([0, 2, 1], [0]),  # falls
        ([0, 1, 2], [0, 3]),  # points behind the last
        ([0, 1, 2], [0, -1]),  # points before the first
        ([[0, 1, 2]], [0, 1]),
        ([0, 1, 2], [[0, 1]]),
    ],
)
def test_runs_that_a_kernel_must_not_follow(starts: list[int], entries: list[int]) -> None:
    assert not is_csr(np.array(starts), np.array(entries), rows=2, columns=3)


def test_runs_may_be_empty() -> None:
    assert is_csr(np.array([0, 0, 0]), np.array([], np.int32), rows=2, columns=0)
    assert is_csr(np.array([0, 2, 2]), np.array([2, 0]), rows=2, columns=3)
