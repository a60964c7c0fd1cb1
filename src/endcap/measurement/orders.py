"""What a person bought and gave back: orders with their lines, each once however often it is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from endcap.core.events import KIND
from endcap.measurement.acts import UNSAID, Act
from endcap.measurement.journeys import Part
from endcap.measurement.people import Said

_PURCHASE, _REFUND = KIND["purchase"], KIND["refund"]


@dataclass(slots=True)
class Line:
    """One line of an order. ``price`` is that of a piece in minor units, or UNSAID. ``answer`` is the answer that the shop names
    for it, ``sure`` whether for this very line. ``left`` and ``pieces_left`` are what was not given back."""

    item: str
    quantity: int
    price: int
    answer: str
    sure: bool
    left: int = 0
    pieces_left: int = 0

    def __post_init__(self) -> None:
        self.left, self.pieces_left = self.paid, self.quantity

    @property
    def paid(self) -> int:
        """What was paid for it."""
        return self.quantity * max(0, self.price)


@dataclass(slots=True)
class Return:
    """Pieces of a line that were given back, and what was paid back for them. Without a ``line``, nobody knows of a purchase."""

    at_ms: int
    order: str
    line: Line | None
    pieces: int
    amount: int
    defect: bool
    part: Part


@dataclass(slots=True)
class Order:
    """An order at the time when it was first told, in the part that told it."""

    key: str
    at_ms: int
    part: Part
    foreign: bool
    lines: list[Line] = field(default_factory=list)

    @property
    def paid(self) -> int:
        """What was paid for it."""
        return sum(line.paid for line in self.lines)

    @property
    def pieces(self) -> int:
        """How many pieces it holds."""
        return sum(line.quantity for line in self.lines)


def orders_of(acts: Iterable[Said]) -> list[Order]:
    """The orders among acts in order of time, the oldest first.

    An order that is told again counts once. Of each product the newest telling counts, with all its lines: so a change of
    quantity or price takes effect. An order in another currency is ``foreign``. What has no order id is an order of its own.
    """
    told: dict[str, list[Said]] = {}
    for said in acts:
        act = said[0]
        if act.kind == _PURCHASE:
            told.setdefault(act.order or f"#{act.telling:08x}@{act.at_ms}", []).append(said)
    orders = [_order(key, lines) for key, lines in told.items()]
    orders.sort(key=lambda order: (order.at_ms, order.key))
    return orders


def _order(key: str, told: Sequence[Said]) -> Order:
    newest: dict[str, tuple[int, int]] = {}
    for act, _ in told:
        telling = (act.at_ms, act.telling)
        newest[act.item] = max(telling, newest.get(act.item, telling))
    marks = _marks(act for act, _ in told)
    lines = [
        Line(act.item, act.quantity, act.amount, *marks.get(act.item, ("", False)))
        for act, _ in told
        if (act.at_ms, act.telling) == newest[act.item]
    ]
    return Order(key, told[0][0].at_ms, told[0][1], any(act.currency for act, _ in told), lines)


def _marks(acts: Iterable[Act]) -> dict[str, tuple[str, bool]]:
    """The answer that is named for each product: one named for its very line first, then by the newest telling."""
    marks: dict[str, tuple[int, int, int, str]] = {}
    for act in acts:
        if act.answer:
            mark = (act.value, act.at_ms, act.telling, act.answer)
            marks[act.item] = max(mark, marks.get(act.item, mark))
    return {item: (mark[3], mark[0] == 1) for item, mark in marks.items()}


def returns_of(acts: Iterable[Said], orders: Sequence[Order]) -> list[Return]:
    """What was given back, taken from the lines of ``orders``, which then know what is left of them.

    A refund takes pieces from the order that it names, else from what the person bought of the product before, newest first; of
    several lines of an order from one of its own price, else from the dearest. Never more than was bought, or paid, comes back;
    without a price it is what was paid for the pieces. A refund of which the order is not known stands for itself: no line loses
    anything, and what it says was paid back was paid back. One of an order in another currency counts nothing.
    """
    by_key = {order.key: order for order in orders}
    returns: list[Return] = []
    for act, part in acts:
        if act.kind != _REFUND:
            continue
        order = by_key.get(act.order) if act.order else None
        if order is not None and (order.foreign or act.currency):
            continue
        if order is not None:
            returns += _taken(act, part, [order])
        elif act.order:
            returns += _unknown(act, part, act.quantity)
        else:
            before = [one for one in reversed(orders) if one.at_ms <= act.at_ms and not one.foreign]
            taken = [] if act.currency else _taken(act, part, before)
            bought = any(line.item == act.item for one in before for line in one.lines)
            returns += taken if bought else _unknown(act, part, act.quantity)
    return returns


def _taken(act: Act, part: Part, orders: Sequence[Order]) -> list[Return]:
    wanted = act.quantity
    returns = []
    for order in orders:
        lines = [line for line in order.lines if line.item == act.item]
        lines.sort(key=lambda line: (act.amount == UNSAID or line.price != act.amount, -line.price, -line.quantity))
        for line in lines:
            if not wanted or not line.pieces_left:
                continue
            pieces = min(wanted, line.pieces_left)
            # Without a price, the share of what was paid; the last piece takes what is left, so that cents add up.
            share = line.left * pieces // line.pieces_left
            amount = share if act.amount == UNSAID else min(line.left, pieces * act.amount)
            line.pieces_left -= pieces
            line.left -= amount
            wanted -= pieces
            returns.append(Return(act.at_ms, order.key, line, pieces, amount, act.value == 1, part))
    return returns


def _unknown(act: Act, part: Part, pieces: int) -> list[Return]:
    if act.currency:
        return []
    amount = pieces * max(0, act.amount)
    return [Return(act.at_ms, act.order or f"#{act.telling:08x}@{act.at_ms}", None, pieces, amount, act.value == 1, part)]
