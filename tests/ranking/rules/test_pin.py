from __future__ import annotations

from endcap.ranking.rulebook import ActiveRules, Rulebook
from endcap.ranking.rules.base import Rule
from endcap.ranking.rules.pin import Pin
from endcap.testing.shelves import product, shelf, shopper

SHELF = shelf(product("a"), product("b"), product("c"))


def pinned(*rules: Rule) -> list[tuple[str, int]]:
    active = ActiveRules(Rulebook(rules, 8), shopper(SHELF), SHELF)
    return [(SHELF.table.item_id(pin.row), pin.position) for pin in active.pins]


def test_items_stand_in_their_order_from_a_position_on() -> None:
    assert pinned(Pin(item_ids=("c", "a"), position=1)) == [("c", 1), ("a", 2)]


def test_an_item_that_is_not_sold_leaves_its_place() -> None:
    assert pinned(Pin(item_ids=("unknown", "a"))) == [("a", 1)]


def test_a_place_has_one_item_and_an_item_one_place_by_priority() -> None:
    first, second = Pin(item_ids=("a",), position=0), Pin(item_ids=("b", "a"), position=0, priority=1)
    assert pinned(first, second) == pinned(second, first) == [("b", 0), ("a", 1)]
