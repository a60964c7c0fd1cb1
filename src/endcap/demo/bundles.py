"""What costs less together: the discounts that Endcap's answers announced, as the shop's checkout gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from endcap.demo.cart import Cart
from endcap.stores.ports import Decision

FindDecision = Callable[[str], Decision | None]


class _Slot(msgspec.Struct):
    item_id: str
    shelf: str


class _Heading(msgspec.Struct):
    name: str
    bundle_discount: Decimal | None = None


class _Answer(msgspec.Struct):
    items: list[_Slot]
    shelves: list[_Heading]


class _Question(msgspec.Struct):
    item_id: str | None = None
    cart: tuple[str, ...] = ()


def discounts(cart: Cart, find: FindDecision) -> Mapping[str, Decimal]:
    """Per cent off, by item id.

    An item that was taken from a shelf with a discount has it, and with it what the shelf was shown for, as far as that is still
    in the cart. What a browser claims is not believed: the answer that it names is looked up. Of several discounts on an item the
    largest holds.
    """
    held = {line.item_id for line in cart.lines}
    off: dict[str, Decimal] = {}
    for line in cart.lines:
        decision = find(line.credit.recommendation_id) if line.credit is not None else None
        if decision is None:
            continue
        percent = _announced(decision, line.item_id)
        asked = msgspec.json.decode(decision.request, type=_Question)
        partners = held & {*asked.cart, asked.item_id} - {line.item_id}
        for item_id in (line.item_id, *partners) if percent and partners else ():
            off[item_id] = max(percent, off.get(item_id, Decimal(0)))
    return off


def _announced(decision: Decision, item_id: str) -> Decimal:
    """What the answer said of the shelf that showed the item; nothing where it did not show it."""
    answer = msgspec.json.decode(decision.response, type=_Answer)
    shelves = {slot.shelf for slot in answer.items if slot.item_id == item_id}
    return next((one.bundle_discount for one in answer.shelves if one.name in shelves and one.bundle_discount), Decimal(0))
