"""Who is no shopper: crawlers by their user agent, and what acts faster than people.

The user agent decides on each event by itself. How somebody behaves decides on all that they did: a crawler that calls itself a
browser is found out by what it does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache

import crawleruseragents

MOST_A_MINUTE = 60
"""More looks, clicks and items put into the cart than this in one minute of the clock are no person's."""

FASTEST_PURCHASE_MS = 1_000
"""Whoever buys a product sooner than this after putting it into the cart is no person. Source: OWASP API Security Top 10 (2023),
API6, which names a purchase within less than a second."""

REMEMBERED_AGENTS = 20_000
"""How many user agents are remembered: a new one costs a millisecond, a known one next to nothing."""

LONGEST_AGENT = 512
"""How many letters of a user agent are looked at: what is longer is made up, and would take long."""

_MINUTE_MS = 60_000


class _Patterns:
    @cached_property
    def any_of(self) -> re.Pattern[str]:
        return re.compile("|".join(entry["pattern"] for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA))


_patterns = _Patterns()


@lru_cache(maxsize=REMEMBERED_AGENTS)
def is_crawler(user_agent: str) -> bool:
    """Whether a user agent is that of a known crawler; nothing said is nothing known.

    Source: the patterns of the package ``crawler-user-agents``.

    >>> is_crawler("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"), is_crawler("")
    (True, False)
    """
    return bool(_patterns.any_of.search(user_agent[:LONGEST_AGENT]))


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
