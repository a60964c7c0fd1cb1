"""What a person contributes to the sums of the whole shop: visits, carts, orders, and what they said."""

from __future__ import annotations

from collections.abc import Sequence

from endcap.core.events import KIND
from endcap.core.time import DAY_MS
from endcap.measurement.acts import UNSAID
from endcap.measurement.crediting import Credit
from endcap.measurement.journeys import Part
from endcap.measurement.ledger import Ledger, shop_cell
from endcap.measurement.orders import Order, Return
from endcap.measurement.people import Person
from endcap.measurement.shelf_sums import any_within, clicks_ms, sightings_ms
from endcap.stores.measures import Cell

CART_MS = DAY_MS
"""A cart that nothing is put into for so long, and that is not bought, is abandoned."""

EARLY_VISITS = 3
SATISFIED = 800

_CART = KIND["add_to_cart"]
_COUNTED = {
    KIND["search"]: "searches",
    KIND["begin_checkout"]: "checkouts",
    KIND["add_to_cart"]: "all_cart_adds",
    KIND["rating"]: "ratings",
    KIND["usage"]: "usages",
}


Credited = Sequence[Sequence[Credit | None]]


def shop_sums(ledger: Ledger, person: Person, orders: Sequence[Order], credited: Credited, returns: Sequence[Return]) -> None:
    """Everything about the shop as a whole; ``credited`` is by order and line."""
    _visits(ledger, person, orders)
    _acts(ledger, person)
    if orders or any(act.kind == _CART for act, _ in person.acts):
        _carts(ledger, person, orders)
    _orders(ledger, person, orders, credited)
    _returns(ledger, person, returns)


def _visits(ledger: Ledger, person: Person, orders: Sequence[Order]) -> None:
    seen, clicked = sightings_ms(person), clicks_ms(person)
    ordered = [order.at_ms for order in orders]
    days = -1
    visits_seen = person.past.visits_seen
    for number, (start, end, part) in enumerate(person.visits):
        cell = _at(person, start)
        ledger.add(start, cell, "visits", 1, part)
        if not number and not person.past.visited:
            ledger.add(start, cell, "visitors_new", 1, part)
        for day in range(max(days + 1, start // DAY_MS), end // DAY_MS + 1):
            at_ms = max(start, day * DAY_MS)
            ledger.add(at_ms, cell, "visitors", 1, part)
            days = day
        if any_within(ordered, start, end):
            ledger.add(start, cell, "visits_ordered", 1, part)
        if seen and any_within(seen, start, end):
            when = "early" if visits_seen < EARLY_VISITS else "late"
            visits_seen += 1
            names = ["visits_seen", f"visits_seen_{when}"]
            if any_within(clicked, start, end):
                names += ["visits_clicked", f"visits_clicked_{when}"]
            for name in names:
                ledger.add(start, cell, name, 1, part)


def _acts(ledger: Ledger, person: Person) -> None:
    for views in person.views.values():
        for at_ms, part in views:
            ledger.add(at_ms, _at(person, at_ms), "views", 1, part)
    opted_out = person.past.opted_out
    for act, part in person.acts:
        name = _COUNTED.get(act.kind)
        if name is not None:
            ledger.add(act.at_ms, _at(person, act.at_ms), name, 1, part)
        elif act.kind == KIND["preference"] and not opted_out:
            opted_out = True
            ledger.add(act.at_ms, _at(person, act.at_ms), "opt_outs", 1, part)
        elif act.kind == KIND["survey"]:
            cell = _at(person, act.at_ms)
            if not act.topic:
                ledger.add(act.at_ms, cell, "surveys", 1, part)
            elif act.topic == "csat":
                ledger.add(act.at_ms, cell, "surveys_rated", 1, part)
                ledger.add(act.at_ms, cell, "csat", act.value, part)
                ledger.add(act.at_ms, cell, "surveys_satisfied", int(act.value >= SATISFIED), part)


def _carts(ledger: Ledger, person: Person, orders: Sequence[Order]) -> None:
    """A cart lasts from the first product until a purchase, or until nothing was put in for a day."""
    seen = sightings_ms(person)
    steps = [(act.at_ms, 0, part) for act, part in person.acts if act.kind == _CART]
    steps += [(order.at_ms, 1, order.part) for order in orders]
    steps.sort(key=lambda step: (step[0], step[1], step[2].name))
    begun, last = 0, 0
    owner: Part | None = None
    for at_ms, is_order, part in steps:
        if owner is not None and at_ms - last > CART_MS:
            _cart(ledger, person, (begun, last, owner), seen, bought=False)
            owner = None
        if is_order:
            if owner is not None:
                _cart(ledger, person, (begun, at_ms, owner), seen, bought=True)
            owner = None
        elif owner is None:
            begun, last, owner = at_ms, at_ms, part
        else:
            last = at_ms
    if owner is not None:
        _cart(ledger, person, (begun, last, owner), seen, bought=False)


def _cart(ledger: Ledger, person: Person, cart: tuple[int, int, Part], seen: list[int], *, bought: bool) -> None:
    begun, end, part = cart
    after_seen = any_within(seen, end - CART_MS, end)
    cell = _at(person, begun)
    for name, holds in (
        ("carts", True),
        ("carts_abandoned", not bought),
        ("carts_after_seen", after_seen),
        ("carts_abandoned_after_seen", after_seen and not bought),
    ):
        ledger.add(begun, cell, name, int(holds), part)


def _orders(ledger: Ledger, person: Person, orders: Sequence[Order], credited: Credited) -> None:
    bought_on: set[int] = set()
    customer = person.past.ordered
    for order, found in zip(orders, credited, strict=True):
        at_ms, part, cell = order.at_ms, order.part, _at(person, order.at_ms)
        if order.foreign:
            ledger.add(at_ms, cell, "orders_other_currency", 1, part)
            continue
        direct = any(credit is not None and credit.kind == "direct" for credit in found)
        amounts = {
            "orders": 1,
            "lines": len(order.lines),
            "units": order.pieces,
            "revenue": order.paid,
            "lines_unpriced": sum(line.price == UNSAID for line in order.lines),
            "orders_recommended": int(direct),
            "revenue_orders_recommended": order.paid if direct else 0,
            "orders_credited": int(any(credit is not None for credit in found)),
            "customers_new": int(not customer),
            "buyers": int(at_ms // DAY_MS not in bought_on),
        }
        customer = True
        bought_on.add(at_ms // DAY_MS)
        for name, value in amounts.items():
            ledger.add(at_ms, cell, name, value, part)
        for line in order.lines:
            ledger.add_item(at_ms, line.item, "units", line.quantity)


def _returns(ledger: Ledger, person: Person, returns: Sequence[Return]) -> None:
    refunded: set[str] = set()
    for one in returns:
        cell = _at(person, one.at_ms)
        ledger.add(one.at_ms, cell, "refunds", one.amount, one.part)
        ledger.add(one.at_ms, cell, "units_returned", one.pieces, one.part)
        if one.defect:
            ledger.add(one.at_ms, cell, "units_defect", one.pieces, one.part)
        if one.order not in refunded:
            refunded.add(one.order)
            ledger.add(one.at_ms, cell, "orders_refunded", 1, one.part)


def _at(person: Person, at_ms: int) -> Cell:
    return shop_cell(person.label_at(at_ms))
