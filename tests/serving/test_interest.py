from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.core.events import KIND
from endcap.core.ids import IdMap
from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.serving.interest import EARLIER, HISTORY_LENGTH, LEAST, interest
from endcap.stores.ports import Act

IDS = IdMap(["mug", "pot", "jug"])
NOW = 1_700_000_000_000


def act(item: str, kind: str = "view", ago_ms: int = 0, value: float | None = None) -> Act:
    return Act(1, NOW - ago_ms, KIND[kind], item, value=value)


def weights(*newest_first: Act) -> list[float]:
    found = interest(newest_first, IDS, frozenset())
    return [1.0] * len(found.history) if not len(found.weights) else found.weights.tolist()


@pytest.mark.parametrize(("ago_ms", "left"), [
    (0, 1.0), (30 * MINUTE_MS, 0.5), (15 * MINUTE_MS, 2**-0.5), (31 * MINUTE_MS, EARLIER * 2 ** (-31 / 30)),
    (2 * DAY_MS, EARLIER * LEAST),
])  # fmt: skip
def test_interest_halves_in_half_an_hour_and_falls_between_visits(ago_ms: int, left: float) -> None:
    assert weights(act("mug"), act("pot", ago_ms=ago_ms)) == pytest.approx([1.0, left])


def test_a_visit_goes_on_as_long_as_nobody_rests() -> None:
    chain = [act("pot", ago_ms=minutes * MINUTE_MS) for minutes in (20, 40, 60)]
    assert weights(act("mug"), *chain[:-1], act("jug", ago_ms=60 * MINUTE_MS))[-1] == pytest.approx(0.25)
    assert weights(act("mug"), act("jug", ago_ms=60 * MINUTE_MS))[-1] == pytest.approx(0.25 * EARLIER)


def test_time_runs_from_the_newest_act_whenever_that_was() -> None:
    assert weights(act("mug", ago_ms=DAY_MS), act("pot", ago_ms=DAY_MS + 30 * MINUTE_MS)) == pytest.approx([1.0, 0.5])


@pytest.mark.parametrize(("stronger", "weaker"), [
    ("purchase", "add_to_cart"), ("add_to_cart", "click"), ("click", "view"),
])  # fmt: skip
def test_a_stronger_act_counts_more(stronger: str, weaker: str) -> None:
    found = weights(act("mug", weaker), act("pot", stronger))
    assert found[0] < found[1] == 1.0


def test_a_view_counts_by_how_long_it_lasted() -> None:
    lasting = [weights(act("mug", value=ms), act("pot", "purchase"))[0] for ms in (0.0, 10_000.0, 30_000.0, 70_000.0, 1e9)]
    assert lasting == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert weights(act("mug", value=10_000.0), act("pot")) == [1.0, 1.0], "of ten seconds is what any view is taken for"


def test_what_was_put_back_counts_as_looked_at() -> None:
    acts = act("mug", "remove_from_cart"), act("mug", "add_to_cart"), act("pot")
    assert weights(*acts) == [1.0, 1.0]
    assert weights(act("mug", "add_to_cart"), act("mug", "remove_from_cart"), act("pot"))[1] < 1.0


def test_an_item_counts_as_its_strongest_act() -> None:
    assert weights(act("mug"), act("pot"), act("mug", "purchase")) == [1.0, 0.5]


def test_without_a_difference_there_are_no_weights() -> None:
    found = interest([act("mug"), act("pot"), act("mug")], IDS, frozenset())
    assert (found.trail, found.history, found.weights.tolist()) == ([0, 1, 0], [0, 1], [])
    assert found.weights.dtype == np.float32


def test_what_is_unwanted_is_no_interest() -> None:
    found = interest([act("mug"), act("pot", ago_ms=9)], IDS, frozenset({0}))
    assert (found.trail, found.history, found.at_ms) == ([1], [1], [NOW - 9])


_acts = st.builds(
    act, st.sampled_from(["mug", "pot", "jug", "gone"]),
    st.sampled_from(["view", "click", "add_to_cart", "remove_from_cart", "purchase", "search"]), st.integers(0, 5 * DAY_MS),
)  # fmt: skip


@given(st.lists(_acts, max_size=60))
def test_weights_stand_beside_the_history_above_nought_up_to_one(acts: list[Act]) -> None:
    found = interest(acts, IDS, frozenset())
    assert list(dict.fromkeys(found.trail)) == found.history
    assert len(found.history) == len(found.at_ms) <= HISTORY_LENGTH
    assert len(found.weights) in (0, len(found.history))
    assert all(0 < weight <= 1 for weight in found.weights.tolist())
    assert not len(found.weights) or found.weights.max() == 1.0
