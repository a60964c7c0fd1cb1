from __future__ import annotations

from typing import Any

import numpy as np

from endcap.algorithms.base import FitContext
from endcap.algorithms.co_purchase import CoPurchase
from endcap.algorithms.popularity import Popularity
from endcap.artifacts.item_scores import ItemScores
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.dataset.build import dataset_from_baskets
from endcap.testing.histories import random_data
from endcap.training.tuning import Validation, combinations


def shifting(days: int = 60) -> Dataset:
    """A shop whose favourites change every ten days: only a short memory knows what sells now."""
    rng = np.random.default_rng(0)
    at_day = np.sort(rng.uniform(0, days, 4_000))
    baskets = [np.unique(rng.choice(5, 3) + 5 * int(day // 10)) for day in at_day]
    indptr = np.concatenate(([0], np.cumsum([len(one) for one in baskets])))
    return dataset_from_baskets(
        [str(row) for row in range(5 * days // 10)], indptr, np.concatenate(baskets), (at_day * DAY_MS).astype(np.int64)
    )


def test_the_options_that_fit_the_shop_win() -> None:
    validation = Validation(shifting(), seed=0)
    tunable: dict[str, tuple[Any, ...]] = {"half_life_days": (1.0, 365.0)}
    best = validation.best(Popularity(half_life_days=365.0), "basket", tunable)
    assert best.algorithm == Popularity(half_life_days=1.0)
    forgetful, stubborn = (validation.judge(Popularity(half_life_days=days), "basket").quality for days in (1.0, 365.0))
    assert best.quality == forgetful
    assert forgetful.objective > stubborn.objective
    assert 0 < forgetful.mrr_20 <= forgetful.hit_rate_10 <= forgetful.hit_rate_20 <= 1


def test_nothing_that_is_asked_about_was_seen() -> None:
    data = shifting()
    newest = data.baskets.at_ms[int(0.9 * len(data.baskets))]
    seen: list[int] = []

    class Watching(Popularity, frozen=True, kw_only=True):
        def fit(self, data: Dataset, context: FitContext) -> ItemScores:
            seen.extend((int(data.interactions.at_ms.max()), int(data.baskets.at_ms.max()), context.now_ms - 1))
            return super().fit(data, context)

    Validation(data, seed=0).judge(Watching(), "basket")
    assert max(seen) < newest


def test_of_equals_the_first_is_kept() -> None:
    validation = Validation(random_data(0, n_events=6_000), seed=0)
    best = validation.best(CoPurchase(k=90), "basket", {"k": (80, 100)})
    assert best.algorithm == CoPurchase(k=90), "thirty items have fewer than eighty neighbours: k changes nothing"


def test_a_task_with_few_questions_is_not_asked() -> None:
    assert Validation(random_data(0, n_events=300), seed=0).task_for(("basket", "session", "purchase")) is None
    plenty = Validation(random_data(0, n_events=6_000), seed=0)
    assert plenty.task_for(("purchase", "basket")) == "purchase"


def test_combinations_begin_with_the_algorithm_and_repeat_nothing() -> None:
    tried = list(combinations(CoPurchase(), {"k": (100, 5), "popularity": (0.5, 0.3)}))
    assert tried == [CoPurchase(), CoPurchase(popularity=0.3), CoPurchase(k=5), CoPurchase(k=5, popularity=0.3)]
