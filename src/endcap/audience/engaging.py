"""How engagement is learnt from the log: who came back within two weeks, by what they did before."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from endcap.audience.engagement import AHEAD_DAYS, HABITS, MONTH_DAYS, MOST_ACTS, WEEK_DAYS, EngagementModel
from endcap.core.time import DAY_MS

Floats = NDArray[np.float64]

LEAST_PEOPLE = 100
LEAST_OF_EACH = 20
"""So many people, and so many who came and who did not, are needed to learn from."""


def learn_engagement(acts: pl.DataFrame, now_ms: int) -> EngagementModel | None:
    """The model of what ``acts`` (``user``, ``at_ms``) say before ``now_ms``; nothing where they are too few.

    Learnt from the two weeks before ``now_ms``; judged there by a model of the two weeks before those.
    """
    span = AHEAD_DAYS * DAY_MS
    lately, came = table_of(acts, now_ms - span)
    if not _enough(came):
        return None
    model = LogisticRegression(max_iter=1_000).fit(lately, came)
    earlier, came_earlier = table_of(acts, now_ms - 2 * span)
    judged = LogisticRegression(max_iter=1_000).fit(earlier, came_earlier) if _enough(came_earlier) else model
    chance = judged.predict_proba(lately)[:, 1]
    return EngagementModel(
        weights=tuple(model.coef_[0].tolist()), intercept=float(model.intercept_[0]), people=len(came),
        auc=float(roc_auc_score(came, chance)), foretold=float(chance.mean()), happened=float(came.mean()),
    )  # fmt: skip


def table_of(acts: pl.DataFrame, at_ms: int) -> tuple[Floats, NDArray[np.bool_]]:
    """The habits at a moment of everybody who had acted by then, in the order of their ids, float64 (n, :data:`HABITS`), and who
    acted in the two weeks after it."""
    when, day = pl.col("at_ms"), pl.col("at_ms") // DAY_MS
    week, month = when > at_ms - WEEK_DAYS * DAY_MS, when > at_ms - MONTH_DAYS * DAY_MS
    habits = acts.filter(when <= at_ms).group_by("user").agg(
        ((at_ms - when.max()) / DAY_MS).log1p().alias("quiet"), day.filter(week).n_unique().alias("days_this_week"),
        day.filter(month).n_unique().alias("days_this_month"),
        pl.min_horizontal(week.sum(), pl.lit(MOST_ACTS)).cast(pl.Float64).log1p().alias("acts_this_week"),
    )  # fmt: skip
    after = acts.filter(when > at_ms, when <= at_ms + AHEAD_DAYS * DAY_MS).select("user").unique().with_columns(came=pl.lit(True))
    table = habits.join(after, on="user", how="left").sort("user")
    return table.select(HABITS).cast(pl.Float64).to_numpy(), table["came"].fill_null(value=False).to_numpy()


def _enough(came: NDArray[np.bool_]) -> bool:
    n = int(np.count_nonzero(came))
    return len(came) >= LEAST_PEOPLE and min(n, len(came) - n) >= LEAST_OF_EACH
