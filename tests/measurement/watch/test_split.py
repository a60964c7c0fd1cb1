"""A split that is not the planned one, through the whole path: assigned, answered, recorded, followed, watched."""

from __future__ import annotations

import msgspec
import pytest

from endcap.app import ShopService
from endcap.core.basis import encode_basis
from endcap.core.request import RecommendRequest
from endcap.core.time import HOUR_MS, MINUTE_MS
from endcap.measurement.watch.notes import WatchReport
from endcap.measurement.watch.watcher import Watcher
from endcap.serving.shop_experiments import stop_experiment
from endcap.stores.ports import Decision
from tests.measurement.test_trials import Shop, draft

SHOPPERS = 500


def asked(shop: Shop, loses: int) -> None:
    """Shoppers who come once each; of those in the arm "few" every ``loses``-th is lost before the answer is on record, as where
    the page of an arm breaks."""
    service, met = ShopService(shop.stores, shop.clock), 0
    for number in range(SHOPPERS):
        shop.clock.advance(MINUTE_MS)
        request = RecommendRequest(placement="home", session_id=f"s{number}")
        answer, basis = service.recommend(request)
        if answer.arms["count"] == "few":
            met += 1
            if loses and met % loses == 0:
                continue
        told = msgspec.json.Encoder(decimal_format="number").encode(answer)
        given = Decision(answer.recommendation_id, shop.clock.now_ms(), msgspec.json.encode(request), told, encode_basis(basis))
        shop.stores.decisions.append([given])


@pytest.mark.parametrize(("loses", "alarms"), [(0, []), (2, ["trials:count"])])
def test_a_split_that_loses_shoppers_is_an_alarm_until_the_experiment_ends(loses: int, alarms: list[str]) -> None:
    shop = Shop()
    shop.run(draft())
    asked(shop, loses)
    watcher = Watcher(shop.measured())
    report = watcher.look(shop.clock.now_ms(), every=True)
    assert _split_alarms(report) == alarms
    [found] = [one for one in report.checks if one.check == "trials"]
    assert (found.state == "alarm") == bool(alarms), found
    if alarms:
        assert "not the split that was planned" in found.sentence
        stop_experiment(shop.stores.documents, "count", shop.clock.now_ms())
        later = watcher.look(shop.clock.now_ms() + HOUR_MS, every=True)
        assert _split_alarms(later) == []


def _split_alarms(report: WatchReport) -> list[str]:
    return [one.name for one in report.open if one.check == "trials"]
