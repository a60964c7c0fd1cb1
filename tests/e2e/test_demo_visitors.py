"""The demo's simulated visitors: what the console says of them is what was planted."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec
import pytest

from endcap.app import shop_report
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.core.time import DAY_MS
from endcap.demo.state import SHOP
from endcap.demo.traffic import BEST_SELLERS, DAYS, FEWER, GRID
from endcap.measurement.follower import Follower
from endcap.measurement.questions import ReportQuery
from endcap.serving.shop_experiments import experiment_named
from endcap.stores import sqlite
from endcap.stores.ports import ShopStores
from endcap.synthetic.responses import Responses
from endcap.synthetic.shop import plant
from tests.e2e.conftest import Demo


@pytest.fixture
def stores(demo: Demo) -> Iterator[ShopStores]:
    """The stores of the demo's shop, beside its server."""
    opened = sqlite.open_home(demo.home)
    yield opened.open(SHOP)
    opened.close()


def test_customers_click_as_often_as_planted(demo: Demo, stores: ShopStores) -> None:
    prepared = demo.prepared
    truth = plant(prepared.seed, prepared.end_ms)
    responses = Responses(truth)
    category = {item.item_id: item.category[-1] for item in stores.catalog.all()}
    expected, spread, clicks = 0.0, 0.0, 0
    for one in stores.log.read():
        event = one.event
        if not event.event_id.startswith("sim") or event.placement != "product" or event.user_id is None:
            continue
        clicks += event.type == "click"
        if event.type != "impression" or event.recommendation_id is None:
            continue
        decision = stores.decisions.get(event.recommendation_id)
        assert decision is not None, "whatever was seen is on record"
        asked = msgspec.json.decode(decision.request, type=RecommendRequest)
        places = {item.item_id: item.position for item in msgspec.json.decode(decision.response, type=RecommendResponse).items}
        for line in event.lines:
            chance = responses.chance(
                line.item_id, category[line.item_id], placement="product", position=places[line.item_id],
                anchors=(asked.item_id or "",), taste=truth.tastes[event.user_id],
            )  # fmt: skip
            expected += chance
            spread += chance * (1 - chance)
    assert expected > 100
    assert abs(clicks - expected) < 4.5 * math.sqrt(spread), (clicks, expected)


def test_the_dashboard_has_figures_where_recommendations_were_seen(demo: Demo, stores: ShopStores) -> None:
    Follower(stores).catch_up()
    end_ms = demo.prepared.end_ms
    query = ReportQuery(
        since_ms=end_ms - DAYS * DAY_MS, until_ms=end_ms, by=("placement",), metrics=("ctr", "attributed_revenue")
    )
    rows = {row.key["placement"]: row for row in shop_report(stores, query).rows}
    for placement in ("product", "cart", "home", "email", "post_purchase"):
        ctr = rows[placement].figures["ctr"].value
        assert ctr is not None, placement
        assert 0.01 < ctr < 0.6, (placement, ctr)
    assert (rows["product"].figures["attributed_revenue"].value or 0) > 0


def test_one_experiment_is_decided_one_runs_and_one_is_planned(stores: ShopStores) -> None:
    fewer = experiment_named(stores.documents, FEWER.name)
    assert fewer.status == "decided"
    assert fewer.decided
    assert fewer.decided.numbers[0].units > 200
    assert experiment_named(stores.documents, BEST_SELLERS.name).status == "running"
    assert experiment_named(stores.documents, GRID.name).status == "draft"
