"""What is asked with, the same for every candidate: by it the trees weigh everything else."""

from __future__ import annotations

from endcap.kernels.features import PER_QUERY
from endcap.ranking.features.base import Feature

FEATURES = (
    Feature("n_asked", "how many different items are asked with"),
    Feature("asked_popularity", "the mean popularity of the newest 32 of them"),
    Feature("newest_popularity", "the popularity of the newest of them"),
    Feature("asked_log_price", "the logarithm of their median price"),
)
assert len(FEATURES) == PER_QUERY
