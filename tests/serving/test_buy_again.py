from __future__ import annotations

import numpy as np
import pytest

from endcap.artifacts.repurchase_intervals import RepurchaseIntervals
from endcap.core.events import KIND
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.core.time import DAY_MS
from endcap.serving.placements import shipped
from endcap.stores.ports import Act

from .shop import IDS, NOW_MS, POPULAR, Remembered, engine, product, scores


def intervals(gap_days: dict[str, float]) -> RepurchaseIntervals:
    """Artifacts of a shop where only what is due matters, and everything is bought as often."""
    n = len(IDS)
    gaps = np.log([gap_days.get(one, 60.0) for one in IDS]).astype(np.float32)
    ones = np.ones(n, np.float32)
    settings = np.array([np.inf, 1.0, 0.0, 0.0])
    return RepurchaseIntervals(gaps, np.full(n, 0.5, np.float32), ones, ones, np.ones(n, np.int32), settings, "buy_again")


def ask(spot: str, *acts: tuple[str, float], kind: str = "purchase", **changes: object) -> RecommendResponse:
    history = [Act(seq=0, at_ms=int(NOW_MS - age * DAY_MS), kind=KIND[kind], item_id=one) for one, age in acts]
    on = engine(
        shipped()[spot], histories=Remembered(*history), catalog=changes,  # type: ignore[arg-type]
        artifacts={"repurchase": intervals({"mug": 60.0, "spoon": 400.0}), "popularity": scores(POPULAR)},
    )  # fmt: skip
    return on.recommend(RecommendRequest(placement=spot, user_id="ada"))


def again(answer: RecommendResponse) -> list[str]:
    return [one.item_id for one in answer.items if one.shelf == "buy_again"]


@pytest.mark.parametrize("spot", ["home", "email"])
def test_what_is_due_comes_first_with_a_reason(spot: str) -> None:
    answer = ask(spot, ("spoon", 50.0), ("mug", 55.0))
    assert again(answer) == ["mug", "spoon"]
    assert {one.reason.code for one in answer.items if one.shelf == "buy_again"} == {"buy_again"}


def test_what_was_bought_lately_or_only_looked_at_does_not_come() -> None:
    assert again(ask("home", ("spoon", 5.0), ("mug", 50.0))) == ["mug"]
    assert again(ask("home", ("spoon", 50.0), kind="view")) == []


def test_what_is_sold_out_does_not_come() -> None:
    assert again(ask("home", ("mug", 50.0), mug=product("mug", stock=0))) == []


def test_a_stranger_has_no_such_shelf() -> None:
    assert "buy_again" not in {one.name for one in ask("home").shelves}
