from __future__ import annotations

from typing import Any

import pytest

from endcap.core.catalog import Item
from endcap.core.context import Context
from endcap.core.events import KIND
from endcap.core.exposure import UNEXPOSED, Exposure
from endcap.core.preferences import Preferences
from endcap.core.request import RecommendRequest
from endcap.core.time import MINUTE_MS
from endcap.serving.interest import HISTORY_LENGTH
from endcap.serving.items import ItemTable
from endcap.serving.query import build_query
from endcap.stores.ports import Act, History, Search, Seen, Stated

ITEMS = ItemTable(["mug", "spoon"])


def act(seq: int, kind: str, item_id: str, quantity: int = 1, order_id: str | None = None, value: float | None = None) -> Act:
    return Act(seq, seq * 1_000, KIND[kind], item_id, quantity, order_id, value)


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


SHOP = ItemTable(
    ["mug", "spoon"],
    [
        Item(item_id="mug", title="Mug", category=("kitchen", "cups"), brand="Clay & Co"),
        Item(item_id="spoon", title="Spoon", category=("kitchen", "cutlery"), attributes={"wood": "Oak"}),
    ],
)


def stated(**said: Any) -> tuple[Stated, ...]:
    return tuple(Stated(1, field, value) for field, value in said.items())


def test_all_that_is_known_of_a_shopper_is_asked_with() -> None:
    acts = (act(1, "own", "spoon"), act(2, "rating", "mug", value=0.2), act(3, "view", "spoon"), act(4, "dismiss", "spoon"))
    minute = 10_000 // MINUTE_MS
    known = History(9, acts, (Seen(minute, ("mug",)),), (Search(5, 5_000, "tea"),), stated(likes=("Oak",), name="Kim"))
    query = build_query(RecommendRequest(placement="home"), known, SHOP, 10_000)
    assert (query.owned.tolist(), query.dismissed.tolist(), query.disliked.tolist(), query.liked.tolist()) == ([1], [1], [0], [])
    assert (query.history.tolist(), query.trail.tolist()) == ([], []), "neither thumbs down nor a dismissed product is interest"
    assert query.preferences == Preferences(likes=("Oak",), name="Kim")
    assert query.exposure == Exposure(session_seen=1, week_seen=1, week_dismissed=2)
    assert query.context.path == ("tea",)
    assert query.context.session_age_s == 10.0


@pytest.mark.parametrize("term", ["OAK", "cutlery "])
def test_what_bears_a_word_that_is_disliked_is_no_interest(term: str) -> None:
    known = History(9, (act(1, "view", "spoon"), act(2, "view", "mug")), stated=stated(dislikes=(term,)))
    query = build_query(RecommendRequest(placement="home"), known, SHOP, 10_000)
    assert (query.history.tolist(), query.context.path) == ([0], ("cups",))


@pytest.mark.parametrize("wish", ["impersonal", "none"])
def test_who_wants_nothing_personal_is_asked_for_by_the_page_alone(wish: str) -> None:
    acts = (act(1, "view", "mug"), act(2, "purchase", "mug"), act(3, "dismiss", "spoon"), act(4, "own", "mug"))
    known = History(9, acts, (Seen(0, ("spoon",)),), (Search(5, 5_000, "tea"),), stated(recommendations=wish, likes=("Oak",)))
    request = RecommendRequest(placement="product", item_id="spoon", cart=("mug",), exclude=("spoon",))
    query = build_query(request, known, SHOP, 10_000)
    assert (query.anchor, query.cart.tolist(), query.trail.tolist()) == (1, [0], [1])
    assert (query.dismissed.tolist(), query.owned.tolist()) == ([1], [0])
    assert query.exclude.tolist() == [1, 0], "what was bought stays out"
    empty = (query.history, query.purchases, query.weights, query.liked, query.disliked, query.shown, query.context.path)
    assert [len(one) for one in empty] == [0] * len(empty)
    assert query.exposure is UNEXPOSED
    assert query.preferences.recommendations == wish


def test_the_moment_of_a_request() -> None:
    told = {"device": "phone", "language": "de-AT", "country": "nz", "hour": 23, "theme": "dark"}
    context = build_query(RecommendRequest(placement="home", context=told), History(0), SHOP, 10_000).context
    assert context == Context(device="phone", language="de-AT", country="NZ", hemisphere="south", hour=23)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"hour": 24}, Context()),
        ({"hour": True, "device": ["phone"], "language": "x" * 65, "country": 7}, Context()),
        ({"country": "AU", "hemisphere": "north"}, Context(country="AU")),
        ({"hemisphere": "south"}, Context(hemisphere="south")),
        ({"hemisphere": "up", "country": "DE"}, Context(country="DE")),
    ],
)
def test_what_cannot_be_read_counts_as_not_told(told: dict[str, Any], read: Context) -> None:
    assert build_query(RecommendRequest(placement="home", context=told), History(0), SHOP, 10_000).context == read
