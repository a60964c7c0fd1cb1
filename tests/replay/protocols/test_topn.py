from __future__ import annotations

from endcap.core.events import KIND
from endcap.replay.protocols.topn import TopNProtocol
from tests.replay.protocols.histories import history, queries

PAST = [f"{day} filler view item{day}" for day in range(1, 18)]


def test_everything_new_to_a_known_person_is_right() -> None:
    given = history(*PAST, "1 ann view mug", "2 ann view item1", "30 ann view item2", "30 ann view mug", "31 bob view mug")
    # Twenty-two acts: the last three are held out. The mug is not new to Ann, and Bob is new himself.
    assert queries(TopNProtocol(given).window(0)) == [(["mug", "item1"], ["item2"])]


def test_low_ratings_are_no_taking_up_and_high_ones_count_as_views() -> None:
    given = history(
        *PAST, "1 ann rating mug 5", "2 ann rating tea 3", "30 ann rating item2 4", "31 ann rating item3 3.9",
        test=["40 ann rating item4 5", "40 ann rating item5 2"],
    )  # fmt: skip
    window = TopNProtocol(given).window(0)
    assert queries(window) == [(["mug", "item2"], ["item4"])]
    assert set(window.train.interactions.kinds.tolist()) == {KIND["view"]}


def test_what_is_taken_from_a_cart_is_not_taken_up() -> None:
    given = history(*PAST, "1 ann view mug", "30 ann remove_from_cart item1", "30 ann view item2")
    taken_up = [right for _, right in queries(TopNProtocol(given).window(0))]
    assert ["item2"] in taken_up
    assert ["item1"] not in taken_up
