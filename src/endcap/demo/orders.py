"""The shop's own server at work: what it tells Endcap when somebody orders or signs in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from endcap.core.catalog import Item
from endcap.core.events import Event, Line
from endcap.core.ids import new_id
from endcap.demo.cart import Cart, CartLine
from endcap.demo.visitor import Visitor
from endcap.demo.window import Window

SHIPPING = Decimal("4.90")
FREE_FROM = Decimal(60)
_CENT = Decimal("0.01")


class Row(NamedTuple):
    """A line of the cart with its product, and the per cent that it costs less because of what else is in the cart."""

    line: CartLine
    item: Item
    percent: Decimal = Decimal(0)

    @property
    def price(self) -> Decimal:
        """What one piece costs."""
        full = self.item.price or Decimal(0)
        return (full * (100 - self.percent) / 100).quantize(_CENT) if self.percent else full

    @property
    def total(self) -> Decimal:
        """What the line costs."""
        return self.price * self.line.quantity


class Bill(NamedTuple):
    """A cart with prices: what the goods cost, what sending them costs, and both."""

    rows: list[Row]
    goods: Decimal
    shipping: Decimal

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return self.goods + self.shipping

    @property
    def until_free(self) -> Decimal:
        """How much is missing until sending is free."""
        return max(FREE_FROM - self.goods, Decimal(0))


def bill(cart: Cart, window: Window, off: Mapping[str, Decimal]) -> Bill:
    """The cart as a bill, with the per cent ``off`` by item id; what the shop does not know is left out."""
    found = ((line, window.find(line.item_id)) for line in cart.lines)
    rows = [Row(line, item, off.get(item.item_id, Decimal(0))) for line, item in found if item is not None]
    goods = sum((row.total for row in rows), Decimal(0))
    return Bill(rows, goods, Decimal(0) if goods >= FREE_FROM or not rows else SHIPPING)


def purchase(visitor: Visitor, bought: Bill, order_id: str, now_ms: int) -> Event:
    """The order as an event. It names the answer that its first recommended line came from, and in its context all of them."""
    credited = [(row.line.item_id, row.line.credit) for row in bought.rows if row.line.credit is not None]
    first = credited[0][1] if credited else None
    lines = tuple(Line(item_id=row.item.item_id, quantity=row.line.quantity, price=row.price) for row in bought.rows)
    return Event(
        event_id=new_id(now_ms),
        type="purchase",
        at=now_ms,
        user_id=visitor.persona.user_id if visitor.persona else None,
        session_id=visitor.session_id,
        order_id=order_id,
        items=lines,
        currency=bought.rows[0].item.currency,
        recommendation_id=first.recommendation_id if first else None,
        placement=first.placement if first else None,
        position=first.position if first else None,
        context={
            "recommended": [
                {
                    "item_id": item_id,
                    "recommendation_id": one.recommendation_id,
                    "placement": one.placement,
                    "position": one.position,
                }
                for item_id, one in credited
            ]
        }
        if credited
        else None,
    )


def identify(visitor: Visitor, user_id: str, now_ms: int) -> Event:
    """Says whose session this is, so that the engine knows the customer's history in it."""
    return Event(event_id=new_id(now_ms), type="identify", at=now_ms, user_id=user_id, session_id=visitor.session_id)
