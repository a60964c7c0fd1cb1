"""Groups that are there are found, named by what marks them, and kept."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.audience.clusters import LEAST_CUSTOMERS, find_clusters, names_of
from endcap.audience.kinds import FEATURES, KINDS, MIXED, kind


def features(n: int, seed: int = 0) -> NDArray[np.float64]:
    """Four groups that differ in how often, how much and how cheap they buy."""
    rng = np.random.default_rng(seed)
    middles = np.array(
        [[10, 12, 40, 0.1, 300, 3], [150, 1, 40, 0.1, 300, 3], [60, 3, 400, 0.1, 300, 3], [60, 3, 40, 0.7, 300, 3]]
    )
    spread = np.array([0.15, 0.15, 0.15, 0.0, 0.15, 0.15])
    found: NDArray[np.float64] = np.repeat(middles, n // 4, axis=0) * np.exp(
        rng.normal(0, 1, (n // 4 * 4, len(FEATURES))) * spread
    )
    found[:, 3] += rng.normal(0, 0.03, len(found))
    return found


def test_groups_that_are_there_are_found() -> None:
    clusters = find_clusters(features(400), seed=0)
    assert clusters is not None
    groups = np.array(clusters.names)[clusters.place(features(400))]
    names = [set(groups[start : start + 100]) for start in range(0, 400, 100)]
    assert all(len(one) == 1 for one in names)
    assert set.union(*names) == {"frequent_buyers", "gone_quiet", "big_spenders", "bargain_hunters"}
    assert clusters.agreement > 0.8


def test_groups_go_on_with_their_names_while_they_fit() -> None:
    before = find_clusters(features(400), seed=0)
    assert before is not None
    before = msgspec.structs.replace(before, names=tuple(f"group {number}" for number in range(len(before.names))))
    after = find_clusters(features(500, seed=9), seed=5, before=before)
    assert after is not None
    assert after.names == before.names
    assert (after.place(features(400)) == before.place(features(400))).mean() > 0.95


def test_groups_of_another_world_are_found_anew() -> None:
    before = find_clusters(features(400), seed=0)
    assert before is not None
    other = features(400)[:, [1, 0, 2, 3, 4, 5]]
    after, fresh = find_clusters(other, seed=0, before=before), find_clusters(other, seed=0)
    assert after == fresh
    assert after is not None
    assert set(np.array(after.names)[after.place(other[100:200])]) == {"frequent_buyers"}


def test_few_customers_or_equal_ones_make_no_groups_and_noise_makes_poor_ones() -> None:
    assert find_clusters(features(LEAST_CUSTOMERS - 4), seed=0) is None
    alike = np.tile(features(4)[0], (300, 1))
    assert find_clusters(alike, seed=0) is None
    noise = find_clusters(np.abs(np.random.default_rng(1).normal(5, 1, (300, 6))), seed=0)
    assert noise is not None
    assert noise.agreement < 0.7


@pytest.mark.parametrize("one", KINDS, ids=lambda one: one.name)
def test_a_middle_like_a_kind_has_its_name(one: object) -> None:
    assert isinstance(one, type(KINDS[0]))
    middle = np.array([[one.marks.get(feature, 0.0) for feature in FEATURES]])
    assert names_of(middle) == (one.name,)


def test_a_middle_like_nothing_is_mixed() -> None:
    assert names_of(np.zeros((1, len(FEATURES)))) == (MIXED,)
    assert kind(MIXED).title == "Mixed customers"
