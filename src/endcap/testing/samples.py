"""Small sound values for contract suites."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np

from endcap.artifacts.bundle import Made, Manifest, write_bundle
from endcap.artifacts.item_scores import ItemScores
from endcap.core.catalog import Item
from endcap.core.events import Event, Line

AT_MS = 1_300_000_000_000
"""2011-03-13: data that ended long ago is as good as today's."""


def view(number: int, *, at_ms: int | None = None, item_id: str = "mug") -> Event:
    """A view with the id ``e<number>``, by default ``number`` seconds after :data:`AT_MS`."""
    at = AT_MS + 1_000 * number if at_ms is None else at_ms
    return Event(event_id=f"e{number}", type="view", at=at, session_id="s", item_id=item_id)


def full_event(event_id: str) -> Event:
    """A purchase that uses what is hard to keep: decimals, other scripts, nested context."""
    lines = (Line(item_id="mug", quantity=2, price=Decimal("2.55")), Line(item_id="Töpfe 😀"))
    return Event(
        event_id=event_id, type="purchase", at=AT_MS, user_id="u'1\"", items=lines, price=Decimal("5.10"), currency="GBP",
        order_id="o\n1", context={"n": 2**53 + 1, "deep": [{"x": None, "y": 1.5}]},
    )  # fmt: skip


def item(item_id: str, title: str = "A mug", **options: str) -> Item:
    """An item."""
    return Item(item_id=item_id, title=title, price=Decimal("2.55"), currency="GBP", attributes=options)


def bundle_writer(*scores: float, created_at_ms: int = 1) -> Callable[[Path], Manifest]:
    """What :meth:`endcap.stores.ports.BundleStore.publish` is given: writes a bundle of item scores."""

    def write(folder: Path) -> Manifest:
        made = {"popular": Made(ItemScores.of(np.array(scores), "popular"), "popularity", {})}
        ids = [f"item {row}" for row in range(len(scores))]
        return write_bundle(folder, ids, made, created_at_ms=created_at_ms, data_until_ms=AT_MS, position=1, seed=0)

    return write
