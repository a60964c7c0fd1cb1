from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.dataset.build import ACTS, build_dataset
from endcap.dataset.splits import before, since
from endcap.replay.held_out import HeldOut
from endcap.testing.histories import example, random_data
from endcap.training.tasks import MOST_QUESTIONS, QUESTIONS_PER_VISIT, TASKS, questions

VIEW, BUY = KIND["view"], KIND["purchase"]


def asked(held_out: HeldOut) -> set[tuple[tuple[int, ...], tuple[int, ...]]]:
    return {
        (
            tuple(held_out.rows[held_out.starts[q] : held_out.starts[q + 1]].tolist()),
            tuple(held_out.targets[held_out.target_starts[q] : held_out.target_starts[q + 1]].tolist()),
        )
        for q in range(len(held_out))
    }


def shop(*acts: tuple[int, int, str, str]) -> Dataset:
    """Acts as (time, kind, user, item); what one person does at one time is one order."""
    rows = [(at, at, kind, user, user, item, 1, None) for at, kind, user, item in acts]
    return build_dataset(pl.DataFrame(rows, schema=ACTS, orient="row"))


def test_each_item_of_an_order_is_asked_for_with_the_rest() -> None:
    held_out = questions("basket", example("2000-01-01 a b c", "2000-01-02 a"), np.random.default_rng(0))
    assert asked(held_out) == {((1, 2), (0,)), ((0, 2), (1,)), ((0, 1), (2,))}
    assert held_out.known_barred


def test_every_further_act_of_a_visit_is_asked_for_repeats_too() -> None:
    held_out = questions("session", example("2000-01-01 a b a c", "2000-01-02 a", kind="view"), np.random.default_rng(0))
    assert asked(held_out) == {((0,), (1,)), ((0, 1), (0,)), ((0, 1, 0), (2,))}
    assert not held_out.known_barred


def test_a_long_visit_does_not_drown_the_others() -> None:
    long = "2000-01-01 " + " ".join(f"i{number}" for number in range(500))
    held_out = questions("session", example(long, "2000-01-02 a b", kind="view"), np.random.default_rng(0))
    assert len(held_out) == QUESTIONS_PER_VISIT + 1


def test_purchases_are_asked_for_with_all_that_the_person_did_before_on_other_items() -> None:
    data = shop(
        (1, VIEW, "u", "a"), (2, VIEW, "u", "b"), (2, VIEW, "v", "a"), (3, BUY, "u", "b"), (4, VIEW, "u", "c"),
        (5, BUY, "u", "d"), (6, BUY, "new", "a"),
    )  # fmt: skip
    assert asked(questions("purchase", data, np.random.default_rng(0))) == {((0,), (1,)), ((0, 1, 1, 2), (3,))}
    later = questions("purchase", since(data, 4), np.random.default_rng(0), past=before(data, 4))
    assert asked(later) == {((0, 1, 1, 2), (3,))}
    assert later.now_ms is not None
    assert later.now_ms.tolist() == [5]
    assert [one.tolist() for one in later.bought(0)] == [[1], [3]]
    assert later.known_barred


def test_the_next_order_is_asked_for_with_what_was_bought_before() -> None:
    data = shop(
        (1, BUY, "u", "a"), (2, VIEW, "u", "b"), (3, BUY, "u", "a"), (4, BUY, "v", "c"), (10, BUY, "u", "b"), (10, BUY, "u", "c"),
        (11, BUY, "u", "a"), (12, BUY, "new", "a"),
    )  # fmt: skip
    held_out = questions("next_basket", since(data, 10), np.random.default_rng(0), past=before(data, 10))
    assert asked(held_out) == {((0, 0), (1, 2))}, "a view is no purchase, a later order is not the next, and the new have no past"
    assert held_out.now_ms is not None
    assert held_out.now_ms.tolist() == [10]
    assert [one.tolist() for one in held_out.bought(0)] == [[0, 0], [3, 1]], "newest first"


@pytest.mark.parametrize("task", TASKS)
def test_the_sample_is_bounded_and_repeats_with_its_seed(task: Task) -> None:
    data = random_data(0, n_events=30_000)
    middle = int(data.interactions.at_ms[len(data.interactions.at_ms) // 2])
    future, past = since(data, middle), before(data, middle)
    one, same, other = (questions(task, future, np.random.default_rng(seed), past=past) for seed in (1, 1, 2))
    assert 40 < len(one) < MOST_QUESTIONS + QUESTIONS_PER_VISIT + 10
    assert one.rows.tolist() == same.rows.tolist()
    assert one.rows.tolist() != other.rows.tolist()


@pytest.mark.parametrize("task", TASKS)
def test_no_data_have_no_questions(task: Task) -> None:
    assert len(questions(task, example(), np.random.default_rng(0), past=example())) == 0
