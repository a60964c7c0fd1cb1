from __future__ import annotations

import pytest

from endcap.errors import NotEnoughData
from endcap.replay.protocols.next_basket import NextBasketProtocol
from tests.replay.protocols.histories import history, queries

PAST = [f"{day} filler{day} purchase item{day}" for day in range(1, 19)]


def test_the_next_order_of_each_known_customer_is_asked_for_whole() -> None:
    given = history(
        *PAST, "1 ann purchase mug", "1 ann purchase tea", "2 ann view lamp", "30 ann purchase tea", "30 ann purchase kettle",
        "31 bob purchase tea",
    )  # fmt: skip
    window = NextBasketProtocol(given).window(0)
    # Twenty-one orders: the last three begin with filler18's only one, who has no past; neither has Bob.
    assert queries(window) == [(["mug", "tea"], ["tea", "?"])]
    assert not window.held_out.known_barred
    assert "lamp" not in window.train.item_ids  # it was looked at, not bought


def test_only_the_first_order_of_the_held_out_time_counts() -> None:
    given = history(*PAST, "1 ann purchase mug", "30 ann purchase tea", "31 ann purchase milk")
    assert [right for _, right in queries(NextBasketProtocol(given).window(0))] == [["?"]]


def test_times_of_purchases_and_of_the_question_are_told() -> None:
    given = history(*PAST, "1 ann purchase mug", "3 ann purchase mug", "30 ann purchase mug")
    held_out = NextBasketProtocol(given).window(0).held_out
    rows, at_ms = held_out.bought(0)
    assert len(rows) == 2
    assert held_out.now_ms is not None
    assert held_out.now_ms[0] > at_ms[0] > at_ms[1]


def test_orders_of_nobody_are_refused() -> None:
    given = history("1 ann view mug")
    with pytest.raises(NotEnoughData, match="no orders of known customers"):
        NextBasketProtocol(given).window(0)
