from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pytest
from scipy import sparse

from endcap.artifacts.base import Array
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.errors import BadInput
from endcap.replay.answering import DEPTH, act_counts, answer, one_by_one
from endcap.replay.asking import Asking
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


def test_a_shape_that_cannot_be_asked_is_refused() -> None:
    with pytest.raises(BadInput, match="odd"):
        answer(_Odd(), window(known_barred=True), Asking())


class _Odd:
    shape: ClassVar[str] = "odd"
    reason = "test"
    n_items = 4

    def arrays(self) -> dict[str, Array]:
        return {}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> _Odd:
        del arrays, reason
        return cls()


def test_acts_are_counted_by_item() -> None:
    assert act_counts(window(known_barred=True)).sum() == len(window(known_barred=True).train.interactions.items)
