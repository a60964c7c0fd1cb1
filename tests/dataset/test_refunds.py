from __future__ import annotations

from typing import Any

import polars as pl

from endcap.core.events import KIND
from endcap.dataset.build import ACTS
from endcap.dataset.refunds import without_refunded

BUY, BACK, VIEW = KIND["purchase"], KIND["refund"], KIND["view"]


def kept(*rows: tuple[Any, ...]) -> list[int]:
    """The sequence numbers that are left, of rows of kind, user, order, item, quantity."""
    acts = [
        (seq, seq, kind, user, None, item, quantity, order) for seq, (kind, user, order, item, quantity) in enumerate(rows, 1)
    ]
    return without_refunded(pl.DataFrame(acts, schema=ACTS, orient="row"))["seq"].to_list()


def test_what_was_given_back_whole_was_not_bought() -> None:
    assert kept((BUY, "u", "1", "a", 2), (BUY, "u", "1", "b", 1), (BACK, "u", "C9", "a", 2)) == [2]


def test_a_piece_that_was_kept_keeps_the_purchase() -> None:
    assert kept((BUY, "u", "1", "a", 2), (BACK, "u", None, "a", 1)) == [1]
    assert kept((BUY, "u", "1", "a", 2), (BACK, "u", None, "a", 1), (BACK, "u", None, "a", 1)) == []


def test_the_newest_purchase_goes_first_and_the_rest_is_taken_from_older_ones() -> None:
    assert kept((BUY, "u", "1", "a", 2), (BUY, "u", "2", "a", 1), (BACK, "u", None, "a", 1)) == [1]
    assert kept((BUY, "u", "1", "a", 2), (BUY, "u", "2", "a", 1), (BACK, "u", None, "a", 3)) == []


def test_the_order_that_is_named_counts_before_the_user() -> None:
    assert kept((BUY, "u", "1", "a", 1), (BUY, "u", "2", "a", 1), (BACK, "u", "1", "a", 1)) == [2]
    assert kept((BUY, None, "1", "a", 1), (BACK, None, "1", "a", 1)) == []


def test_other_people_and_later_purchases_are_left_alone() -> None:
    assert kept((BUY, "u", "1", "a", 1), (BACK, "v", None, "a", 1), (BACK, None, None, "a", 1)) == [1]
    assert kept((BACK, "u", None, "a", 1), (BUY, "u", "1", "a", 1), (VIEW, "u", None, "a", 1)) == [2, 3]
