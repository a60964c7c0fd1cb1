"""Who acts faster than people is no shopper: a crawler that calls itself a browser is found out by what it does.

How somebody behaves decides on all that they did; of single events the user agent decides (:mod:`endcap.core.crawlers`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

MOST_A_MINUTE = 60
"""More looks, clicks and items put into the cart than this in one minute of the clock are no person's."""

FASTEST_PURCHASE_MS = 1_000
"""Whoever buys a product sooner than this after putting it into the cart is no person. Source: OWASP API Security Top 10 (2023),
API6, which names a purchase within less than a second."""

_MINUTE_MS = 60_000


def too_fast(acts_ms: Sequence[int], carts: Sequence[tuple[str, int]], purchases: Sequence[tuple[str, int]]) -> bool:
    """Whether somebody acts as no person can.

    ``acts_ms`` are the times of looks, clicks and items put into the cart; ``carts`` and ``purchases`` items with their times.

    >>> too_fast([], [("mug", 5_000)], [("mug", 5_900)]), too_fast([], [("mug", 5_000)], [("mug", 6_000)])
    (True, False)
    """
    if len(acts_ms) > MOST_A_MINUTE and max(Counter(at_ms // _MINUTE_MS for at_ms in acts_ms).values()) > MOST_A_MINUTE:
        return True
    put: dict[str, list[int]] = {}
    for item_id, put_ms in carts:
        put.setdefault(item_id, []).append(put_ms)
    return any(0 <= at_ms - put_ms < FASTEST_PURCHASE_MS for item_id, at_ms in purchases for put_ms in put.get(item_id, ()))
