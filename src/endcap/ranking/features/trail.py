"""The path that led here: how often its items were gone back to, and the candidate among them."""

from __future__ import annotations

from endcap.kernels.features import TRAIL
from endcap.ranking.features.base import Feature

FEATURES = (
    Feature("n_acts", "how many acts are known, at most the newest 64; each further one of this group is about these"),
    Feature("repeat_share", "the share of the acts that were on an item acted on before"),
    Feature("newest_run", "how many of the newest acts in a row were on the newest item"),
    Feature("n_returns", "how often an item was gone back to after another"),
    Feature("times_seen", "how many of the acts were on the candidate"),
    Feature("turns_since_seen", "how many changes of item ago it was acted on, 1 for the newest, 1,001 where it was not"),
    Feature("times_after_newest", "how often it was what came next after the newest item"),
)
assert len(FEATURES) == TRAIL
