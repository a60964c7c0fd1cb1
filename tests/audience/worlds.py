"""Customers whose kinds are known: shops with planted habits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from endcap.core.catalog import Item
from endcap.core.events import Event, Line
from endcap.core.time import DAY_MS
from endcap.stores.ports import ShopStores

END_MS = 1_700_000_000_000


def product(item_id: str, category: str = "Kitchen") -> Item:
    """A product of 20 EUR."""
    return Item(
        item_id=item_id, title=item_id.title(), price=Decimal(20), list_price=Decimal(20), currency="EUR", category=(category,)
    )  # fmt: skip


PRODUCTS = [product(f"p{number}", "Kitchen" if number % 2 else "Garden") for number in range(20)]


@dataclass(frozen=True, slots=True)
class Habit:
    """How customers of a kind buy: when for the first and the last time (days before the end), how often, for how much a piece
    count, at what share of the list price, and how many products they look at for each order."""

    first: tuple[float, float]
    last: tuple[float, float]
    orders: tuple[int, int]
    pieces: tuple[int, int]
    share: float = 1.0
    looks: int = 2


HABITS = {
    "frequent_buyers": Habit((250, 360), (1, 12), (14, 24), (2, 4)),
    "big_spenders": Habit((150, 330), (10, 80), (3, 5), (40, 70)),
    "bargain_hunters": Habit((120, 330), (10, 90), (3, 5), (2, 4), share=0.6),
    "new_customers": Habit((1, 25), (0, 20), (1, 2), (2, 4)),
    "gone_quiet": Habit((200, 360), (190, 350), (1, 2), (2, 4)),
}


def planted(n: int, seed: int = 1) -> Iterator[Event]:
    """The orders and views of ``n`` customers of each kind of :data:`HABITS`, whose ids say which, and of ``n`` who only look."""
    rng = np.random.default_rng(seed)
    for kind, habit in HABITS.items():
        for number in range(n):
            yield from _life(f"{kind}-{number:04}", habit, rng)
    for number in range(n):
        for look in range(5):
            at = END_MS - int(rng.uniform(1, 60) * DAY_MS)
            yield _view(f"window_shoppers-{number:04}", look, at, rng)


def kind_of(user_id: str) -> str:
    """The kind that was planted."""
    return user_id.rsplit("-", 1)[0]


def filled(stores: ShopStores, n: int, seed: int = 1) -> ShopStores:
    """A shop with these customers."""
    stores.catalog.put(PRODUCTS)
    stores.log.append(sorted(planted(n, seed), key=lambda event: event.at_ms))
    return stores


def purchase(user: str | None, order: str, at_ms: int, *lines: tuple[str, int, float], **facts: Any) -> Event:
    """An order: item, pieces and price of each line."""
    return Event(
        event_id=f"buy {order}", type="purchase", at=at_ms, user_id=user, order_id=order, currency=facts.pop("currency", "EUR"),
        items=tuple(Line(item_id=item, quantity=pieces, price=Decimal(str(price))) for item, pieces, price in lines), **facts,
    )  # fmt: skip


def refund(user: str, order: str, at_ms: int, *lines: tuple[str, int]) -> Event:
    """Pieces of an order that came back."""
    return Event(
        event_id=f"back {order} {at_ms}", type="refund", at=at_ms, user_id=user, order_id=order,
        items=tuple(Line(item_id=item, quantity=pieces) for item, pieces in lines),
    )  # fmt: skip


def _life(user: str, habit: Habit, rng: np.random.Generator) -> Iterator[Event]:
    n = int(rng.integers(*habit.orders, endpoint=True))
    first, last = rng.uniform(*habit.first), rng.uniform(*habit.last)
    last = min(last, first)
    between = rng.uniform(last, first, max(0, n - 2)).tolist()
    for number, before in enumerate([first, *between, last][:n] if n > 1 else [first]):
        at = END_MS - int(before * DAY_MS) - 1
        price = 20 * habit.share * rng.uniform(0.96, 1.04) if habit.share < 1 else 20.0
        lines = [
            (f"p{rng.integers(20)}", int(rng.integers(*habit.pieces, endpoint=True)) // 2 + 1, round(price, 2)) for _ in range(2)
        ]
        for look in range(int(rng.integers(1, habit.looks + 1, endpoint=True))):
            yield _view(user, 100 * number + look, at - 1_000 * (look + 1), rng)
        yield purchase(user, f"{user} {number}", at, *lines)


def _view(user: str, number: int, at_ms: int, rng: np.random.Generator) -> Event:
    return Event(
        event_id=f"view {user} {number}",
        type="view",
        at=at_ms,
        user_id=user,
        session_id=f"s {user}",
        item_id=f"p{rng.integers(20)}",
    )
