"""What every back end of :mod:`endcap.stores.ports` must do. A plug-in's tests inherit it::

class TestMyStores(HomeContract):
    @pytest.fixture
    def home(self, tmp_path):
        home = open_my_home(tmp_path)
        yield home
        home.close()
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from endcap.artifacts.bundle import Manifest
from endcap.core.events import Event, LoggedEvent
from endcap.core.ids import session_key, user_key
from endcap.errors import BadInput, CorruptBundle, NoBundle, UnknownName
from endcap.stores.ports import Act, Customer, Decision, History, Home, Outcome, ShopStores
from endcap.testing.measures import MeasuresContract
from endcap.testing.samples import AT_MS, bundle_writer, full_event, item, view
from endcap.testing.watching import WatchingContract

ACCEPTED, DUPLICATE, QUARANTINED = Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.QUARANTINED


class LogContract:
    """The event log: in order, exactly once."""

    def test_an_empty_log(self, shop: ShopStores) -> None:
        assert (shop.log.read(), shop.log.last_seq(), shop.log.last_at_ms(), shop.log.count()) == ([], 0, 0, 0)
        assert shop.log.append([]).outcomes == []
        assert shop.log.history().archived_until == 0

    def test_events_come_back_as_they_were_in_order(self, shop: ShopStores) -> None:
        events = [view(2), full_event("o"), view(1)]
        appended = shop.log.append(events)
        assert appended.outcomes == [ACCEPTED] * 3
        assert [one.event for one in appended.logged] == events
        assert shop.log.read() == appended.logged
        assert [one.seq for one in appended.logged] == sorted({one.seq for one in appended.logged})
        assert shop.log.last_seq() == appended.logged[-1].seq
        assert shop.log.last_at_ms() == view(2).at_ms

    def test_reading_goes_on_where_it_stopped(self, shop: ShopStores) -> None:
        logged = [one for start in range(0, 250, 50) for one in _append(shop, range(start, start + 50))]
        read: list[LoggedEvent] = []
        while part := shop.log.read(after=read[-1].seq if read else 0, limit=33):
            assert len(part) <= 33
            read += part
        assert read == logged
        assert shop.log.read(limit=0) == []

    def test_the_same_event_again_is_a_duplicate(self, shop: ShopStores) -> None:
        shop.log.append([view(1)])
        again = shop.log.append([view(0), view(1), view(2)])
        assert again.outcomes == [ACCEPTED, DUPLICATE, ACCEPTED]
        assert [one.event.event_id for one in again.logged] == ["e0", "e2"]
        assert [one.event.event_id for one in shop.log.read()] == ["e1", "e0", "e2"]
        assert (shop.log.count(), shop.log.quarantined_count()) == (3, 0)

    def test_the_same_id_with_another_payload_is_quarantined_once(self, shop: ShopStores) -> None:
        shop.log.append([view(1)])
        for _ in range(2):
            assert shop.log.append([view(1, item_id="forged"), view(1)]).outcomes == [QUARANTINED, DUPLICATE]
        assert shop.log.append([view(1, item_id="another")]).outcomes == [QUARANTINED]
        assert [one.event.item_id for one in shop.log.read()] == ["mug"]
        assert shop.log.quarantined_count() == 2
        newest, oldest = shop.log.quarantined()
        assert ("another" in newest.payload, "forged" in oldest.payload) == (True, True)
        assert (oldest.event_id, oldest.at_ms) == ("e1", view(1).at_ms)
        assert shop.log.quarantined(limit=1) == [newest]

    def test_both_rules_hold_inside_one_batch(self, shop: ShopStores) -> None:
        appended = shop.log.append([view(1), view(1), view(1, item_id="forged"), view(2)])
        assert appended.outcomes == [ACCEPTED, DUPLICATE, QUARANTINED, ACCEPTED]
        assert [one.event for one in shop.log.read()] == [view(1), view(2)]

    @pytest.mark.parametrize("size", [1, 9, 99, 100, 101, 1_234])
    def test_batches_of_any_size_are_kept_whole(self, shop: ShopStores, size: int) -> None:
        assert _append(shop, range(size)) == shop.log.read()
        assert shop.log.count() == size

    def test_an_event_from_the_past_does_not_move_the_newest_time(self, shop: ShopStores) -> None:
        shop.log.append([view(5)])
        shop.log.append([view(1)])
        shop.log.append([view(1), view(4)])
        assert shop.log.last_at_ms() == view(5).at_ms

    def test_threads_lose_and_repeat_nothing(self, shop: ShopStores) -> None:
        def work(own: int) -> None:
            for number in range(50):
                shop.log.append([view(number), view(1_000 * own + number)])

        threads = [threading.Thread(target=work, args=(own,)) for own in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ids = [one.event.event_id for one in shop.log.read()]
        assert sorted(ids) == sorted(f"e{1_000 * own + number}" for own in range(4) for number in range(50))


class CatalogContract:
    """The products."""

    def test_items_come_back_in_the_order_of_first_appearance(self, shop: ShopStores) -> None:
        assert shop.catalog.put([item("b"), item("a", colour="ü")]) == 2
        assert shop.catalog.put([item("c"), item("b", "Another mug")]) == 2
        assert shop.catalog.all() == [item("b", "Another mug"), item("a", colour="ü"), item("c")]
        assert shop.catalog.get("a") == item("a", colour="ü")
        assert shop.catalog.get("nothing") is None

    def test_only_changes_count(self, shop: ShopStores) -> None:
        shop.catalog.put([item("a"), item("b")])
        version = shop.catalog.version()
        assert shop.catalog.put([item("a"), item("b")]) == 0
        assert shop.catalog.put([]) == 0
        assert shop.catalog.version() == version
        assert shop.catalog.put([item("a", "One"), item("a", "Two")]) == 1
        assert shop.catalog.get("a") == item("a", "Two")
        assert shop.catalog.version() > version

    def test_a_deleted_item_is_gone_until_it_is_put_again(self, shop: ShopStores) -> None:
        shop.catalog.put([item("a"), item("b")])
        assert (shop.catalog.delete("a"), shop.catalog.delete("a"), shop.catalog.delete("nothing")) == (True, False, False)
        assert (shop.catalog.get("a"), shop.catalog.all()) == (None, [item("b")])
        assert shop.catalog.put([item("a")]) == 1
        assert shop.catalog.all() == [item("a"), item("b")]

    def test_changes_since_a_version(self, shop: ShopStores) -> None:
        assert shop.catalog.changed_since(0) == (shop.catalog.version(), [], [])
        shop.catalog.put([item("a"), item("b"), item("c")])
        version = shop.catalog.version()
        shop.catalog.put([item("b", "Changed")])
        shop.catalog.delete("c")
        assert shop.catalog.changed_since(version) == (shop.catalog.version(), [item("b", "Changed")], ["c"])
        now, items, deleted = shop.catalog.changed_since(0)
        assert (now, {one.item_id for one in items}, deleted) == (shop.catalog.version(), {"a", "b"}, ["c"])
        assert shop.catalog.changed_since(now) == (now, [], [])


class PeopleContract:
    """Recent histories."""

    def test_histories_come_back(self, shop: ShopStores) -> None:
        user, session = user_key("ü"), session_key("ü")
        histories = {user: History(7, (Act(3, AT_MS, 6, "mug", 2), Act(7, AT_MS, 0, "töpfe"))), session: History(1, ())}
        shop.people.save(histories, 7)
        assert shop.people.load([user, session, user_key("stranger")]) == histories
        assert (shop.people.load([]), shop.people.applied_seq()) == ({}, 7)

    def test_a_history_never_goes_back(self, shop: ShopStores) -> None:
        user = user_key("u")
        newer, older = History(9, (Act(9, AT_MS, 0, "mug"),)), History(5, (Act(5, AT_MS, 0, "pot"),))
        shop.people.save({user: newer}, 9)
        shop.people.save({user: older}, 5)
        assert (shop.people.load([user]), shop.people.applied_seq()) == ({user: newer}, 9)
        shop.people.clear()
        assert (shop.people.load([user]), shop.people.applied_seq()) == ({}, 0)


class DocumentsContract:
    """Configuration with its history."""

    def test_every_version_is_kept(self, shop: ShopStores) -> None:
        documents = shop.documents
        assert (documents.all("placement"), documents.version()) == ({}, 0)
        first = documents.put("placement", "cart", b"{}")
        other = documents.put("rule", "cart", b"[]")
        second = documents.put("placement", "cart", b'{"v":2}')
        assert first < other < second == documents.version()
        assert (documents.all("placement"), documents.all("rule")) == ({"cart": b'{"v":2}'}, {"cart": b"[]"})
        assert (documents.all("placement", first), documents.all("rule", first)) == ({"cart": b"{}"}, {})
        assert [(number, body) for number, _, body in documents.history("placement", "cart")] == [
            (second, b'{"v":2}'),
            (first, b"{}"),
        ]

    def test_a_deleted_document_keeps_its_history(self, shop: ShopStores) -> None:
        documents = shop.documents
        documents.put("placement", "cart", b"{}")
        assert (documents.delete("placement", "cart"), documents.delete("placement", "cart")) == (True, False)
        assert documents.delete("placement", "nothing") is False
        assert (documents.all("placement"), documents.version()) == ({}, 2)
        assert [body for _, _, body in documents.history("placement", "cart")] == [None, b"{}"]
        documents.put("placement", "cart", b"[]")
        assert documents.all("placement") == {"cart": b"[]"}


class DecisionsContract:
    """What was answered."""

    def test_answers_come_back_once_and_can_be_forgotten(self, shop: ShopStores) -> None:
        made = [
            Decision(f"r{number}", AT_MS + number, b'{"n":1}', b"\x00\xff" * number, b'{"position":1}') for number in range(10)
        ]
        shop.decisions.append(made[:6])
        shop.decisions.append(made[4:])
        shop.decisions.append([])
        assert shop.decisions.count() == 10
        assert [shop.decisions.get(one.recommendation_id) for one in made] == made
        assert shop.decisions.get("nothing") is None
        assert shop.decisions.read() == made
        assert shop.decisions.read("r3", 2) == made[4:6]
        places = [place for place, _ in shop.decisions.written()]
        assert [one for _, one in shop.decisions.written()] == made
        assert places == sorted(set(places))
        assert shop.decisions.last_place() == places[-1]
        assert shop.decisions.written(places[3], 2) == list(zip(places[4:6], made[4:6], strict=True))
        assert shop.decisions.prune(AT_MS + 3) == 3
        assert (shop.decisions.count(), shop.decisions.get("r2"), shop.decisions.get("r3")) == (7, None, made[3])

    def test_a_place_is_never_given_twice(self, shop: ShopStores) -> None:
        assert shop.decisions.last_place() == 0
        shop.decisions.append([Decision("r1", AT_MS, b"", b"")])
        ((first, _),) = shop.decisions.written()
        shop.decisions.prune(AT_MS + 1)
        shop.decisions.append([Decision("r2", AT_MS, b"", b"")])
        ((second, made),) = shop.decisions.written(first)
        assert (second > first, made.recommendation_id) == (True, "r2")


class BundlesContract:
    """Published bundles."""

    def test_a_shop_without_bundles(self, shop: ShopStores) -> None:
        assert (shop.bundles.active(), shop.bundles.list()) == (None, [])
        with pytest.raises(NoBundle):
            shop.bundles.roll_back()
        with pytest.raises(UnknownName):
            shop.bundles.load("nothing")
        with pytest.raises(UnknownName):
            shop.bundles.part("nothing", "popular")
        with pytest.raises(UnknownName):
            shop.bundles.activate("../..")

    def test_a_published_bundle_serves(self, shop: ShopStores) -> None:
        manifest = shop.bundles.publish(bundle_writer(1.0, 2.0))
        assert shop.bundles.active() == manifest.version
        assert shop.bundles.load(manifest.version).manifest == manifest
        part = shop.bundles.part(manifest.version, "popular")
        assert (part.item_ids, sorted(part.arrays)) == (shop.bundles.load(manifest.version).item_ids, ["order", "scores"])
        assert part.arrays["scores"].tolist() == [1.0, 2.0]
        with pytest.raises(UnknownName, match="no artifact 'nothing'"):
            shop.bundles.part(manifest.version, "nothing")
        assert shop.bundles.list() == [manifest]

    def test_activating_and_rolling_back(self, shop: ShopStores) -> None:
        first, second, third = (
            shop.bundles.publish(bundle_writer(float(number), created_at_ms=number), activate=number < 3) for number in (1, 2, 3)
        )
        assert shop.bundles.active() == second.version
        assert shop.bundles.list() == [third, second, first]
        shop.bundles.activate(third.version)
        assert shop.bundles.active() == third.version
        assert (shop.bundles.roll_back(), shop.bundles.roll_back()) == (second.version, first.version)
        assert shop.bundles.active() == first.version
        with pytest.raises(NoBundle):
            shop.bundles.roll_back()
        assert shop.bundles.active() == first.version

    def test_the_same_version_twice_is_one_bundle(self, shop: ShopStores) -> None:
        first = shop.bundles.publish(bundle_writer(1.0, created_at_ms=1))
        again = shop.bundles.publish(bundle_writer(1.0, created_at_ms=2))
        assert first.version == again.version == shop.bundles.active()
        assert shop.bundles.list() == [first]

    def test_what_cannot_be_written_or_read_is_not_published(self, shop: ShopStores) -> None:
        good = shop.bundles.publish(bundle_writer(1.0))
        for write in (_fails, _writes_garbage):
            with pytest.raises((CorruptBundle, ZeroDivisionError)):
                shop.bundles.publish(write)
        assert (shop.bundles.active(), shop.bundles.list()) == (good.version, [good])


class CustomersContract:
    """What a fit says of every customer."""

    def test_before_the_first_fit(self, shop: ShopStores) -> None:
        customers = shop.customers
        assert (customers.count(), customers.version(), customers.summary(), customers.read()) == (0, 0, None, [])
        assert customers.load(["ü", ""]) == {}

    def test_customers_come_back_by_id_and_in_order(self, shop: ShopStores) -> None:
        kept = [_customer("ü"), _customer("b", tier="high"), _customer("a")]
        version = shop.customers.replace(iter(kept), b'{"n":3}')
        assert version == shop.customers.version() > 0
        assert shop.customers.load(["b", "nobody", "ü"]) == {"b": kept[1], "ü": kept[0]}
        assert shop.customers.read() == [kept[2], kept[1], kept[0]]
        assert shop.customers.read(after="a", limit=1) == [kept[1]]
        assert (shop.customers.count(), shop.customers.summary()) == (3, b'{"n":3}')

    def test_a_fit_takes_the_place_of_the_last(self, shop: ShopStores) -> None:
        before = shop.customers.replace([_customer(f"c{number:05}") for number in range(12_000)], b"{}")
        assert shop.customers.replace([_customer("b"), _customer("c00007", tier="low")], b'{"v":2}') > before
        assert [one.user_id for one in shop.customers.read()] == ["b", "c00007"]
        assert shop.customers.load(["c00007", "c00008"]) == {"c00007": _customer("c00007", tier="low")}
        assert (shop.customers.count(), shop.customers.summary()) == (2, b'{"v":2}')

    def test_a_fit_that_fails_changes_nothing(self, shop: ShopStores) -> None:
        def fails() -> Iterator[Customer]:
            yield from [_customer(f"new{number:05}") for number in range(6_000)]
            raise ZeroDivisionError

        version = shop.customers.replace([_customer("a")], b'{"v":1}')
        with pytest.raises(ZeroDivisionError):
            shop.customers.replace(fails(), b'{"v":2}')
        assert (shop.customers.read(), shop.customers.summary()) == ([_customer("a")], b'{"v":1}')
        assert (shop.customers.count(), shop.customers.version()) == (1, version)
        shop.customers.replace([_customer("b")], b'{"v":3}')
        assert shop.customers.read() == [_customer("b")]

    def test_who_is_forgotten_is_gone(self, shop: ShopStores) -> None:
        shop.customers.replace([_customer("a"), _customer("b")], b"{}")
        assert (shop.customers.forget("a"), shop.customers.forget("a"), shop.customers.forget("")) == (True, False, False)
        assert (shop.customers.read(), shop.customers.summary()) == ([_customer("b")], b"{}")


class KeysContract:
    """The keys of the installation."""

    def test_a_key_is_found_until_it_is_revoked(self, home: Home) -> None:
        version = home.keys.version()
        key = home.keys.create("gifts", "browser", ["https://gifts.example"])
        other = home.keys.create("toys", "server")
        assert home.keys.version() > version
        assert (key[:11], len(key), key != other) == ("ek_browser_", 11 + 32, True)
        info = home.keys.lookup(key)
        assert info is not None
        assert (info.shop, info.kind, info.origins) == ("gifts", "browser", ("https://gifts.example",))
        assert {info.shop for info in home.keys.list()} == {"gifts", "toys"}
        assert info.fingerprint not in key
        version = home.keys.version()
        assert (home.keys.revoke(info.fingerprint), home.keys.revoke(info.fingerprint)) == (True, False)
        assert (home.keys.lookup(key), home.keys.version() > version) == (None, True)
        assert [info.shop for info in home.keys.list()] == ["toys"]

    @pytest.mark.parametrize("key", ["", "ek_server_", "ü", "\ud800", "x" * 10_000])
    def test_what_is_no_key_is_not_found(self, home: Home, key: str) -> None:
        assert home.keys.lookup(key) is None


class HomeContract(
    LogContract,
    CatalogContract,
    PeopleContract,
    DocumentsContract,
    DecisionsContract,
    BundlesContract,
    CustomersContract,
    KeysContract,
    MeasuresContract,
    WatchingContract,
):
    """Everything together. A subclass gives the fixture ``home``: a new, empty installation."""

    @pytest.fixture
    def shop(self, home: Home) -> ShopStores:
        """A new, empty shop."""
        return home.open("gifts", create=True)

    def test_shops_know_nothing_of_each_other(self, home: Home) -> None:
        gifts, toys = home.open("gifts", create=True), home.open("toys", create=True)
        gifts.log.append([view(1)])
        gifts.catalog.put([item("a")])
        gifts.bundles.publish(bundle_writer(1.0))
        assert toys.log.append([view(1)]).outcomes == [ACCEPTED]
        assert (toys.catalog.all(), toys.bundles.active()) == ([], None)
        assert home.shops() == ["gifts", "toys"]

    def test_a_shop_that_does_not_exist(self, home: Home) -> None:
        with pytest.raises(UnknownName, match="gifts"):
            home.open("gifts")
        home.open("gifts", create=True).log.append([view(1)])
        assert home.open("gifts").log.count() == 1
        with pytest.raises(UnknownName, match="choose one of gifts"):
            home.open("toys")

    @pytest.mark.parametrize("name", ["", "Gifts", "1st", "a b", "../gifts", "gifts\n", "x" * 65])
    def test_a_name_that_no_shop_can_have(self, home: Home, name: str) -> None:
        with pytest.raises(BadInput) as caught:
            home.open(name, create=True)
        assert caught.value.field == "shop"
        with pytest.raises(BadInput):
            home.keys.create(name, "server")
        assert home.shops() == []


def _customer(user_id: str, tier: str = "middle") -> Customer:
    return Customer(user_id, 3, 2, AT_MS, AT_MS + 5, 4_200, 1_300, tier, "frequent_buyers", 5, 4, 3)


def _append(shop: ShopStores, numbers: range) -> list[LoggedEvent]:
    events: list[Event] = [view(number) for number in numbers]
    return shop.log.append(events).logged


def _fails(_folder: Path) -> Manifest:
    raise ZeroDivisionError


def _writes_garbage(folder: Path) -> Manifest:
    manifest = bundle_writer(2.0)(folder)
    (folder / "arrays.bin").write_bytes(b"")
    return manifest
