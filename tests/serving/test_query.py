from __future__ import annotations

from endcap.core.events import KIND
from endcap.core.request import RecommendRequest
from endcap.serving.interest import HISTORY_LENGTH
from endcap.serving.items import ItemTable
from endcap.serving.query import build_query
from endcap.stores.ports import Act, History

ITEMS = ItemTable(["mug", "spoon"])


def act(seq: int, kind: str, item_id: str, quantity: int = 1, order_id: str | None = None) -> Act:
    return Act(seq, seq * 1_000, KIND[kind], item_id, quantity, order_id)


def past(*newest_first: Act) -> History:
    return History(0, newest_first[::-1])


def rows_bought(*newest_first: Act) -> list[int]:
    query = build_query(RecommendRequest(placement="cart"), past(*newest_first), ITEMS, 10_000)
    return [purchase.row for purchase in query.purchases]


def test_a_refund_takes_the_purchase_before_it_back() -> None:
    assert rows_bought(act(1, "purchase", "mug")) == [0]
    assert rows_bought(act(2, "refund", "mug"), act(1, "purchase", "mug")) == []


def test_a_refund_does_not_reach_a_later_purchase() -> None:
    assert rows_bought(act(2, "purchase", "mug"), act(1, "refund", "mug")) == [0]


def test_a_part_that_was_kept_counts_as_bought() -> None:
    assert rows_bought(act(2, "refund", "mug", 1), act(1, "purchase", "mug", 2)) == [0]
    assert rows_bought(act(3, "refund", "mug", 2), act(2, "purchase", "mug", 1), act(1, "purchase", "mug", 1)) == []


def test_a_refund_that_names_an_order_leaves_the_others_bought() -> None:
    acts = [
        act(3, "refund", "mug", order_id="A"),
        act(2, "purchase", "mug", order_id="B"),
        act(1, "purchase", "mug", order_id="A"),
    ]
    query = build_query(RecommendRequest(placement="cart"), past(*acts), ITEMS, 10_000)
    assert [purchase.at_ms for purchase in query.purchases] == [2_000]


def test_a_refund_that_names_an_unknown_order_takes_from_the_newest() -> None:
    acts = [
        act(3, "refund", "mug", order_id="C-7"),
        act(2, "purchase", "mug", order_id="B"),
        act(1, "purchase", "mug", order_id="A"),
    ]
    query = build_query(RecommendRequest(placement="cart"), past(*acts), ITEMS, 10_000)
    assert [purchase.at_ms for purchase in query.purchases] == [1_000]


def test_history_is_newest_first_without_repeats_and_unknown_items() -> None:
    acts = [act(4, "view", "spoon"), act(3, "view", "gone"), act(2, "view", "spoon"), act(1, "add_to_cart", "mug")]
    query = build_query(RecommendRequest(placement="home", item_id="gone"), past(*acts), ITEMS, 10_000)
    assert query.history.tolist() == [1, 0]
    assert query.anchor == -1


def test_history_is_bounded() -> None:
    many = ItemTable([str(number) for number in range(100)])
    acts = [act(100 - number, "view", str(number)) for number in range(100)]
    assert len(build_query(RecommendRequest(placement="home"), past(*acts), many, 0).history) == HISTORY_LENGTH


def test_the_trail_keeps_repeats_and_begins_with_the_page_that_is_open() -> None:
    acts = [act(4, "view", "spoon"), act(3, "search", "mug"), act(2, "view", "spoon"), act(1, "view", "mug")]
    on_mug = build_query(RecommendRequest(placement="product", item_id="mug"), past(*acts), ITEMS, 10_000)
    assert on_mug.trail.tolist() == [0, 1, 1, 0]
    on_spoon = build_query(RecommendRequest(placement="product", item_id="spoon"), past(*acts), ITEMS, 10_000)
    assert on_spoon.trail.tolist() == [1, 1, 0]
    assert build_query(RecommendRequest(placement="home"), past(*acts), ITEMS, 10_000).trail.tolist() == [1, 1, 0]
