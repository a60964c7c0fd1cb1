from __future__ import annotations

import msgspec
import numpy as np
import pytest

from endcap.errors import BadInput
from endcap.experiments.analysis import Analysis, AnalysisPlan, Metric, analyse
from endcap.experiments.plan import Factor
from tests.experiments.people import DAY_MS, people, split

BUYERS = Metric(name="buyers", numerator="orders", kind="proportion", title="share of buyers")
PLAN = AnalysisPlan(primary=BUYERS, started_ms=0, ends_ms=14 * DAY_MS)


def judged(counts: list[int], converted: list[int], day: float, plan: AnalysisPlan = PLAN) -> Analysis:
    arms = ("as now", "new", "other", "last")[: len(counts)]
    return analyse(people(*split(counts, converted), arms=arms), plan, int(day * DAY_MS))


def test_a_win_at_the_planned_end() -> None:
    found = judged([10_000, 10_000], [1_000, 1_100], day=14)
    assert (found.verdict.outcome, found.verdict.arm, found.due) == ("wins", "new", True)
    assert found.verdict.sentence == "“new” wins: share of buyers +10.0 % against “as now” (between +1.4 % and +19.3 %)."
    assert "planned end" in found.verdict.reason


def test_the_same_figures_before_the_end_are_no_win_yet() -> None:
    found = judged([10_000, 10_000], [1_000, 1_100], day=13.9)
    assert (found.verdict.outcome, found.verdict.until_ms) == ("keep_running", 14 * DAY_MS)
    assert found.verdict.sentence == "Keep running until 15 January 1970."
    assert "day 14 of 14" in found.verdict.reason


def test_a_clear_difference_is_decided_early_and_says_why_that_is_safe() -> None:
    found = judged([3_000, 3_000], [300, 480], day=3)
    assert found.verdict.outcome == "wins"
    assert found.verdict.reason.startswith("Decided by the range that holds however often one looks")
    assert found.primary.effects[0].sequential is not None
    assert found.primary.effects[0].sequential.low > 0.0


def test_a_variant_that_nobody_buys_from_is_stopped_early() -> None:
    found = judged([3_000, 3_000], [150, 0], day=1)
    assert (found.verdict.outcome, found.verdict.arm) == ("loses", "new")


def test_a_handful_of_people_decides_nothing() -> None:
    assert judged([90, 90], [2, 60], day=1).verdict.outcome == "keep_running"


def test_no_verdict_without_enough_conversions() -> None:
    found = judged([4_000, 4_000], [400, 470], day=20)
    assert (found.verdict.outcome, found.due) == ("keep_running", False)
    assert "“as now” has 400 of the 500 conversions it needs" in found.verdict.reason
    assert found.verdict.until_ms == 18 * DAY_MS  # 400 in 14 days, after which nothing was counted


def test_no_difference_says_what_is_ruled_out() -> None:
    found = judged([20_000, 20_000], [2_000, 2_010], day=15)
    assert found.verdict.outcome == "no_difference"
    assert "lies between −5" in found.verdict.sentence
    assert "%" in found.verdict.sentence


def test_a_broken_split_greys_everything() -> None:
    found = judged([10_000, 10_600], [1_000, 1_500], day=20)
    assert found.greyed
    assert found.verdict.outcome == "sample_ratio"
    assert "“as now” has 48.5 % of those who took part instead of 50.0 %" in found.verdict.sentence


def test_lower_is_better_where_the_plan_says_so() -> None:
    plan = msgspec.structs.replace(PLAN, primary=msgspec.structs.replace(BUYERS, direction="down"))
    found = judged([10_000, 10_000], [1_000, 1_200], day=15, plan=plan)
    effect = found.primary.effects[0]
    assert found.verdict.outcome == "loses"
    assert (effect.chance_to_win or 1.0) < 0.01
    assert (effect.loss or 0.0) > 0.1 > (effect.loss_control or 1.0)


@pytest.mark.parametrize(
    ("margin", "spent", "outcome", "acceptable"), [(0.05, 0.7, "guard_rail", False), (0.05, 1.0, "wins", True)]
)
def test_a_guard_rail_holds_back_a_win(margin: float, spent: float, outcome: str, acceptable: bool) -> None:
    rail = Metric(name="revenue", numerator="revenue", margin=margin, title="revenue by visitor")
    arm, orders = split([10_000, 10_000], [1_000, 1_200])
    revenue = np.random.default_rng(0).gamma(100.0, 1.0, len(arm)) * np.where(arm == 1, spent, 1.0)
    plan = msgspec.structs.replace(PLAN, guard_rails=(rail,))
    found = analyse(people(arm, orders, revenue), plan, 15 * DAY_MS)
    assert found.verdict.outcome == outcome
    assert found.guard_rails[0].effects[0].acceptable is acceptable
    if outcome == "guard_rail":
        assert "Do not launch “new”: revenue by visitor −30." in found.verdict.sentence


def test_a_win_says_which_loss_is_not_ruled_out() -> None:
    arm, orders = split([10_000, 10_000], [1_000, 1_200])
    revenue = np.random.default_rng(0).lognormal(0.0, 2.0, len(arm))
    plan = msgspec.structs.replace(PLAN, guard_rails=(Metric(name="revenue", numerator="revenue", margin=0.02),))
    found = analyse(people(arm, orders, revenue), plan, 15 * DAY_MS)
    assert found.verdict.outcome == "wins"
    assert "Not ruled out yet is a loss beyond the margin of revenue" in found.verdict.reason


