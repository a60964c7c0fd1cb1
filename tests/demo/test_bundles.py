from __future__ import annotations

from decimal import Decimal

import msgspec

from endcap.demo.bundles import FindDecision, discounts
from endcap.demo.cart import Cart, Credit
from endcap.stores.ports import Decision


def answered(*shown: tuple[str, str], asked: dict[str, object], percent: float | None = 10) -> FindDecision:
    """The shop's memory of one answer, R1: these items on these shelves, of which "look" has a discount."""
    response = {
        "items": [{"item_id": item, "shelf": shelf, "position": 0} for item, shelf in shown],
        "shelves": [{"name": "look", "title": "Look", "bundle_discount": percent}, {"name": "plain", "title": "Plain"}],
    }
    decision = Decision("R1", 0, msgspec.json.encode(asked), msgspec.json.encode(response))
    return {"R1": decision}.get


def credited(item_id: str, *others: str) -> Cart:
    cart = Cart().add(item_id, credit=Credit("R1", "cart", 0))
    for other in others:
        cart = cart.add(other)
    return cart


def test_both_the_item_and_what_it_was_shown_for_cost_less() -> None:
    find = answered(("cup", "look"), asked={"cart": ["tea", "pot"], "item_id": "mug"})
    assert discounts(credited("cup", "tea", "spoon"), find) == {"cup": Decimal(10), "tea": Decimal(10)}
    assert discounts(credited("cup", "mug"), find) == {"cup": Decimal(10), "mug": Decimal(10)}


def test_nothing_costs_less_alone_or_from_a_shelf_without_a_discount() -> None:
    find = answered(("cup", "look"), ("bowl", "plain"), asked={"cart": ["tea"]})
    assert discounts(credited("cup", "spoon"), find) == {}
    assert discounts(credited("bowl", "tea"), find) == {}
    assert discounts(credited("cup", "tea"), answered(("cup", "look"), asked={"cart": ["tea"]}, percent=None)) == {}


def test_what_a_browser_claims_is_not_believed() -> None:
    find = answered(("cup", "look"), asked={"cart": ["tea"]})
    assert discounts(credited("bowl", "tea"), find) == {}, "the answer never showed it"
    unknown = Cart().add("cup", credit=Credit("R2", "cart", 0)).add("tea")
    assert discounts(unknown, find) == {}, "there was no such answer"
