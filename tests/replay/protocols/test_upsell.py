from __future__ import annotations

from decimal import Decimal

import pytest

from endcap.core.catalog import Item
from endcap.errors import NotEnoughData
from endcap.replay.protocols.upsell import Upgrades, UpsellProtocol
from tests.replay.protocols.histories import history, queries

PRICES = {"plain": 10, "fine": 15, "finer": 20, "finest": 21, "same": 10.4, "lamp": 15}
SHOP = [
    Item(item_id=name, title=name, category=(need,), price=Decimal(str(price)), currency="EUR")
    for name, price in PRICES.items()
    for need in (["lamps"] if name == "lamp" else ["mugs"])
]
PAST = [f"{day} filler purchase plain" for day in range(1, 19)]


def test_an_upgrade_is_of_the_category_and_costs_a_little_to_twice_as_much() -> None:
    upgrades = Upgrades(SHOP)
    assert [SHOP[row].item_id for row in upgrades.of(0)] == ["fine", "finer"]
    assert [SHOP[row].item_id for row in upgrades.of(1)] == ["finer", "finest"]
    assert upgrades.of(5).tolist() == []
    assert upgrades.median_price == 15


def test_items_without_a_price_have_and_are_no_upgrade() -> None:
    unknown = Item(item_id="unknown", title="unknown", category=("mugs",))
    upgrades = Upgrades([*SHOP, unknown])
    assert upgrades.of(6).tolist() == []
    assert 6 not in upgrades.of(0).tolist()


def test_who_bought_dearer_instead_is_asked_with_what_was_looked_at_last() -> None:
    given = history(
        *PAST, "30 ann view same", "30 ann view plain", "30 ann view lamp", "30 ann purchase finer",
        "31 bob view plain", "31 bob purchase plain", "31 bob purchase fine", products=SHOP,
    )  # fmt: skip
    window = UpsellProtocol(given).window(0)
    # Bob bought what he had looked at too: nothing was bought instead. The lamp is another need.
    assert queries(window) == [(["plain"], ["finer"])]
    assert window.held_out.target_values is not None
    assert window.held_out.target_values.tolist() == [10.0]
    assert window.held_out.eligible is not None
    assert window.held_out.eligible(0).tolist() == [1, 2]


def test_a_very_dear_item_counts_no_more_than_thrice_the_median() -> None:
    dear = [Item(item_id=f"x{price}", title="x", category=("x",), price=Decimal(price), currency="EUR") for price in (100, 160)]
    given = history(*PAST, "30 ann view x100", "30 ann purchase x160", products=[*SHOP, *dear])
    values = UpsellProtocol(given).window(0).held_out.target_values
    assert values is not None
    assert values.tolist() == [0.0]  # the median is 15: both count 45


def test_visits_that_buy_what_they_look_at_are_refused() -> None:
    with pytest.raises(NotEnoughData, match="a dearer one of its category instead"):
        UpsellProtocol(history(*PAST, "30 ann view plain", "30 ann purchase plain", products=SHOP)).window(0)
