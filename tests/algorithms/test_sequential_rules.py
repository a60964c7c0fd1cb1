from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.algorithms.sequential_rules import SequentialRules
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.testing.algorithms import check_artifact, fit_example, shown
from endcap.testing.histories import random_data
from tests.algorithms import fitted


@pytest.mark.parametrize(("consequents", "backward", "repeats"), [("bought", 0.0, 0.0), ("viewed", 0.5, 3.0)])
def test_rules_are_those_of_a_double_loop(consequents: Literal["viewed", "bought"], backward: float, repeats: float) -> None:
    data = random_data(0)
    options = SequentialRules(
        consequents=consequents, backward=backward, repeats=repeats, detours=0.0, popularity=0.0, window=4, shrink=2.0,
        half_life_days=3.0, k=1_000,
    )  # fmt: skip
    rules = fitted(options, data)
    np.testing.assert_allclose(rules.matrix().toarray(), slow_rules(data, options), rtol=1e-4)
    assert rules.reason == f"{consequents}_next"


def slow_rules(data: Dataset, options: SequentialRules) -> NDArray[np.float64]:
    sums = np.zeros((data.n_items, data.n_items))
    visits, bought = data.sessions, data.sessions.kinds == KIND["purchase"]
    follows = bought if options.consequents == "bought" else ~bought
    for start, end in zip(visits.indptr[:-1], visits.indptr[1:], strict=True):
        for one in range(start, end):
            for other in range(max(start, one - 4), min(end, one + 5)):
                if other == one or bought[one] or not follows[other]:
                    continue
                weight = 0.5 ** ((data.now_ms - visits.at_ms[max(one, other)]) / DAY_MS / 3) / abs(other - one)
                if visits.items[one] == visits.items[other]:
                    weight *= options.repeats if other > one else 0
                elif other < one:
                    weight *= options.backward
                sums[visits.items[one], visits.items[other]] += weight
    assert sums.any()
    values: NDArray[np.float64] = sums / (2 + sums.sum(axis=1, keepdims=True))
    return values


@pytest.mark.parametrize("repeats", [0.0, 2.0])
def test_detours_are_two_rules_in_a_row_and_popular_items_count_less(repeats: float) -> None:
    data = random_data(0)
    options = SequentialRules(repeats=repeats, detours=0.7, popularity=0.4, k=1_000)
    found = fitted(options, data)
    rules = fitted(msgspec.structs.replace(options, detours=0.0, popularity=0.0), data).matrix().toarray()
    steps = fitted(msgspec.structs.replace(options, detours=0.0, popularity=0.0, repeats=0.0), data).matrix().toarray()
    views = data.sessions.items[data.sessions.kinds != KIND["purchase"]]
    often = np.bincount(views, minlength=data.n_items)
    expected = (rules + 0.7 * steps @ steps) / (often / often.mean()) ** 0.4
    if repeats == 0:
        np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(found.matrix().toarray(), expected, rtol=1e-4)
    assert (np.diag(expected) > 0).all() == (repeats > 0)
    check_artifact(found, proposes_itself=repeats > 0)
    few = fitted(msgspec.structs.replace(options, k=7), data)
    check_artifact(few, proposes_itself=repeats > 0)
    assert np.diff(few.indptr).max() == 7


def test_a_pair_that_only_a_detour_found_was_never_seen() -> None:
    found = fit_example(SequentialRules(backward=0.0), "2000-01-01 mug tea", "2000-01-01 tea milk", kind="view")
    assert found.pair_facts(0, 1)["times"] == 1
    assert found.pair_facts(0, 2)["times"] == 0
    assert found.pair_facts(0, 2)["value"] > 0


def test_order_matters() -> None:
    rules = fit_example(SequentialRules(shrink=0.0, backward=0.0), "2000-01-01 mug tea", kind="view")
    assert shown(rules) == [[0.0, 1.0], [0.0, 0.0]]
    assert rules.reason == "viewed_next"


def test_an_item_follows_itself_only_where_repeats_count() -> None:
    visits = ("2000-01-01 mug mug tea",)
    assert shown(fit_example(SequentialRules(shrink=0.0, backward=0.0, popularity=0.0), *visits, kind="view"))[0] == [0.0, 1.0]
    assert shown(fit_example(SequentialRules(shrink=0.0, backward=0.0, popularity=0.0, repeats=1.0), *visits, kind="view"))[
        0
    ] == [0.4, 0.6]
