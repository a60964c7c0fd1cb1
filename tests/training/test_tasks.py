from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.dataset.build import ACTS, build_dataset
from endcap.replay.held_out import HeldOut
from endcap.testing.histories import example, random_data
from endcap.training.tasks import MAX_QUESTIONS, questions


def asked(held_out: HeldOut) -> set[tuple[tuple[int, ...], int]]:
    return {
        (tuple(held_out.rows[held_out.starts[q] : held_out.starts[q + 1]].tolist()), int(held_out.targets[q]))
        for q in range(len(held_out))
    }


def test_each_item_of_an_order_is_asked_for_with_the_rest() -> None:
    held_out = questions("basket", example("2000-01-01 a b c", "2000-01-02 a"), np.random.default_rng(0))
    assert asked(held_out) == {((1, 2), 0), ((0, 2), 1), ((0, 1), 2)}
    assert held_out.known_barred


def test_the_next_new_item_of_a_visit_is_asked_for() -> None:
    held_out = questions("session", example("2000-01-01 a b a c", "2000-01-02 a", kind="view"), np.random.default_rng(0))
    assert asked(held_out) == {((0,), 1), ((0, 1, 0), 2)}


def test_purchases_are_asked_for_with_the_other_items_that_were_looked_at() -> None:
    view, buy = KIND["view"], KIND["purchase"]
    acts = [(view, "a"), (view, "b"), (buy, "b"), (view, "c"), (buy, "d")]
    rows = [(seq, seq, kind, None, "s", item, 1, None) for seq, (kind, item) in enumerate(acts, 1)]
    data = build_dataset(pl.DataFrame(rows, schema=ACTS, orient="row"))
    assert asked(questions("purchase", data, np.random.default_rng(0))) == {((0,), 1), ((0, 1, 2), 3)}


@pytest.mark.parametrize("task", ["basket", "session", "purchase"])
def test_the_sample_is_bounded_and_repeats_with_its_seed(task: Task) -> None:
    data = random_data(0, n_events=20_000)
    one, same, other = (questions(task, data, np.random.default_rng(seed)) for seq, seed in enumerate((1, 1, 2)))
    assert 500 < len(one) < MAX_QUESTIONS + 100
    assert asked(one) == asked(same) != asked(other)


def test_no_data_have_no_questions() -> None:
    for task in ("basket", "session", "purchase"):
        assert len(questions(task, example(), np.random.default_rng(0))) == 0
