"""What every back end of :class:`endcap.stores.watching.Watching` must do."""

from __future__ import annotations

from endcap.stores.ports import ShopStores
from endcap.stores.watching import TallyKey


class WatchingContract:
    """Counts are added once; notes are not overwritten unseen."""

    def test_nothing_was_watched_yet(self, shop: ShopStores) -> None:
        watching = shop.watching
        assert (watching.progress(), watching.newest(), watching.notes()) == (0, {}, (0, b""))
        assert watching.tallies(["type"], 0, 1_000_000) == {}

    def test_counts_add_up_and_count_once(self, shop: ShopStores) -> None:
        watching, view, click = shop.watching, TallyKey(5, "type", "view"), TallyKey(6, "type", "click")
        assert watching.tally(0, 7, {view: 2, click: 1, TallyKey(5, "price", "10"): 4}, {"view": 90}, 0)
        assert not watching.tally(0, 9, {view: 100}, {"view": 900}, 0)
        assert watching.tally(7, 9, {view: 3}, {"view": 80, "click": 95}, 0)
        assert watching.progress() == 9
        assert watching.tallies(["type"], 5, 7) == {view: 5, click: 1}
        assert watching.tallies(["type", "price"], 5, 6) == {view: 5, TallyKey(5, "price", "10"): 4}
        assert watching.newest() == {"view": 90, "click": 95}

    def test_old_hours_are_forgotten(self, shop: ShopStores) -> None:
        watching, new = shop.watching, TallyKey(9, "type", "view")
        watching.tally(0, 1, {TallyKey(5, "type", "view"): 2}, {}, 0)
        watching.tally(1, 2, {new: 1}, {}, 6)
        assert watching.tallies(["type"], 0, 100) == {new: 1}

    def test_of_two_who_write_notes_one_comes_first(self, shop: ShopStores) -> None:
        watching = shop.watching
        assert watching.keep(0, b"one")
        assert not watching.keep(0, b"other")
        version, body = watching.notes()
        assert body == b"one"
        assert watching.keep(version, b"two")
        assert watching.notes()[1] == b"two"
