"""Engagement: learnt from who came back, the same live as in the log."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from endcap.audience.engagement import HABITS, EngagementModel, activity, habits_of
from endcap.audience.engaging import LEAST_PEOPLE, learn_engagement, table_of
from endcap.core.time import DAY_MS

NOW = 1_700_000_000_000


def people(n: int, seed: int = 0) -> pl.DataFrame:
    """Half of them come every third day or so, the others came some time ago and hardly ever again."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        days = rng.uniform(0, 90, 30) if number % 2 else rng.uniform(30, 90, rng.integers(1, 6))
        if not number % 2 and rng.random() < 0.1:
            days = np.append(days, rng.uniform(0, 14))
        rows += [(f"u{number:04}", NOW - int(day * DAY_MS)) for day in days]
    return pl.DataFrame(rows, schema={"user": pl.String, "at_ms": pl.Int64}, orient="row")


def test_who_keeps_coming_is_engaged() -> None:
    acts = people(400)
    model = learn_engagement(acts, NOW)
    assert model is not None
    assert model.auc > 0.9
    assert model.foretold == pytest.approx(model.happened, abs=0.15)
    times = acts.group_by("user").agg("at_ms").sort("user")["at_ms"].to_list()
    scores = np.array([model.score(one, NOW) for one in times])
    assert scores[1::2].min() > scores[::2].mean()
    assert model.score([], NOW) < scores[1::2].mean()


def test_habits_are_the_same_of_a_history_and_of_the_log() -> None:
    acts, at = people(60, seed=3), NOW - 20 * DAY_MS
    table, came = table_of(acts, at)
    kept = acts.filter(pl.col("at_ms") <= at).group_by("user").agg("at_ms").sort("user")
    assert table == pytest.approx(np.array([habits_of(times, at) for times in kept["at_ms"].to_list()]))
    assert table.shape == (len(kept), len(HABITS))
    after = set(acts.filter(pl.col("at_ms") > at, pl.col("at_ms") <= at + 14 * DAY_MS)["user"])
    assert came.tolist() == [user in after for user in kept["user"]]


def test_what_comes_after_does_not_matter() -> None:
    times = [NOW - 3 * DAY_MS, NOW - 2 * DAY_MS]
    assert habits_of([*times, NOW + 5], NOW) == habits_of(times, NOW)
    assert activity([*times, NOW + 5], NOW) == activity(times, NOW)


def test_a_busy_week_is_told_from_a_usual_one() -> None:
    usual = [NOW - (2 * day + 1) * DAY_MS // 2 for day in range(28)]
    assert activity(usual, NOW) == 1
    assert activity([*usual, *(NOW - hour * DAY_MS // 24 for hour in range(48))], NOW) > 5
    assert activity([one for one in usual if one < NOW - 8 * DAY_MS], NOW) < 0.2


def test_too_few_are_not_learnt_from() -> None:
    assert learn_engagement(people(LEAST_PEOPLE - 2), NOW) is None
    assert learn_engagement(pl.DataFrame(schema={"user": pl.String, "at_ms": pl.Int64}), NOW) is None
    everyone = people(200).filter(pl.col("user").str.slice(-1).is_in(["1", "3", "5", "7", "9"]))
    assert learn_engagement(everyone, NOW) is None  # all of them came


def test_a_score_is_a_chance_whatever_the_weights() -> None:
    model = EngagementModel(weights=(1e9, -1e9, 1e9, 1e9), intercept=-1e12, people=0, auc=0.5, foretold=0, happened=0)
    for times in ([], [NOW], [0, NOW]):
        assert 0 <= model.score(times, NOW) <= 1
