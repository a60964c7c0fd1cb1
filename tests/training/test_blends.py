from __future__ import annotations

import numpy as np
import pytest

from endcap.algorithms.base import Family
from endcap.core.choice import Choice, ChosenSource
from endcap.measurement.metrics.base import MISS
from endcap.replay.choosing import answer_choice
from endcap.replay.held_out import Window
from endcap.replay.tuning import fit
from endcap.testing.histories import random_data
from endcap.training.blends import POPULAR_SHARE, Pools, default_blend, grown
from endcap.training.readiness import planned
from endcap.training.windows import windows

CUT = windows(random_data(0, n_events=6_000), 0)
PLANS = {plan.name: plan for plan in planned()}
NAMES = ("co_purchase", "popularity", "content")
ARTIFACTS = {name: fit(PLANS[name].algorithm, CUT.past, 0) for name in NAMES}


def source(name: str) -> ChosenSource:
    return ChosenSource(artifact=name)


def test_ranks_of_a_blend_are_those_that_the_mixture_of_serving_gives() -> None:
    weights = (0.5, 0.2, 0.3)
    sources = tuple(ChosenSource(artifact=name, weight=weight) for name, weight in zip(NAMES, weights, strict=True))
    choice = Choice(task="basket", sources=sources)
    window = Window(CUT.past, CUT.choosing["basket"], ())
    pools = Pools.of(choice, ARTIFACTS, window)
    ranks = pools.ranks(pools.scaled @ np.array(weights, np.float32))
    served = answer_choice(choice, ARTIFACTS, window).best_ranks
    assert ranks == pytest.approx(served), "thirty items fit into every pool, so that nothing is cut off"


def test_ranks_are_pessimistic_and_what_nobody_proposes_is_a_miss() -> None:
    scaled = np.array([[1.0], [0.5], [0.5], [1.0]], np.float32)
    right = np.array([False, True, False, False])
    pools = Pools(scaled, right, np.array([0, 3, 3, 4]))
    assert pools.ranks(scaled[:, 0]).tolist() == [3.0, MISS, MISS]


def test_a_source_that_only_misleads_gets_no_weight() -> None:
    rng = np.random.default_rng(0)
    right = np.zeros(400, np.bool_)
    right[::4] = True
    good = np.where(right, 1.0, rng.random(400)).astype(np.float32)
    bad = np.where(right, 0.0, 1.0).astype(np.float32)
    pools = Pools(np.stack((good, bad), axis=1), right, np.arange(0, 401, 4))
    assert grown(pools, np.ones(100), 0) == [1.0, 0.0]


def test_queries_that_count_more_decide() -> None:
    scaled = np.array([[1, 0.2], [0.2, 1], [1, 0.2], [0.2, 1]], np.float32)
    pools = Pools(scaled, np.array([True, False, False, True]), np.array([0, 2, 4]))
    assert grown(pools, np.array([1.0, 0.0]), 0) == [1.0, 0.0]
    second = grown(pools, np.array([0.0, 1.0]), 0)
    assert second[1] > second[0]


def weights(*sources: tuple[str, Family, float]) -> dict[str, float]:
    found = default_blend([(source(name), family, ready) for name, family, ready in sources])
    return {one.artifact: one.weight for one in found}


def test_the_default_is_half_collaborative_three_tenths_content_and_two_rules() -> None:
    assert weights(("knn", "collaborative", 1.0), ("text", "content", 1.0), ("pairs", "rules", 1.0)) == {
        "knn": 0.5, "text": 0.3, "pairs": 0.2,
    }  # fmt: skip


def test_what_is_missing_leaves_its_share_to_the_others_and_sources_of_a_kind_divide_theirs() -> None:
    found = weights(("knn", "collaborative", 1.0), ("ease", "collaborative", 0.5), ("pairs", "rules", 1.0))
    assert found == pytest.approx({"knn": 5 / 7 * 2 / 3, "ease": 5 / 7 / 3, "pairs": 2 / 7}, abs=1e-4)


def test_half_is_popular_at_first_and_less_as_evidence_grows() -> None:
    shares = [weights(("knn", "collaborative", ready), ("top", "popular", 1.0))["top"] for ready in (0.01, 0.5, 1.0)]
    assert shares[0] == pytest.approx(POPULAR_SHARE, abs=0.01)
    assert shares == sorted(shares, reverse=True)
    assert shares[2] == POPULAR_SHARE / 2
    assert weights(("knn", "collaborative", 0.0), ("top", "popular", 1.0)) == {"top": 1.0}
    assert weights() == {}
