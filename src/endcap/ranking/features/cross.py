"""How a candidate stands to what is asked with."""

from __future__ import annotations

from endcap.kernels.features import CROSS
from endcap.ranking.features.base import Feature

FEATURES = (
    Feature(
        "steps_since_seen", "how many different items ago it was asked with itself, 1 for the newest, 1,001 where it was not"
    ),
    Feature("is_newest", "1 where it is the newest item asked with"),
    Feature("same_leaf_as_newest", "1 where it is in the leaf category of the newest item"),
    Feature("same_leaf_share", "the share of the newest 32 items that are in its leaf category"),
    Feature("same_top_as_newest", "1 where it is in the top category of the newest item"),
    Feature("same_top_share", "the share of the newest 32 items that are in its top category"),
    Feature("same_brand_as_newest", "1 where it is of the brand of the newest item"),
    Feature("same_brand_share", "the share of the newest 32 items that are of its brand"),
    Feature("price_to_newest", "the logarithm of its price over the newest item's, -99 where one is not known"),
    Feature("price_to_median", "the logarithm of its price over the median of the newest 32 items', -99 where not known"),
)
assert len(FEATURES) == CROSS
