"""What a store of customers must do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from endcap.stores.ports import Customer, ShopStores
from endcap.testing.samples import AT_MS


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


def _customer(user_id: str, tier: str = "middle") -> Customer:
    return Customer(user_id, 3, 2, AT_MS, AT_MS + 5, 4_200, 1_300, tier, "frequent_buyers", 5, 4, 3)
