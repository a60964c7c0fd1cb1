"""Trees that learnt nothing, as many and as deep as those that training makes: ranking costs what it costs."""

from __future__ import annotations

from collections.abc import Sequence

import lightgbm
import numpy as np

from endcap.algorithms.gbm_ranker import trees_of
from endcap.artifacts.base import frozen
from endcap.artifacts.tree_ranker import N_CODES, ItemFacts, TreeRanker
from endcap.core.choice import Asking, Choice, ChosenSource, Task
from endcap.ranking.features import items, layout

TREES = 150
POOL = 25
"""How many items of each source are ranked: of four sources, which here have hardly one in common, about a hundred."""

_LEAVES = 31
_LESSONS = 20_000
_SOURCES: dict[Task, tuple[str, ...]] = {
    "basket": ("co_purchase", "association_rules", "item_knn", "content"),
    "session": ("viewed_next", "item_knn", "content", "bought_next"),
    "purchase": ("bought_next", "viewed_next", "item_knn", "content"),
}


def random_choices() -> list[Choice]:
    """A choice for each task that a shipped shelf follows: four sources, ranked."""
    asking = Asking(last=20, decay=2.0)
    return [
        Choice(
            task=task, sources=tuple(ChosenSource(artifact=name, asking=asking) for name in names),
            ranker=f"gbm_ranker_{task}", pool=POOL,
        )
        for task, names in _SOURCES.items()
    ]  # fmt: skip


def random_ranker(rng: np.random.Generator, n_items: int, sources: Sequence[str]) -> TreeRanker:
    """A ranker of :data:`TREES` trees over every feature, grown on lessons made up by chance."""
    names = tuple(one.name for one in layout(sources))
    lessons = rng.normal(size=(_LESSONS, len(names))).astype(np.float32)
    taken = (lessons @ rng.normal(size=len(names)) + rng.normal(size=_LESSONS) > 0).astype(np.float32)
    options = {
        "objective": "binary", "num_leaves": _LEAVES, "learning_rate": 0.05, "num_threads": 1, "verbose": -1,
        "deterministic": True, "seed": int(rng.integers(2**31 - 1)),
    }  # fmt: skip
    booster = lightgbm.train(options, lightgbm.Dataset(lessons, taken), num_boost_round=TREES)
    codes = rng.integers(0, 40, (N_CODES, n_items), dtype=np.int32)
    columns = rng.random((len(items.FEATURES), n_items), dtype=np.float32)
    raw = np.linspace(-4.0, 4.0, 64)
    return TreeRanker(
        tuple(sources), names, trees_of(booster), frozen(raw), frozen(1 / (1 + np.exp(-raw))),
        ItemFacts(frozen(columns), frozen(codes)), frozen(np.ones(n_items, np.float32)), 0.0, "for_you",
    )  # fmt: skip
