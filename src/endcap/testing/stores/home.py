"""Everything that a back end must do."""

from __future__ import annotations

import pytest

from endcap.errors import BadInput, UnknownName
from endcap.stores.ports import Home, Outcome, ShopStores
from endcap.testing.samples import bundle_writer, item, view
from endcap.testing.stores.bundles import BundlesContract
from endcap.testing.stores.catalog import CatalogContract
from endcap.testing.stores.customers import CustomersContract
from endcap.testing.stores.decisions import DecisionsContract
from endcap.testing.stores.documents import DocumentsContract
from endcap.testing.stores.keys import KeysContract
from endcap.testing.stores.log import LogContract
from endcap.testing.stores.measures import MeasuresContract
from endcap.testing.stores.people import PeopleContract
from endcap.testing.stores.watching import WatchingContract


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
        assert toys.log.append([view(1)]).outcomes == [Outcome.ACCEPTED]
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
