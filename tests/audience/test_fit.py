"""A fit over shops whose customers are known."""

from __future__ import annotations

from collections import Counter, defaultdict

import msgspec
import numpy as np
import pytest

from endcap.audience.fit import fit_customers
from endcap.audience.model import TIERS, CustomerModel, FitOptions, decode_model
from endcap.core.time import DAY_MS
from endcap.stores import memory
from endcap.stores.ports import Customer, ShopStores
from tests.crawling import crawled

from .worlds import END_MS, HABITS, filled, kind_of, planted, purchase, refund


def empty() -> ShopStores:
    return memory.open_home().open("shop", create=True)


@pytest.fixture(scope="module")
def shop() -> ShopStores:
    return filled(empty(), 60)


@pytest.fixture(scope="module")
def model(shop: ShopStores) -> CustomerModel:
    return fit_customers(shop)


def everybody(shop: ShopStores) -> list[Customer]:
    return shop.customers.read(limit=100_000)


def test_planted_kinds_are_found_and_called_by_their_names(shop: ShopStores, model: CustomerModel) -> None:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for one in everybody(shop):
        found[kind_of(one.user_id)][one.segment] += 1
    for kind in HABITS:
        assert found[kind][kind] >= 0.9 * found[kind].total(), found
    assert found["window_shoppers"] == {"window_shoppers": 60}
    assert {one.name for one in model.segments} == {*HABITS, "window_shoppers"}
    assert model.clusters is not None
    assert model.clusters.agreement > 0.8


def test_the_same_log_gives_the_same_customers_in_whatever_order_it_was_written(shop: ShopStores, model: CustomerModel) -> None:
    other = filled(empty(), 60)
    shuffled = empty()
    shuffled.catalog.put(shop.catalog.all())
    events = list(planted(60))
    shuffled.log.append([events[place] for place in np.random.default_rng(0).permutation(len(events))])
    assert fit_customers(other) == model
    fit_customers(shuffled)
    assert everybody(other) == everybody(shop) == everybody(shuffled)


def test_segments_keep_their_names_as_the_shop_goes_on(shop: ShopStores, model: CustomerModel) -> None:
    later = filled(empty(), 60)
    fit_customers(later)
    before = {one.user_id: one.segment for one in everybody(later)}
    later.log.append([purchase(f"fresh-{number}", f"f{number}", END_MS + DAY_MS, ("p1", 2, 20.0)) for number in range(15)])
    after = fit_customers(later, FitOptions(seed=7), now_ms=END_MS + 5 * DAY_MS)
    assert {one.name for one in after.segments} == {one.name for one in model.segments}
    same = [one.segment == before[one.user_id] for one in everybody(later) if one.user_id in before]
    assert np.mean(same) > 0.97


def test_tiers_are_by_what_customers_are_expected_to_spend(shop: ShopStores, model: CustomerModel) -> None:
    worth: dict[str, list[int]] = defaultdict(list)
    for one in everybody(shop):
        worth[one.tier].append(one.value_minor)
    assert [len(worth[tier]) / model.buyers for tier in TIERS] == pytest.approx(list(TIERS.values()), abs=0.01)
    assert min(worth["high"]) >= max(worth["middle"]) >= min(worth["middle"]) >= max(worth["low"])
    assert max(worth[""]) == 0
    kinds = Counter(kind_of(one.user_id) for one in everybody(shop) if one.tier == "high")
    assert kinds["gone_quiet"] == 0
    assert kinds["big_spenders"] + kinds["frequent_buyers"] > 0.9 * kinds.total()


def test_figures_add_up(model: CustomerModel) -> None:
    buyers = [one for one in model.segments if one.orders]
    for parts in (model.tiers, buyers):
        assert sum(one.customers for one in parts) == model.buyers == model.everybody.customers
        assert sum(one.revenue_minor for one in parts) == model.everybody.revenue_minor
        assert sum(one.orders for one in parts) == model.everybody.orders
    assert sum(model.churn) == sum(map(sum, model.rfm)) == model.buyers
    assert model.customers == model.buyers + 60


