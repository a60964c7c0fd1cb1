from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from endcap.app import Endcap, ShopService, end_of_data
from endcap.artifacts.bundle import Made, Manifest, write_bundle
from endcap.artifacts.item_scores import ItemScores
from endcap.core.events import Event, Line
from endcap.core.request import RecommendRequest
from endcap.core.time import FixedClock
from endcap.errors import UnknownName
from endcap.serving.placements import DOCUMENT_KIND, RULE_KIND
from endcap.stores import memory, sqlite
from endcap.stores.ports import ShopStores

from .serving.shop import IDS, NOW_MS, product


def publish(stores: ShopStores, best: str) -> Manifest:
    popular = ItemScores.of(np.array([2.0 if one == best else 1.0 for one in IDS]), "popular")

    def write(folder: Path) -> Manifest:
        made = {"popularity": Made(popular, "popularity", {})}
        return write_bundle(folder, IDS, made, created_at_ms=0, data_until_ms=0, position=0, seed=0)

    return stores.bundles.publish(write)


@pytest.fixture
def service() -> ShopService:
    endcap = Endcap(memory.open_home(), FixedClock(NOW_MS))
    stores = endcap.home.open("shop", create=True)
    stores.catalog.put([product(one) for one in IDS])
    publish(stores, "lamp")
    return endcap.shop("shop")


def first(service: ShopService, **request: object) -> str:
    """The best of a shelf that shows the whole range: chance may have put another one into the first place."""
    asked = RecommendRequest(**({"placement": "home", "shelf": "popular"} | request))  # type: ignore[arg-type]
    return max(service.engine.recommend(asked).items, key=lambda item: item.score).item_id


def test_the_active_bundle_answers_and_a_new_one_is_noticed(service: ShopService) -> None:
    assert first(service) == "lamp"
    version = publish(service.stores, "bulb").version
    service.refresh()
    assert first(service) == "bulb"
    assert service.state.version == version
    service.stores.bundles.roll_back()
    service.refresh()
    assert first(service) == "lamp"


def test_after_a_restart_the_last_good_bundle_serves_for_a_corrupt_one(tmp_path: Path) -> None:
    home = sqlite.open_home(tmp_path)
    stores = home.open("shop", create=True)
    stores.catalog.put([product(one) for one in IDS])
    good, bad = publish(stores, "lamp").version, publish(stores, "bulb").version
    raw = tmp_path / "shops" / "shop" / "bundles" / bad / "arrays.bin"
    raw.write_bytes(bytes(len(raw.read_bytes())))
    service = Endcap(home, FixedClock(NOW_MS)).shop("shop")
    assert (service.state.version, service.corrupt_bundle) == (good, bad)
    service.refresh()
    assert (first(service), service.corrupt_bundle) == ("lamp", bad)
    home.close()


def test_stock_that_runs_out_is_noticed(service: ShopService) -> None:
    service.stores.catalog.put([product("lamp", stock=0)])
    service.refresh()
    assert first(service) != "lamp"
    service.stores.catalog.put([product("lamp", stock=1)])
    service.refresh()
    assert first(service) == "lamp"
    service.stores.catalog.delete("lamp")
    service.refresh()
    assert first(service) != "lamp"


def test_a_product_that_the_bundle_does_not_know_can_be_shown(service: ShopService) -> None:
    for number in range(3_000):  # more than the table had room for
        service.stores.catalog.put([product(f"new-{number}", category=("new",))])
    service.refresh()
    answer = service.engine.recommend(RecommendRequest(placement="product", item_id="new-0", shelf="similar"))
    assert answer.items[0].item_id
    service.stores.catalog.put([product(one, stock=0) for one in IDS])
    service.refresh()
    assert first(service).startswith("new-")


def test_a_placement_of_the_shop_replaces_the_shipped_one(service: ShopService) -> None:
    sources = [{"artifact": "popularity", "ask": "nothing"}]
    shelf = {"name": "only", "title": "Only", "sources": sources, "max_count": 1, "min_count": 0}
    service.stores.documents.put(DOCUMENT_KIND, "home", msgspec.json.encode({"name": "home", "shelves": [shelf], "max_count": 1}))
    service.refresh()
    assert len(service.engine.recommend(RecommendRequest(placement="home")).items) == 1
    with pytest.raises(UnknownName):
        service.engine.recommend(RecommendRequest(placement="home", shelf="popular"))
    service.stores.documents.delete(DOCUMENT_KIND, "home")
    service.refresh()
    assert first(service) == "lamp"


def test_a_document_that_cannot_be_used_costs_itself_alone(service: ShopService) -> None:
    service.stores.documents.put(DOCUMENT_KIND, "home", b'{"name": "home", "shelfs": []}')
    service.stores.documents.put(RULE_KIND, "gone", b'{"rule": "of_another_version"}')
    service.refresh()
    assert first(service) == "lamp"
    assert service.bad_documents == ("home", "gone")
    service.stores.documents.put(RULE_KIND, "gone", b'{"rule": "exclude_items", "item_ids": ["lamp"]}')
    service.stores.documents.delete(DOCUMENT_KIND, "home")
    service.refresh()
    assert first(service) != "lamp"
    assert not service.bad_documents


def test_a_rule_of_the_shop_acts_on_every_placement(service: ShopService) -> None:
    service.stores.documents.put(RULE_KIND, "recall", b'{"rule": "exclude_items", "item_ids": ["lamp"]}')
    service.refresh()
    assert first(service) != "lamp"


def test_events_of_other_processes_are_noticed(service: ShopService) -> None:
    bought = Event(event_id="1", type="purchase", at=NOW_MS - 1, user_id="ann", items=(Line(item_id="lamp"),))
    service.stores.log.append([bought])
    assert first(service, user_id="ann") == "lamp"
    service.refresh()
    assert first(service, user_id="ann") != "lamp"
    assert first(service, user_id="bob") == "lamp"


def test_the_end_of_the_data_is_the_clock_of_answers_outside_the_server() -> None:
    stores = memory.open_home().open("shop", create=True)
    stores.log.append([Event(event_id="1", type="view", at=NOW_MS - 5_000, item_id="mug")])
    assert end_of_data(stores).now_ms() == NOW_MS - 4_999


def test_a_bundle_that_is_gone_does_not_serve_and_going_back_ends_the_alarm(tmp_path: Path) -> None:
    home = sqlite.open_home(tmp_path)
    stores = home.open("shop", create=True)
    stores.catalog.put([product(one) for one in IDS])
    publish(stores, "lamp")
    service = ShopService(stores, FixedClock(NOW_MS))
    version = publish(stores, "bulb").version
    shutil.rmtree(tmp_path / "shops" / "shop" / "bundles" / version)
    service.refresh()
    assert (first(service), service.corrupt_bundle) == ("lamp", version)
    assert ShopService(home.open("shop"), FixedClock(NOW_MS)).corrupt_bundle == version
    stores.bundles.roll_back()
    service.refresh()
    assert (first(service), service.corrupt_bundle) == ("lamp", None)
    home.close()
