from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from endcap.artifacts.base import Asked
from endcap.artifacts.tree_ranker import ItemFacts, TreeRanker, Trees
from endcap.errors import CorruptBundle
from endcap.kernels.trees import MOST_LEAVES


def facts(n_items: int = 3) -> ItemFacts:
    return ItemFacts(np.zeros((6, n_items), np.float32), np.zeros((3, n_items), np.int32))


def sample() -> TreeRanker:
    trees = Trees(
        np.array([0, 1, 1]), np.array([1], np.int32), np.array([0.5], np.float32), np.array([2**32 - 2], np.uint32),
        np.arange(2.0 * MOST_LEAVES).reshape(2, MOST_LEAVES),
    )  # fmt: skip
    return TreeRanker(
        ("ease", "ease"), ("score:ease", "votes"), trees, np.array([-1.0, 2.0]), np.array([0.1, 0.3]), facts(),
        np.array([1.0, 2.0, 4.0], np.float32), 0.5, "for_you",
    )  # fmt: skip


def test_it_survives_its_arrays() -> None:
    again = TreeRanker.from_arrays(sample().arrays(), "for_you")
    assert again.sources == ("ease", "ease")
    assert again.features == ("score:ease", "votes")
    assert again.value_exponent == 0.5
    assert again.n_entries == 2
    for name, array in sample().arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)


def test_it_proposes_nothing() -> None:
    asked = Asked(np.array([0], np.int32), np.ones(1, np.float32))
    assert sample().retrieve(asked, np.zeros(3, np.uint8), np.zeros(3, np.float32), np.zeros(3, np.int32)) == 0


def test_over_other_items_it_forgets_what_they_were_worth() -> None:
    other = sample().about(facts(5))
    assert other.is_sound(5)
    assert other.values.tolist() == [1.0] * 5
    assert other.value_exponent == 0.0
    assert other.worth(np.arange(1.0, 6.0, dtype=np.float32), 1.0).values.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize(
    "broken",
    [
        {"tested": np.array([2], np.int32)},
        {"tested": np.array([-1], np.int32)},
        {"thresholds": np.zeros(0, np.float32)},
        {"starts": np.array([0, 1, 2])},
        {"starts": np.zeros(0, np.int64)},
        {"leaves": np.zeros((2, 8))},
        {"chances": np.array([0.3, 0.1])},
        {"raw": np.array([1.0])},
        {"values": np.zeros(2, np.float32)},
        {"codes": np.zeros((2, 3), np.int32)},
        {"columns": np.zeros(3, np.float32)},
        {"sources": np.frombuffer(b"no json", np.uint8)},
        {"value_exponent": np.zeros(0)},
    ],
    ids=lambda broken: next(iter(broken)),
)
def test_arrays_that_would_lead_outside_are_refused(broken: dict[str, np.ndarray]) -> None:
    with pytest.raises(CorruptBundle, match="tree_ranker"):
        TreeRanker.from_arrays(sample().arrays() | broken, "for_you")


def test_a_missing_array_is_named() -> None:
    arrays = sample().arrays()
    del arrays["leaves"]
    with pytest.raises(CorruptBundle, match="leaves"):
        TreeRanker.from_arrays(arrays, "for_you")


def test_it_is_not_sound_for_another_number_of_items() -> None:
    assert sample().is_sound(3)
    assert not sample().is_sound(4)
    assert not replace(sample(), features=("score:ease",)).is_sound(3)
