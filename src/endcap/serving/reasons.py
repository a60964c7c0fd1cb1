"""Reason codes as sentences that a shopper may read."""

from __future__ import annotations

from functools import lru_cache

from endcap.core.request import Reason

TEMPLATES = {
    "bought_together": "Often bought together with {item}",
    "viewed_next": "Customers who viewed {item} also viewed this",
    "bought_next": "Customers who viewed {item} bought this",
    "liked_together": "Customers who chose {item} also chose this",
    "goes_with": "Goes with {item}",
    "instead": "Instead of {item}",
    "upgrade": "A step up from {item}",
    "similar": "Similar to {item}",
    "similar_visits": "Visitors who looked at {item} went on to this",
    "to_your_taste": "Picked for you",
    "stated_taste": "Among what you said you like",
    "buy_again": "You may need this again",
    "seen_before": "You looked at this lately",
    "popular_in_category": "Popular in {category}",
    "popular": "Popular with our customers",
    "trending": "Trending now",
    "new_arrival": "New in our range",
    "picked": "Our pick",
    "staff_pick": "Picked by our staff",
    "trending_in_category": "Trending in {category}",
    "for_you": "Recommended for you",
    "from_range": "From our range",
}
"""One sentence a code; ``{item}`` is the product that led here, ``{category}`` its category."""

OF_CATEGORY = "_in_category"
"""How the codes of reasons end that name a category."""

_WITHOUT_ITEM = {
    "bought_together": "Often bought together",
    "viewed_next": "Customers also viewed this",
    "bought_next": "Customers also bought this",
    "liked_together": "Customers also chose this",
    "goes_with": "Goes with your choice",
    "instead": "An alternative to what you looked at",
    "upgrade": "A step up from what you looked at",
    "similar": "Similar to what you looked at",
    "similar_visits": "Visitors like you went on to this",
}


@lru_cache(maxsize=10_000)
def reason(code: str, item: str | None = None, category: str | None = None) -> Reason:
    """The reason of a code, with the product or category that led to it where one did.

    >>> reason("bought_together", "Mug").text
    'Often bought together with Mug'
    >>> reason("popular_in_category").text
    'Popular with our customers'
    """
    if code.endswith(OF_CATEGORY) and category is None:
        return Reason(code, TEMPLATES[code.removesuffix(OF_CATEGORY)])
    if item is None and code in _WITHOUT_ITEM:
        return Reason(code, _WITHOUT_ITEM[code])
    template = TEMPLATES.get(code, "Recommended for you")
    return Reason(code, template.format(item=item, category=category))
