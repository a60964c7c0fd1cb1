from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pytest
from scipy import sparse

from endcap.artifacts.base import Array, Artifact, Asked
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.choice import Asking
from endcap.replay.answering import DEPTH, act_counts, answer, one_by_one
from endcap.replay.held_out import HeldOut, Window
from tests.replay.worlds import basket_window

KNOWN = [[0], [0, 1], [3]]
NEIGHBORS = ItemNeighbors.of(sparse.csr_array(np.array([[0, 2, 1, 0], [0, 0, 3, 0], [1, 0, 0, 0], [0, 0, 0, 0.0]])), "test")
SCORES = ItemScores.of(np.array([4.0, 3.0, 3.0, 0.0]), "test")


def window(*, known_barred: bool) -> Window:
    held_out = HeldOut.of(KNOWN, [2, 2, 0], [0, 1, 2], known_barred=known_barred)
    return Window(basket_window(n_items=4).train, held_out, ())


def test_a_basket_is_not_offered_what_it_holds() -> None:
    found = answer(NEIGHBORS, window(known_barred=True), Asking())
    assert found.ranks.tolist() == [2.0, 1.0, np.inf]
    assert found.lists[1].tolist() == [2] + [-1] * (DEPTH - 1)


def test_a_session_may_return_to_what_it_saw() -> None:
    found = answer(NEIGHBORS, window(known_barred=False), Asking())
    # Query 1: item 2 scores 1 + 3, item 1 scores 2 although it was seen.
    assert found.lists[1, :3].tolist() == [2, 1, -1]


def test_item_scores_answer_everybody_alike_but_for_what_is_barred() -> None:
    found = answer(SCORES, window(known_barred=True), Asking())
    # Query 0: items 1 and 2 tie behind nobody else, since item 0 is barred; the target stands behind its tie.
    assert found.ranks.tolist() == [2.0, 1.0, 1.0]
    assert found.lists[0, :3].tolist() == [1, 2, -1]


@pytest.mark.parametrize("artifact", [NEIGHBORS, SCORES])
@pytest.mark.parametrize("known_barred", [True, False])
def test_one_by_one_gives_the_lists_of_the_batch(artifact: ItemNeighbors | ItemScores, known_barred: bool) -> None:
    asked_at = window(known_barred=known_barred)
    batch = answer(artifact, asked_at, Asking()).lists
    one = one_by_one(artifact, asked_at, Asking())
    for q in (0, 1, 2, 0):
        listed = one(q)
        assert isinstance(listed, np.ndarray)
        expected = batch[q][batch[q] >= 0]
        assert listed[: len(expected)].tolist() == expected.tolist()


@pytest.mark.parametrize("artifact", [NEIGHBORS, SCORES])
@pytest.mark.parametrize("known_barred", [True, False])
def test_any_shape_is_asked_query_by_query(artifact: ItemNeighbors | ItemScores, known_barred: bool) -> None:
    asked_at = window(known_barred=known_barred)
    batch, single = answer(artifact, asked_at, Asking()), answer(_Wrapped(artifact), asked_at, Asking())
    assert single.ranks.tolist() == batch.ranks.tolist()
    assert single.lists.tolist() == batch.lists.tolist()


class _Wrapped:
    """A shape that has no kernel for many queries at once."""

    shape: ClassVar[str] = "wrapped"
    reason = "test"
    n_items = 4
    n_entries = 1

    def __init__(self, inner: Artifact) -> None:
        self.inner = inner

    def retrieve(self, asked: Asked, blocked: Array, scores: Array, touched: Array) -> int:
        return self.inner.retrieve(asked, blocked, scores, touched)

    def is_sound(self, n_items: int) -> bool:
        return self.inner.is_sound(n_items)

    def arrays(self) -> dict[str, Array]:
        return self.inner.arrays()

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> _Wrapped:
        return cls(ItemScores.from_arrays(arrays, reason))


def test_acts_are_counted_by_item() -> None:
    assert act_counts(window(known_barred=True)).sum() == len(window(known_barred=True).train.interactions.items)
