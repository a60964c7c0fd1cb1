"""Costs are spread over their time and never counted twice."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.core.time import DAY_MS, FixedClock
from endcap.errors import BadInput
from endcap.measurement.costs import KIND, Cost, CostKind, costs_of, put_cost, spent
from endcap.stores.memory import MemoryHome

START = 1_772_323_200_000


def cost(name: str = "fees", amount: str = "100", currency: str = "EUR", kind: CostKind = "implementation") -> Cost:
    return Cost(name=name, kind=kind, amount=Decimal(amount), currency=currency, since=START, until=START + 30 * DAY_MS)


@given(
    st.decimals(min_value=0, max_value=10**9, places=2),
    st.integers(1, 400 * DAY_MS),
    st.lists(st.integers(-DAY_MS, 401 * DAY_MS), max_size=20),
)
def test_the_parts_of_a_period_add_up_to_the_amount_to_the_cent(amount: Decimal, length: int, cuts: list[int]) -> None:
    one = Cost(name="a", kind="media", amount=amount, currency="EUR", since=START, until=START + length)
    edges = [START - 2 * DAY_MS, *sorted(START + cut for cut in cuts), START + 500 * DAY_MS]
    parts = [spent([one], since, until, "EUR").get("cost_media", 0) for since, until in pairwise(edges)]
    assert sum(parts) == int(amount * 100)
    assert min(parts) >= 0


def test_kinds_are_kept_apart_and_other_currencies_left_out() -> None:
    costs = [cost(), cost("ads", "50", kind="media"), cost("more", "1.50"), cost("abroad", "9", currency="USD")]
    assert spent(costs, START, START + 30 * DAY_MS, "EUR") == {"cost_implementation": 10_150, "cost_media": 5_000}


def test_nothing_told_for_a_time_is_not_zero() -> None:
    assert spent([cost()], START + 30 * DAY_MS, START + 60 * DAY_MS, "EUR") == {}


def test_a_cost_is_kept_as_it_was_told_and_replaced_by_name() -> None:
    documents = MemoryHome(FixedClock(START)).open("s", create=True).documents
    put_cost(documents, cost(amount="100.00"))
    put_cost(documents, cost(amount="120.50"))
    assert costs_of(documents) == (cost(amount="120.50"),)
    documents.delete(KIND, "fees")
    assert costs_of(documents) == ()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"until": START}, "until"),
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"since": -5}, "since"),
    ],
)
def test_a_cost_that_cannot_be_is_refused(changed: dict[str, Any], field: str) -> None:
    told: dict[str, Any] = {
        "name": "a", "kind": "media", "amount": Decimal(1), "currency": "EUR", "since": START, "until": START + 1,
    }  # fmt: skip
    with pytest.raises(BadInput) as caught:
        Cost(**{**told, **changed})
    assert caught.value.field == field
