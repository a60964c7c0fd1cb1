from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.core.time import MINUTE_MS
from endcap.dataset.build import ACTS, build_dataset, dataset_from_baskets, dataset_from_sessions

VIEW, CART, BUY, RATE = (KIND[name] for name in ("view", "add_to_cart", "purchase", "rating"))


def built(*rows: tuple[Any, ...], products: tuple[Item, ...] = (), now_ms: int | None = None) -> Dataset:
    """From rows of seq, minute, kind, user, session, item."""
    acts = [(seq, minute * MINUTE_MS, kind, user, visit, item, 1, None) for seq, minute, kind, user, visit, item in rows]
    return build_dataset(pl.DataFrame(acts, schema=ACTS, orient="row"), products, now_ms=now_ms)


def visits(data: Dataset) -> list[list[str]]:
    sessions = data.sessions
    return [
        [data.item_ids[row] for row in sessions.items[sessions.indptr[visit] : sessions.indptr[visit + 1]]]
        for visit in range(len(sessions))
    ]


def test_items_are_numbered_by_product_then_by_first_appearance() -> None:
    products = (Item(item_id="p2", title="Two", price=Decimal("2.55"), currency="GBP"), Item(item_id="p1", title="One"))
    views = ((1, 9, "late"), (2, 1, "early"), (3, 5, "p1"))
    data = built(*((seq, minute, VIEW, "u", None, item) for seq, minute, item in views), products=products)
    assert data.item_ids == ["p2", "p1", "early", "late"]
    assert data.catalog.titles == ["Two", "One", "", ""]
    assert data.catalog.price_minor.tolist() == [255, -1, -1, -1]
    assert data.interactions.items.tolist() == [2, 1, 3]


def test_a_person_is_the_user_else_the_session_else_nobody() -> None:
    data = built(
        (1, 1, VIEW, "x", "x", "a"), (2, 2, VIEW, None, "x", "a"), (3, 3, VIEW, None, None, "a"), (4, 4, VIEW, "x", None, "a")
    )  # fmt: skip
    assert data.interactions.users.tolist() == [0, 1, -1, 0]
    assert data.interactions.n_users == 2


def test_baskets_are_orders_of_distinct_items_in_time_order() -> None:
    data = built(
        (1, 5, BUY, "u", None, "b"), (1, 5, BUY, "u", None, "a"), (1, 5, BUY, "u", None, "b"), (2, 1, BUY, None, None, "c"),
        (3, 3, VIEW, None, None, "d"),
    )  # fmt: skip
    baskets = data.baskets
    spans = [slice(*span) for span in pairwise(baskets.indptr.tolist())]
    named = [sorted(data.item_ids[row] for row in baskets.items[span]) for span in spans]
    assert named == [["c"], ["a", "b"]]
    assert baskets.at_ms.tolist() == [MINUTE_MS, 5 * MINUTE_MS]
    assert (np.diff(baskets.items[1:]) > 0).all()


def test_a_session_that_rests_half_an_hour_becomes_two_visits_in_the_order_of_their_last_acts() -> None:
    data = built(
        (1, 0, VIEW, None, "s", "a"), (2, 30, VIEW, None, "s", "b"), (3, 61, VIEW, None, "s", "c"), (4, 10, CART, None, "t", "d"),
        (5, 12, RATE, None, "t", "e"), (6, 40, BUY, None, "t", "f"),
    )  # fmt: skip
    assert visits(data) == [["a", "b"], ["d", "f"], ["c"]]
    assert data.sessions.kinds.tolist() == [VIEW, VIEW, CART, BUY, VIEW]


def test_a_purchase_without_a_session_belongs_to_the_visit_its_user_was_in() -> None:
    data = built(
        (1, 0, VIEW, "u", "s", "a"), (2, 10, BUY, "u", None, "b"), (3, 50, BUY, "u", None, "c"), (4, 11, BUY, "v", None, "d")
    )  # fmt: skip
    assert visits(data) == [["a", "b"]]
    assert len(data.baskets) == 3


def test_now_is_just_after_the_last_act_unless_given() -> None:
    assert built((1, 2, VIEW, "u", None, "a")).now_ms == 2 * MINUTE_MS + 1
    assert built((1, 2, VIEW, "u", None, "a"), now_ms=7).now_ms == 7
    empty = build_dataset(ACTS.to_frame())
    assert (empty.now_ms, empty.n_items, len(empty.baskets), len(empty.sessions)) == (0, 0, 0, 0)


def test_baskets_alone_make_a_data_set() -> None:
    data = dataset_from_baskets(["a", "b", "c"], np.array([0, 2, 3]), np.array([2, 0, 1]), np.array([5, 9]))
    assert data.baskets.items.tolist() == [0, 2, 1]
    assert data.interactions.users.tolist() == [0, 0, 1]
    assert data.interactions.at_ms.tolist() == [5, 5, 9]
    assert data.now_ms == 10
    known = dataset_from_baskets(["a"], np.array([0, 1, 2]), np.array([0, 0]), np.array([5, 9]), users=np.array([-1, 4]))
    assert known.interactions.users.tolist() == [-1, 4]
    assert known.interactions.n_users == 5


def test_sessions_alone_make_a_data_set() -> None:
    data = dataset_from_sessions(["a", "b"], np.array([0, 2, 3]), np.array([1, 0, 1]), np.array([4, 9, 6]))
    assert visits(data) == [["b", "a"], ["b"]]
    assert data.interactions.at_ms.tolist() == [4, 6, 9]
    assert data.interactions.users.tolist() == [0, 1, 0]
    assert data.now_ms == 10


def test_categories_of_ids_give_what_strings_give() -> None:
    rows = [
        (1, 5, VIEW, "u", "s", "b", 1, None), (2, 3, VIEW, None, "t", "a", 1, None), (3, 9, BUY, "u", None, "b", 2, "o"),
        (4, 8, VIEW, "v", None, "c", 1, None), (5, 20, KIND["refund"], "u", None, "b", 1, "o"),
    ]  # fmt: skip
    acts = pl.DataFrame(rows, schema=ACTS, orient="row")
    ids = pl.Categorical(pl.Categories.random())
    pl.Series(["t", "c", "v", "b"]).cast(ids)  # the numbers of categories are not the numbers of the data set
    with_strings = build_dataset(acts)
    with_categories = build_dataset(acts.with_columns(pl.col("user", "session", "item", "order").cast(ids)))
    assert with_categories.item_ids == with_strings.item_ids == ["a", "b", "c"]
    assert with_categories.interactions.users.tolist() == with_strings.interactions.users.tolist() == [0, 1, 2, 1]
    assert visits(with_categories) == visits(with_strings) == [["a"], ["b", "b"]]
    assert with_categories.interactions.items.tolist() == with_strings.interactions.items.tolist()