def test_many_variants_share_the_chance_of_a_false_alarm() -> None:
    found = judged([10_000] * 4, [1_000, 1_090, 1_085, 960], day=15)
    assert found.level == pytest.approx(1 - 0.05 / 3)
    first = found.primary.effects[0]
    assert first.p is not None
    assert first.p < 0.05 < (first.p_adjusted or 0.0)
    assert first.p_adjusted == pytest.approx(3 * first.p)
    assert found.verdict.outcome == "no_difference"  # one of two looks alone would have called it a win


def test_the_best_of_several_winners_is_named() -> None:
    assert judged([10_000] * 3, [1_000, 1_300, 1_500], day=15).verdict.arm == "other"


def test_other_metrics_are_corrected_together() -> None:
    arm, orders = split([10_000, 10_000], [1_000, 1_090])
    others = (BUYERS, Metric(name="orders", numerator="orders"), Metric(name="revenue", numerator="revenue"))
    rng = np.random.default_rng(0)
    units = people(arm, orders, rng.lognormal(0.0, 1.0, len(arm)))
    found = analyse(units, msgspec.structs.replace(PLAN, others=others), 15 * DAY_MS).others
    p = [one.effects[0].p or 0.0 for one in found]
    assert [one.effects[0].p_adjusted for one in found] == pytest.approx(
        [max(3 * p[0], 3 * p[1], 2 * p[0], 2 * p[1])] * 2 + [p[2]], rel=1e-2
    )


def test_segments_are_those_of_the_plan_and_corrected() -> None:
    arm, orders = split([10_000, 10_000], [1_000, 1_090])
    units = people(arm, orders, segment=np.arange(20_000) % 2)
    plan = msgspec.structs.replace(PLAN, segments=("new shoppers", "regulars"))
    found = analyse(units, plan, 15 * DAY_MS).segments
    assert [one.segment for one in found] == ["new shoppers", "regulars"]
    assert [one.result.arms[0].units for one in found] == [5_000, 5_000]
    assert all((one.result.effects[0].p_adjusted or 0.0) > (one.result.effects[0].p or 1.0) for one in found[:1])
    with pytest.raises(BadInput, match="use one of new shoppers, regulars"):
        analyse(units, msgspec.structs.replace(PLAN, segments=("nobody",)), 15 * DAY_MS)


def test_a_planned_end_after_two_weeks_is_waited_for() -> None:
    plan = msgspec.structs.replace(PLAN, ends_ms=28 * DAY_MS)
    assert judged([10_000, 10_000], [1_000, 1_110], day=20, plan=plan).verdict.until_ms == 28 * DAY_MS
    assert judged([10_000, 10_000], [1_000, 1_110], day=28, plan=plan).verdict.outcome == "wins"


def test_without_a_planned_end_every_look_is_one_of_many() -> None:
    plan = msgspec.structs.replace(PLAN, ends_ms=None)
    found = judged([10_000, 10_000], [1_000, 1_100], day=20, plan=plan)
    assert (found.verdict.outcome, found.due) == ("no_difference", False)
    assert "no planned end" in found.verdict.reason
    assert judged([10_000, 10_000], [1_000, 1_200], day=20, plan=plan).verdict.outcome == "wins"
    assert judged([4_000, 4_000], [400, 430], day=20, plan=plan).verdict.until_ms == 25 * DAY_MS  # 400 in 20 days


def test_going_on_is_discouraged_where_it_is_hardly_worth_it() -> None:
    plan = msgspec.structs.replace(PLAN, ends_ms=28 * DAY_MS)
    found = judged([10_000, 10_000], [1_000, 1_001], day=21, plan=plan).verdict
    assert found.outlook is not None
    assert found.outlook < 0.1
    assert "to stop for a better idea is fair" in found.reason


@pytest.mark.parametrize("counts", [[0], [0, 0], [1, 0], [5, 5]])
def test_an_experiment_with_hardly_anybody_waits(counts: list[int]) -> None:
    found = judged(counts, [0] * len(counts), day=0)
    assert found.verdict.outcome == "keep_running"
    assert found.verdict.reason


def test_factors_are_told_apart() -> None:
    rng = np.random.default_rng(4)
    arm = np.arange(80_000) % 4
    orders = (rng.random(80_000) < np.array([0.10, 0.10, 0.13, 0.13])[arm]).astype(float)
    factors = (Factor(name="layout", levels=("grid", "grid", "row", "row")), Factor(name="words", levels=("a", "b", "a", "b")))
    plan = msgspec.structs.replace(PLAN, factors=factors)
    layout, words, both = analyse(people(arm, orders, arms=("1", "2", "3", "4")), plan, 15 * DAY_MS).factors
    assert layout.interval is not None
    assert words.interval is not None
    assert both.interval is not None
    assert 0.03 in layout.interval
    assert 0.0 in words.interval
    assert 0.0 in both.interval
    assert (layout.p_adjusted or 1.0) < 0.001 < (words.p_adjusted or 0.0)
    with pytest.raises(BadInput, match="make one arm of each combination"):
        analyse(people(arm, orders, arms=("1", "2", "3", "4")), msgspec.structs.replace(PLAN, factors=(factors[0],)), 15 * DAY_MS)


def test_what_leaves_can_be_sent() -> None:
    found = judged([10_000, 10_000], [1_000, 1_100], day=14)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Analysis) == found