def test_orders_are_net_of_what_was_given_back() -> None:
    shop = empty()
    day = DAY_MS
    shop.log.append([
        purchase("a", "1", END_MS - 9 * day, ("p1", 3, 10.0), ("p2", 1, 5.5)),
        refund("a", "1", END_MS - 8 * day, ("p1", 2)),
        purchase("a", "2", END_MS - 7 * day, ("p3", 1, 100.0)),
        refund("a", "2", END_MS - 6 * day, ("p3", 1)),
        refund("a", "none", END_MS - 6 * day, ("p9", 4)),
        purchase("b", "3", END_MS - 5 * day, ("p1", 1, 7.0)),
        refund("b", "none", END_MS - 6 * day, ("p1", 1)),
    ])  # fmt: skip
    fit_customers(shop, now_ms=END_MS)
    a, b = everybody(shop)
    assert (a.orders, a.order_days, a.spent_minor, a.first_ms, a.last_ms) == (1, 1, 1_550, END_MS - 9 * day, END_MS - 9 * day)
    assert (b.orders, b.spent_minor) == (1, 700)  # what came back before it was bought is another piece


def test_sessions_count_for_whom_they_name_and_other_currencies_without_amount() -> None:
    shop = empty()
    shop.log.append([
        purchase(None, "1", END_MS - 50, ("p1", 1, 10.0), session_id="s1"),
        purchase("a", "2", END_MS - 40, ("p1", 1, 10.0), session_id="s1"),
        purchase(None, "4", END_MS - 35, ("p1", 1, 10.0), session_id="s2"),
        purchase("a", "3", END_MS - 30, ("p1", 1, 99.0), currency="USD"),
    ])  # fmt: skip
    model = fit_customers(shop, now_ms=END_MS)
    (a,) = everybody(shop)
    assert (model.currency, a.orders, a.spent_minor) == ("EUR", 3, 2_000)


def test_a_shop_without_customers_says_what_is_lacking() -> None:
    shop = empty()
    model = fit_customers(shop, now_ms=END_MS)
    assert (model.customers, model.buying, model.spending, model.clusters, model.calibration) == (0, None, None, None, None)
    assert (model.tiers, model.segments, everybody(shop)) == ((), (), [])
    assert ["too few" in note for note in model.notes] == [True, True]
    assert decode_model(shop.customers.summary()) == model


def test_a_shop_without_prices_has_no_values_and_tiers_by_orders() -> None:
    shop = empty()
    bare = [event for event in planted(30) if event.type == "purchase"]
    shop.log.append([purchase(str(event.user_id), str(event.order_id), event.at_ms, ("p1", 1, 0)) for event in bare])
    model = fit_customers(shop)
    assert model.spending is None
    assert any("send prices" in note for note in model.notes)
    assert model.everybody.value_minor == 0
    assert {one.tier for one in everybody(shop)} == set(TIERS)


def test_nothing_after_now_is_seen() -> None:
    shop, early = filled(empty(), 30), empty()
    early.log.append([event for event in planted(30) if event.at_ms < END_MS - 100 * DAY_MS])
    early.catalog.put(shop.catalog.all())
    assert (
        fit_customers(shop, now_ms=END_MS - 100 * DAY_MS).everybody
        == fit_customers(early, now_ms=END_MS - 100 * DAY_MS).everybody
    )


def test_the_look_back_compares_with_what_came(model: CustomerModel) -> None:
    back = model.calibration
    assert back is not None
    assert back.orders > 0
    assert sum(one.customers for one in back.bins) == back.customers
    assert sum(one.happened * one.customers for one in back.bins) == pytest.approx(back.buyers)
    assert sum(one.foretold * one.customers for one in back.bins) == pytest.approx(back.buyers_foretold)
    assert back.brier < back.brier_base


def test_a_crawler_is_no_customer_and_changes_none(shop: ShopStores, model: CustomerModel) -> None:
    other = filled(empty(), 60)
    bots = crawled(10_000, [f"p{number}" for number in range(20)], END_MS - 300 * DAY_MS, END_MS - DAY_MS)
    mine = crawled(700, ["p1"], END_MS - 300 * DAY_MS, END_MS - DAY_MS, user_id="gone_quiet-0001")
    other.log.append([*bots, *(msgspec.structs.replace(one, event_id=f"mine {one.event_id}") for one in mine)])
    assert fit_customers(other) == model
    assert everybody(other) == everybody(shop)
