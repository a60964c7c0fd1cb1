"""A crawler that goes through a shop: much of it, with a session for every page, and buying as no crawler should."""

from __future__ import annotations

from collections.abc import Sequence

from endcap.core.crawlers import AGENT_KEY
from endcap.core.events import Event, Line

CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
TYPES = ("view", "click", "add_to_cart", "purchase", "rating", "refund", "impression")


def crawled(n: int, items: Sequence[str], since_ms: int, until_ms: int, **facts: str) -> list[Event]:
    """So many events of a crawler within these times: of all types, each item with the two behind it, and items of its own."""
    names = [*items, "made up 1", "made up 2"]
    context = {AGENT_KEY: CRAWLER}
    events = []
    for number in range(n):
        kind = TYPES[number % len(TYPES)]
        first, second, third = (names[(number + step) % len(names)] for step in range(3))
        what: dict[str, object] = {"item_id": first}
        if kind in {"purchase", "refund", "impression"}:
            what = {"items": (Line(item_id=first), Line(item_id=second), Line(item_id=third))}
        elif kind == "rating":
            what["rating"] = 1.0
        who = {"user_id": f"bot {number % 11}", "session_id": f"bot {number // 5}"}
        at_ms = since_ms + (until_ms - since_ms) * number // n
        events.append(Event(event_id=f"bot {number}", type=kind, at=at_ms, context=context, **{**who, **what, **facts}))  # type: ignore[arg-type]
    return events
