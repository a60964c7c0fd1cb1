from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from endcap.algorithms.repurchase import Repurchase
from endcap.artifacts.base import Asked
from endcap.artifacts.repurchase_intervals import RepurchaseIntervals
from endcap.core.time import DAY_MS
from endcap.dataset.stats import measure
from endcap.errors import CorruptBundle
from endcap.testing.algorithms import check_artifact, fit_example
from endcap.testing.histories import example, random_data
from tests.algorithms import fitted


def scores_of(found: RepurchaseIntervals, bought: list[tuple[int, float]], now_days: float = 1_000.0) -> list[float]:
    """The scores of every item for somebody who bought these rows so many days ago, newest first."""
    rows, ages = [row for row, _ in bought], [age for _, age in bought]
    at_ms = np.array([(now_days - age) * DAY_MS for age in ages], np.int64)
    asked = Asked(
        np.zeros(0, np.int32), np.zeros(0, np.float32), now_ms=int(now_days * DAY_MS), bought=np.array(rows, np.int32),
        bought_at_ms=at_ms,
    )  # fmt: skip
    n = found.n_items
    scores, touched = np.zeros(n, np.float32), np.empty(n, np.int32)
    n_touched = found.retrieve(asked, np.zeros(n, np.uint8), scores, touched)
    assert sorted(touched[:n_touched].tolist()) == np.flatnonzero(scores).tolist()
    return [float(one) for one in scores]


def in_plain_words(found: RepurchaseIntervals, bought: list[tuple[int, float]]) -> list[float]:
    half_life, due, exponent, popularity = found.settings.tolist()
    expected = [0.0] * found.n_items
    for row in {row for row, _ in bought if row < found.n_items}:
        ages = sorted(age for one, age in bought if one == row)
        steps = [later - sooner for sooner, later in pairwise(ages)]
        own = [np.log(step) for step in steps if step >= 0.5]
        kept = ages[:1] + [age for age, step in zip(ages[1:], steps, strict=True) if step >= 0.5]
        often = sum(0.5 ** (age / half_life) for age in kept)
        gap = np.mean([float(found.gaps[row]), *own])
        off = (np.log(max(ages[0], 0.5)) - gap) / float(found.spreads[row])
        timely = 1 - due + due * np.exp(-(off**2) / 2)
        expected[row] = often * float(found.repeats[row]) ** exponent * timely + popularity * float(found.shares[row])
    return expected


@pytest.mark.parametrize("options", [{}, {"due": 1.0, "half_life_days": None}, {"repeat_exponent": 1.0, "popularity": 0.0}])
def test_what_was_bought_is_scored_as_the_definition_says(options: dict[str, float | None]) -> None:
    found = fitted(Repurchase(**options), random_data(1))  # type: ignore[arg-type]
    bought = [(3, 0.1), (5, 2.0), (3, 9.0), (7, 30.0), (5, 30.2), (5, 30.3), (2_000, 40.0), (3, 77.0)]
    np.testing.assert_allclose(scores_of(found, bought), in_plain_words(found, bought), rtol=1e-5)


def test_gaps_are_those_of_one_person_and_shrunk() -> None:
    lines = ("2000-01-01 mug tea", "2000-01-11 mug", "2000-01-16 tea", "2000-02-20 mug")
    found = fit_example(Repurchase(shrink=1.0), *lines, user="Ada")
    gaps = {"mug": [10.0, 40.0], "tea": [15.0]}
    whole = np.log([10.0, 40.0, 15.0])  # one category: its mean is that of the shop
    for row, name in enumerate(("mug", "tea")):
        logs = np.log(gaps[name])
        assert found.gaps[row] == pytest.approx((logs.sum() + whole.mean()) / (len(logs) + 1))
        assert found.repeats[row] == pytest.approx((len(logs) + (3 + 4 / 7) / 6) / (len(logs) + 1 + 1))
    assert found.counts.tolist() == [2, 1]
    assert found.shares.tolist() == pytest.approx([1.0, 2 / 3])
    apart = fit_example(Repurchase(), *lines)
    assert apart.counts.tolist() == [0, 0], "what different people bought is no repetition"


def test_what_is_due_comes_before_what_was_just_bought() -> None:
    lines = [f"2000-{month:02}-01 mug tea" for month in range(1, 8)]
    found = fit_example(Repurchase(due=1.0, half_life_days=None), *lines, user="Ada")
    just, due = scores_of(found, [(0, 2.0), (1, 30.0)])
    assert due > 2 * just
    lapsed = scores_of(found, [(0, 600.0), (1, 30.0)])[0]
    assert due > 2 * lapsed


def test_the_due_date_goes_by_a_persons_own_gaps_too() -> None:
    found = fit_example(Repurchase(), "2000-01-01 mug", "2000-01-11 mug", user="Ada")
    weekly = np.array([0, 7, 14], np.int64) * DAY_MS
    expected = 14 + np.exp((np.log(10) + 2 * np.log(7)) / 3)
    assert found.due_at_ms(0, weekly) / DAY_MS == pytest.approx(expected, abs=1e-6)
    assert found.due_at_ms(0, weekly[::-1]) == found.due_at_ms(0, weekly)
    with pytest.raises(ValueError, match="never bought"):
        found.due_at_ms(0, weekly[:0])


def test_nobody_who_bought_nothing_is_offered_anything() -> None:
    found = fitted(Repurchase(), random_data(2))
    assert not any(scores_of(found, []))
    check_artifact(found)


def test_a_category_lends_its_gap_to_what_is_rarely_bought() -> None:
    data = example("2000-01-01 mug tea", "2000-01-11 mug", "2000-01-21 mug", "2000-01-22 pen", "2000-06-22 pen", user="Ada")
    catalog = replace(data.catalog, categories=[("kitchen",), ("kitchen",), ("desk",)])
    found = fitted(Repurchase(shrink=1.0), replace(data, catalog=catalog))
    mug, tea, pen = found.gap_days
    assert mug < tea < pen


def test_repurchases_are_counted() -> None:
    assert measure("repurchases", example("2000-01-01 mug tea", "2000-01-02 mug", "2000-01-03 mug", user="Ada")) == 2
    assert measure("repurchases", example("2000-01-01 mug tea", "2000-01-02 mug")) == 0
    assert measure("repurchases", example()) == 0


def test_a_damaged_artifact_is_refused() -> None:
    arrays = fitted(Repurchase(), random_data(0)).arrays()
    with pytest.raises(CorruptBundle, match="spreads"):
        RepurchaseIntervals.from_arrays({name: one for name, one in arrays.items() if name != "spreads"}, "buy_again")
    with pytest.raises(CorruptBundle, match="lengths"):
        RepurchaseIntervals.from_arrays(arrays | {"gaps": arrays["gaps"][:-1]}, "buy_again")
    with pytest.raises(CorruptBundle, match="spread"):
        RepurchaseIntervals.from_arrays(arrays | {"spreads": arrays["spreads"] * 0}, "buy_again")
