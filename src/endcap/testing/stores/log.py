"""What a log of events must do."""

from __future__ import annotations

import threading

import pytest

from endcap.core.events import Event, LoggedEvent
from endcap.stores.ports import Outcome, ShopStores
from endcap.testing.samples import full_event, view

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


def _append(shop: ShopStores, numbers: range) -> list[LoggedEvent]:
    events: list[Event] = [view(number) for number in numbers]
    return shop.log.append(events).logged
