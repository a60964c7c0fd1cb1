"""Whom a rule may be for: segments that follow from what a shopper does, known at the next request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from endcap.core.events import KIND
from endcap.core.request import RecommendRequest
from endcap.ranking.tiers import PREMIUM
from endcap.serving.items import ItemTable
from endcap.stores.ports import Act, History

KEEN_VIEWS = 3
"""So many views of a kind in one visit show that a shopper is keen on it."""

NEAR_LIMIT = 0.8
"""From this share on, what a plan or a refill allows is nearly used up."""

MOST_NAMED = 50

SEGMENTS = {
    "known": "the request names a user",
    "guest": "it names none",
    "returning": "something was done in an earlier visit",
    "buyer": "something was bought and not given back",
    "keen_on:CATEGORY": f"{KEEN_VIEWS} views or more in this visit within a category, by any word of its path",
    "keen_on_premium": f"{KEEN_VIEWS} views or more in this visit of products in the dearest third of their category",
    "near_limit": f"a `usage` event said that {NEAR_LIMIT:.0%} or more of what an item allows is used up",
    "near_limit:ITEM": "the same, of that item",
    "device:DEVICE": "the device that the request's context names",
}
"""The segments that Endcap works out, and when a shopper is in them. Others come in the request: ``context.segments``."""

_LOOKS, _USAGE = frozenset({KIND["view"], KIND["click"]}), KIND["usage"]


def segments(request: RecommendRequest, habits: frozenset[str], device: str | None) -> frozenset[str]:
    """The segments of a shopper of these :func:`habits`, as they come now."""
    found = {"known" if request.user_id is not None else "guest", *_named(request.context)}
    if device is not None:
        found.add(f"device:{device}")
    return habits.union(found)


def habits(past: History, items: ItemTable, *, began_ms: int, buyer: bool) -> frozenset[str]:
    """The segments that follow from a past, whoever asks for what; the visit began at ``began_ms``. Time O(acts)."""
    found = _keen(past.acts, items, began_ms) | _near_limit(past.acts)
    if past.acts and past.acts[0].at_ms < began_ms:
        found.add("returning")
    if buyer:
        found.add("buyer")
    return frozenset(found)


def _keen(acts: Sequence[Act], items: ItemTable, began_ms: int) -> set[str]:
    looks = [act.item_id for act in acts if act.kind in _LOOKS and act.at_ms >= began_ms]
    rows = items.rows(looks) if len(looks) >= KEEN_VIEWS else []
    if len(rows) < KEEN_VIEWS:
        return set()
    words = Counter(word for row in rows if (item := items.items[row]) is not None for word in set(item.category))
    keen = {f"keen_on:{word}" for word, views in words.items() if views >= KEEN_VIEWS}
    if sum(int(items.tier[row]) == PREMIUM for row in rows) >= KEEN_VIEWS:
        keen.add("keen_on_premium")
    return keen


def _near_limit(acts: Iterable[Act]) -> set[str]:
    newest = {act.item_id: act.value or 0.0 for act in acts if act.kind == _USAGE}
    near = {f"near_limit:{item_id}" for item_id, share in newest.items() if share >= NEAR_LIMIT}
    return near | {"near_limit"} if near else near


def _named(context: dict[str, Any] | None) -> list[str]:
    """The segments that the shop's server names itself."""
    named = context.get("segments") if context else None
    if not isinstance(named, list):
        return []
    return [one for one in named[:MOST_NAMED] if isinstance(one, str) and one]
