"""Factors asked ahead answer as they do when they are asked alone."""

from __future__ import annotations

import numpy as np
import pytest

from endcap.artifacts.factors import Factors, FoldIn
from endcap.core.choice import Asking, Choice, ChosenSource
from endcap.replay.ahead import Ahead
from endcap.replay.answering import answer, one_by_one
from endcap.replay.choosing import answer_choice
from endcap.replay.held_out import HeldOut, Window
from endcap.testing.histories import random_data

N_ITEMS, N_QUERIES = 900, 150
RNG = np.random.default_rng(0)
VECTORS, BIASES = RNG.normal(size=(N_ITEMS, 6)), RNG.normal(size=N_ITEMS)
FACTORS = Factors.of(VECTORS, FoldIn(l2=0.5, unseen=3.0), "to_your_taste", prior=np.full(6, 0.3), biases=BIASES)
DECAYING = Asking(last=3, decay=2.0)


def window(*, known_barred: bool) -> Window:
    known = [RNG.permutation(N_ITEMS)[: 1 + q % 5].tolist() for q in range(N_QUERIES)]
    targets = RNG.integers(0, N_ITEMS, N_QUERIES).tolist()
    held_out = HeldOut.of(known, targets, list(range(N_QUERIES)), known_barred=known_barred)
    return Window(random_data(0, n_items=N_ITEMS), held_out, ())


@pytest.mark.parametrize("known_barred", [True, False])
@pytest.mark.parametrize("asking", [Asking(), DECAYING])
def test_many_at_once_are_answered_like_one_alone(asking: Asking, known_barred: bool) -> None:
    questions = window(known_barred=known_barred)
    together, alone = answer(FACTORS, questions, asking), one_by_one(FACTORS, questions, asking)
    for q in range(N_QUERIES):
        listed = alone(q)
        assert isinstance(listed, np.ndarray)
        assert listed.tolist() == together.lists[q].tolist()


def test_a_query_may_come_at_any_time() -> None:
    held_out = window(known_barred=True).held_out
    in_order, anyhow = Ahead(FACTORS, held_out, DECAYING), Ahead(FACTORS, held_out, DECAYING)
    expected = [in_order.answer(q) for q in range(N_QUERIES)]
    for q in (149, 0, 70, 3, 64, 64):
        rows, scores = anyhow.answer(q)
        assert rows.tolist() == expected[q][0].tolist()
        np.testing.assert_allclose(scores, expected[q][1], rtol=1e-4)


def test_a_choice_of_one_source_answers_as_the_source_does() -> None:
    questions = window(known_barred=True)
    choice = Choice(task="basket", sources=(ChosenSource(artifact="als", asking=DECAYING),))
    assert (
        answer_choice(choice, {"als": FACTORS}, questions).lists.tolist() == answer(FACTORS, questions, DECAYING).lists.tolist()
    )
