from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.core.exposure import UNEXPOSED, Exposure
from endcap.core.query import Query, Rows
from endcap.ranking.fatigue import USUAL, FatiguePolicy, allowance, passed_over, tolerance

NONE: Rows = np.empty(0, dtype=np.int32)


def query(shown: dict[int, float]) -> Query:
    counts = np.array(list(shown.values()), dtype=np.float32)
    return Query(0, -1, NONE, NONE, NONE, shown=np.array(list(shown), dtype=np.int32), shown_counts=counts)


@st.composite
def exposures(draw: st.DrawFn) -> Exposure:
    week = draw(st.integers(0, 3_000))
    return Exposure(
        session_seen=draw(st.integers(0, week)), week_seen=week, week_taken=draw(st.integers(0, week)),
        week_dismissed=draw(st.integers(0, 300)),
    )  # fmt: skip


@given(exposures())
def test_patience_has_bounds_and_so_have_the_budgets(exposure: Exposure) -> None:
    assert USUAL.least <= tolerance(exposure) <= USUAL.most
    left = allowance(exposure)
    assert 0 <= left.left <= USUAL.session * USUAL.most
    assert left.session_left <= USUAL.session * USUAL.most - exposure.session_seen
    assert left.left <= max(0, left.week_left)
    for number in (exposure.session_seen, exposure.week_seen, f"{left.tolerance:.2f}"):
        assert str(number) in left.why


@given(exposures(), st.integers(1, 50))
def test_taking_up_makes_patience_grow_and_dismissing_makes_it_shrink(exposure: Exposure, more: int) -> None:
    def changed(**by: int) -> float:
        facts = {"session_seen": 0, "week_seen": exposure.week_seen, "week_taken": exposure.week_taken,
                 "week_dismissed": exposure.week_dismissed}  # fmt: skip
        return tolerance(Exposure(**{name: value + by.get(name, 0) for name, value in facts.items()}))

    assert changed(week_taken=more) >= changed() >= changed(week_dismissed=more)


@given(exposures(), st.integers(1, 100))
def test_what_is_seen_uses_the_budgets_up(exposure: Exposure, more: int) -> None:
    later = Exposure(
        session_seen=exposure.session_seen + more, week_seen=exposure.week_seen + more, week_taken=exposure.week_taken,
        week_dismissed=exposure.week_dismissed,
    )  # fmt: skip
    if exposure.week_dismissed <= USUAL.unwanted * (exposure.week_seen + USUAL.prior):  # else dismissals weigh less among more
        assert allowance(later).left <= allowance(exposure).left


def test_a_stranger_has_the_usual_budgets() -> None:
    assert (allowance(UNEXPOSED).session_left, allowance(UNEXPOSED).week_left) == (USUAL.session, USUAL.week)


def test_budgets_by_hand() -> None:
    # t = (0 + 6) / (12 + 200) / 0.03, u = (3 + 2) / 212 / 0.01: the root of 0.943 / 2.358.
    impatient = allowance(Exposure(session_seen=12, week_seen=12, week_dismissed=3))
    assert impatient.tolerance == pytest.approx(0.632, abs=1e-3)
    assert (impatient.session_left, impatient.week_left) == (76 - 12, 253 - 12)
    keen = allowance(Exposure(session_seen=12, week_seen=12, week_taken=12))
    assert keen.tolerance == pytest.approx((18 / 212 / 0.03) ** 0.5)


def test_a_normal_visit_without_a_click_is_not_starved() -> None:
    pages = [allowance(Exposure(session_seen=12 * page, week_seen=12 * page)).left for page in range(12)]
    assert all(left >= 12 for left in pages[:7]), "seven pages of twelve"
    assert pages[-1] == 0, "and an end to it"


def test_a_shop_may_be_more_generous() -> None:
    policy = FatiguePolicy(session=1_000, week=5_000, least=1.0)
    assert allowance(Exposure(session_seen=400, week_seen=400), policy).left == 600


@pytest.mark.parametrize(("times", "factor"), [(1.0, 0.8), (2.0, 0.64), (0.5, 0.8**0.5), (5.0, 0.8**5), (40.0, 0.8**5)])
def test_what_was_passed_over_comes_later(times: float, factor: float) -> None:
    found = passed_over(query({7: times, 3: 1.0}), np.array([3, 7, 1, 9], np.int32))
    assert found is not None
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [0.8, factor, 1.0, 1.0], rtol=1e-6)


def test_who_saw_none_of_the_candidates_sees_no_difference() -> None:
    assert passed_over(query({}), np.array([1], np.int32)) is None
    assert passed_over(query({1: 1.0}), NONE) is None
    assert passed_over(query({1: 1.0}), np.array([0, 2], np.int32)) is None


_rows = st.integers(0, 30)


@given(st.dictionaries(_rows, st.floats(0.015625, 50, width=32), max_size=20), st.lists(_rows, max_size=30))
def test_factors_of_any_candidates(shown: dict[int, float], candidates: list[int]) -> None:
    found = passed_over(query(shown), np.array(candidates, np.int32))
    factors = [1.0] * len(candidates) if found is None else found.tolist()
    assert factors == pytest.approx([0.8 ** min(shown.get(row, 0.0), 5.0) for row in candidates], rel=1e-5)
