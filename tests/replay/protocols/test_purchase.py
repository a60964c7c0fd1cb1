from __future__ import annotations

import pytest

from endcap.errors import NotEnoughData
from endcap.replay.protocols.purchase import PurchaseProtocol
from tests.replay.protocols.histories import history, queries

PAST = [f"{day} filler view item{day}" for day in range(1, 10)] + [f"{day}.5 filler purchase item{day}" for day in range(1, 10)]


def test_the_purchases_of_the_test_file_know_all_of_the_training_file() -> None:
    given = history(
        "1 ann view mug", "2 ann add_to_cart tea", "3 bob view mug", "3 bob purchase milk",
        test=["9 ann purchase milk", "9 bob purchase lamp", "9 ann view mug"],
    )  # fmt: skip
    window = PurchaseProtocol(given).window(0)
    assert queries(window) == [(["mug", "tea"], ["milk"]), (["mug", "milk"], ["?"])]
    assert window.train.item_ids == ["mug", "tea", "milk"]
    assert window.held_out.known_barred


def test_validation_takes_the_last_purchase_and_all_that_gives_it_away() -> None:
    given = history(
        "1 ann view mug", "2 ann purchase tea", "3 ann view milk", "4 ann view lamp", "5 ann purchase milk", "6 ann view milk",
        "1 bob purchase tea", "1 eve view milk", test=["9 ann purchase mug"],
    )  # fmt: skip
    window = PurchaseProtocol(given).window(1)
    # Bob bought one thing and did nothing else: nothing is known of him. Eve bought nothing.
    assert queries(window) == [(["mug", "tea", "lamp"], ["milk"])]
    assert window.train.item_ids == ["mug", "milk", "tea", "lamp"]  # milk is still known by Eve's view


def test_each_window_is_cut_from_the_training_part_of_the_one_before() -> None:
    given = history(
        "1 ann view mug", "2 ann purchase tea", "3 ann purchase milk", "1 eve view tea", test=["9 ann purchase lamp"]
    )  # fmt: skip
    assert queries(PurchaseProtocol(given).window(2)) == [(["mug"], ["tea"])]


def test_in_time_only_what_came_before_is_known_and_only_what_is_new_is_asked() -> None:
    before = [f"{day} filler purchase item{day}" for day in range(1, 19)]
    given = history(
        *before, "1 ann view mug", "20 bob view mug", "20.1 bob purchase item1", "21 ann view item2", "21.1 ann view lamp",
        "22 ann purchase item2", "23 ann view kettle",
    )  # fmt: skip
    window = PurchaseProtocol(given).window(0)
    # Twenty purchases: the last two are held out. Ann's own view of item2 is no clue, and what she did later is not known. The
    # lamp, which nobody saw before, is not known either.
    assert queries(window) == [(["mug"], ["item1"]), (["mug"], ["item2"])]
    assert "lamp" not in window.train.item_ids
    assert window.held_out.now_ms is not None
    assert window.held_out.now_ms[0] < window.held_out.now_ms[1]


def test_a_second_purchase_of_the_same_item_is_no_question() -> None:
    given = history(*PAST, "1 ann purchase mug", "9.8 ann purchase mug")
    with pytest.raises(NotEnoughData, match="no purchases to ask for"):
        PurchaseProtocol(given).window(0)


def test_what_was_bought_is_known_with_its_time() -> None:
    given = history("1 ann view mug", "2 ann purchase tea", "3 ann purchase tea", test=["9 ann purchase lamp"])
    held_out = PurchaseProtocol(given).window(0).held_out
    rows, at_ms = held_out.bought(0)
    assert rows.tolist() == [1, 1]
    assert at_ms[0] > at_ms[1]


def test_histories_without_purchases_are_refused() -> None:
    with pytest.raises(NotEnoughData, match="no purchases of known people"):
        PurchaseProtocol(history("1 ann view mug")).window(0)
