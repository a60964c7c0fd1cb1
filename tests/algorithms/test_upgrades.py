from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.algorithms.base import FitContext
from endcap.algorithms.upgrades import Upgrades
from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.dataset.build import ACTS, build_dataset, catalog_of
from endcap.testing.algorithms import related

IDS = ["mug", "cup", "goblet", "chalice"]
TWINS = {(one, other): -0.8 for one in IDS for other in IDS if one != other}


def upgrades(data: Dataset, context: FitContext, **options: float) -> dict[str, list[str]]:
    found = Upgrades(**options).fit(data, context)
    return {one: [data.item_ids[other] for other in found.row(row)[0]] for row, one in enumerate(data.item_ids)}


def test_prices_from_a_little_to_twice_as_high_make_an_upgrade() -> None:
    data, context = related(TWINS, mug="10", cup="10.4", goblet="10.5", chalice="20.1")
    assert upgrades(data, context) == {"mug": ["goblet"], "cup": ["chalice"], "goblet": ["chalice"], "chalice": []}
    assert upgrades(data, context, at_most=3.0)["mug"] == ["goblet", "chalice"]


def test_what_serves_another_need_is_none() -> None:
    data, context = related({("mug", "cup"): 0.9, ("mug", "goblet"): -0.4}, mug="10", cup="15", goblet="15")
    assert upgrades(data, context)["mug"] == []


def test_without_a_price_there_is_none() -> None:
    data, context = related(TWINS, cup="15", goblet="20")
    assert upgrades(data, context)["mug"] == []


def with_tiers(**tiers: str) -> tuple[Dataset, FitContext]:
    data, context = related(TWINS, mug="10", cup="30", goblet="90", chalice="9")
    priced = data.catalog.price_minor
    products = [Item(item_id=one, title=one, tier=tiers.get(one)) for one in data.item_ids]
    return replace(data, catalog=replace(catalog_of(data.item_ids, products), price_minor=priced)), context


def test_the_next_tier_is_the_upgrade_at_any_higher_price() -> None:
    data, context = with_tiers(mug="basic", cup="good", goblet="best", chalice="good")
    assert upgrades(data, context) == {"mug": ["cup"], "cup": ["goblet"], "goblet": [], "chalice": ["goblet"]}


def test_variants_of_one_product_are_no_upgrades() -> None:
    data, context = related(TWINS, mug="10", cup="15", goblet="15", chalice="15")
    catalog = replace(data.catalog, families=["one", "one", "", ""])
    assert sorted(upgrades(replace(data, catalog=catalog), context)["mug"]) == ["chalice", "goblet"]


def test_what_was_bought_instead_comes_first() -> None:
    data, context = related(TWINS, mug="10", cup="15", goblet="16", chalice="17")
    acts: list[tuple[object, ...]] = []
    for visit, (seen, taken) in enumerate([("mug", "goblet")] * 3 + [("mug", "cup")] + [("chalice", "cup")], 1):
        acts += [(2 * visit, visit * 10_000, KIND["view"], None, f"v{visit}", seen, 1, None)]
        acts += [(2 * visit + 1, visit * 10_000 + 1, KIND["purchase"], None, f"v{visit}", taken, 1, None)]
    bought = build_dataset(
        pl.DataFrame(acts, schema=ACTS, orient="row"),
        [Item(item_id=one, title=one) for one in IDS],
    )
    found = Upgrades(shrink=1.0).fit(replace(bought, catalog=data.catalog), context)
    assert [IDS[row] for row in found.row(0)[0]] == ["goblet", "cup", "chalice"]
    # sold + 1: cup 3, goblet 4, chalice 1; instead of the mug: 1, 3, 0
    expected = [0.8 * (3 + 1) * (4 / 8) / 5, 0.8 * (1 + 1) * (3 / 8) / 5, 0.8 * 1 * (1 / 8) / 5]
    np.testing.assert_allclose(found.row(0)[1], expected, rtol=1e-6)
    assert found.pair_facts(0, 2) == pytest.approx({"value": expected[0], "ratio": 1.6, "instead": 3.0})


@given(
    prices=st.lists(st.integers(1, 50), min_size=4, max_size=4),
    tiers=st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=4, max_size=4),
    needs=st.dictionaries(st.sampled_from(sorted(TWINS)), st.floats(-1, 1, width=32).filter(bool), min_size=1),
)
def test_an_upgrade_is_always_dearer_and_of_the_same_need(
    prices: list[int], tiers: list[str], needs: dict[tuple[str, str], float]
) -> None:
    data, context = related(needs, **{one: str(price) for one, price in zip(IDS, prices, strict=True)})
    named = dict(zip(IDS, tiers, strict=True))
    data = replace(data, catalog=replace(data.catalog, tiers=[named[one] for one in data.item_ids]))
    cost = dict(zip(IDS, prices, strict=True))
    for one, others in upgrades(data, context).items():
        for other in others:
            assert cost[other] > cost[one]
            assert needs[one, other] <= -0.5
            assert not named[one] or named[one] != named[other]
