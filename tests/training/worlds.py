"""Small shops whose habits are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from endcap.core.catalog import Item
from endcap.core.events import Event, Line
from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.stores.ports import ShopStores
from endcap.testing.samples import AT_MS

PAIRS = (("mug", "tea"), ("lamp", "bulb"), ("hose", "tap"))
CROSSED = (("mug", "bulb"), ("lamp", "tap"), ("hose", "tea"))
KINDS = 4


def visits(n: int, start_day: float, days: float, pairs: Sequence[tuple[str, str]] = PAIRS, seed: int = 0) -> list[Event]:
    """Visits that look at one of the pairs and buy it, spread over some days."""
    rng = np.random.default_rng(seed)
    events = []
    for visit in range(n):
        at_ms = AT_MS + round((start_day + visit * days / n) * DAY_MS)
        names = [f"{name} {rng.integers(KINDS)}" for name in pairs[int(rng.integers(len(pairs)))]]
        user_id, session_id = f"u{rng.integers(50)}", f"s{start_day}-{visit}"
        events += [
            Event(
                event_id=f"v{session_id}-{step}", type="view", at=at_ms + step * MINUTE_MS, item_id=name, user_id=user_id,
                session_id=session_id,
            )
            for step, name in enumerate(names)
        ]  # fmt: skip
        lines = tuple(Line(item_id=name) for name in names)
        bought_at = at_ms + 5 * MINUTE_MS
        events.append(
            Event(event_id=f"p{session_id}", type="purchase", at=bought_at, items=lines, user_id=user_id, session_id=session_id)
        )
    return events


def products() -> list[Item]:
    """What the shop sells."""
    return [Item(item_id=f"{name} {kind}", title=f"{name} {kind}") for pair in PAIRS for name in pair for kind in range(KINDS)]


def fill(stores: ShopStores, n: int = 600, days: float = 20) -> None:
    """Products, and so many visits."""
    stores.log.append(visits(n, 0, days))
    stores.catalog.put(products())
