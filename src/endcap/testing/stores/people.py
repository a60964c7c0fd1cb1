"""What recent histories must do."""

from __future__ import annotations

from endcap.core.ids import session_key, user_key
from endcap.stores.ports import Act, History, ShopStores
from endcap.testing.samples import AT_MS


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
