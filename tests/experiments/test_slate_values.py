"""Estimates for answers of several slots: weights by hand, and worlds whose truth is planted."""

from __future__ import annotations

import numpy as np
import pytest

from endcap.bench.rehearsal_rounds import Rounds, rounds
from endcap.experiments.off_policy import Estimate
from endcap.experiments.off_policy_slates import Belief, Showing, Slates
from endcap.experiments.reward_model import fit
from endcap.experiments.slate_values import Trial

SEEDS = range(6)


def slates() -> Slates:
    """Two answers of two slots; their first products change places, and the last one cannot be shown any more."""
    return Slates(
        answers=np.array([0, 0, 1, 1]), places=np.array([0, 1, 0, 1]), items=np.array([0, 1, 0, 2]),
        n_candidates=np.full(4, 3.0), logged_given=np.array([0.5, 0.4, 0.5, 0.2]), target_given=np.array([0.25, 0.8, 0.25, 0.0]),
        logged=np.array([[0.5, 0.1], [0.3, 0.6], [0.5, 0.1], [0.2, 0.3]]),
        target=np.array([[0.25, 0.6], [0.75, 0.4], [0.25, 0.6], [0.0, 0.0]]), n_answers=2,
    )  # fmt: skip


def test_weights_worked_by_hand() -> None:
    looked = np.array([1.0, 0.5])
    assert slates().weights("cascade", looked) == pytest.approx([0.5, 1.0, 0.5, 0.0])
    assert slates().weights("slots", looked) == pytest.approx([0.5, 0.4 / 0.6, 0.5, 0.0])
    assert slates().weights("items", looked) == pytest.approx([0.55 / 0.55, 0.95 / 0.6, 1.0, 0.0])
    assert slates().towards_even() == pytest.approx([2 / 3, 1 / 1.8, 2 / 3, 1 / 0.9])


def test_what_could_not_be_shown_has_no_weight() -> None:
    impossible = slates()
    impossible.logged[1] = 0.0
    assert impossible.weights("slots", np.ones(2))[1] == 0.0
    assert impossible.weights("items", np.ones(2))[1] == 0.0


def test_places_are_compared_whatever_stands_in_them() -> None:
    """The first place has the best products nine times of ten; a plain rate would put that down to the place."""
    rng = np.random.default_rng(0)
    n, worth, looked = 60_000, np.array([0.3, 0.1]), np.array([1.0, 0.5])
    places = rng.integers(2, size=n)
    items = np.where(rng.random(n) < 0.9, places, 1 - places)
    clicks = (rng.random(n) < worth[items] * looked[places]).astype(float)
    plain = clicks[places == 1].mean() / clicks[places == 0].mean()
    assert plain < 0.25
    assert fit(items, places, clicks, 2, 2).places[1] == pytest.approx(0.5, abs=0.04)


def two_kinds(n: int = 20_000) -> tuple[Slates, np.ndarray]:
    """Answers of two products to two kinds of shoppers: what each kind likes stands first nine times of ten."""
    rng = np.random.default_rng(1)
    kinds, exchanged = rng.integers(2, size=n), rng.random(n) < 0.1
    first = np.where(exchanged, 1 - kinds, kinds)
    items = np.stack([first, 1 - first], axis=1)
    liked = np.where(items == kinds[:, None], 0.4, 0.05)
    clicks = (rng.random((n, 2)) < liked * np.array([1.0, 0.5])).astype(float)
    favourite, other = np.array([0.9, 0.1]), np.array([0.1, 0.9])
    logged = np.where((items == kinds[:, None])[..., None], favourite, other).reshape(-1, 2)
    given = np.where(exchanged[:, None], np.array([0.1, 1.0]), np.array([0.9, 1.0])).ravel()
    slates = Slates(
        answers=np.repeat(np.arange(n), 2), places=np.tile([0, 1], n), items=items.ravel(), n_candidates=np.full(2 * n, 2.0),
        logged_given=given, target_given=given, logged=logged, target=logged, n_answers=n,
    )  # fmt: skip
    return slates, clicks.ravel()


def test_a_place_is_not_credited_with_what_stands_there_for_a_reason() -> None:
    slates, clicks = two_kinds()
    showing = Showing(np.arange(slates.n_answers + 1) * 2, slates.items.astype(np.int32), slates.logged.astype(np.float32))
    trial = Trial.of(slates, showing, showing, np.arange(slates.n_answers), {}, {"clicks": clicks}, "clicks")
    assert fit(slates.items, slates.places, clicks, 2, 2).places[1] < 0.2
    assert trial.looked[1] == pytest.approx(0.5, abs=0.05)


@pytest.fixture(scope="module")
def worlds() -> list[Rounds]:
    return [rounds(seed, 4_000) for seed in SEEDS]


def estimated(world: Rounds, belief: Belief) -> Estimate:
    return world.trial.difference("clicks", belief)[1]


@pytest.mark.parametrize(("belief", "within"), [("slots", 0.25), ("items", 0.12)])
def test_the_doubly_robust_estimate_is_near_the_planted_truth(worlds: list[Rounds], belief: Belief, within: float) -> None:
    """A small twin of benchmarks/rehearsal.py, which takes a hundred thousand rounds of each of twenty worlds."""
    errors, covered = [], 0
    for world in worlds:
        found = estimated(world, belief)
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        errors.append(found.value / world.truth - 1)
        covered += found.low <= world.truth <= found.high
    assert max(map(abs, errors)) < within
    assert abs(np.mean(errors)) < within / 3
    assert covered >= len(SEEDS) - 1


def test_to_believe_more_is_to_know_more(worlds: list[Rounds]) -> None:
    for world in worlds:
        sizes = [world.trial.overlap(belief).effective_answers for belief in ("cascade", "slots", "items")]
        assert sizes == sorted(sizes)


def test_what_was_is_near_its_own_truth(worlds: list[Rounds]) -> None:
    for world in worlds:
        now = world.trial.difference("clicks", "slots")[0]
        assert now.value == pytest.approx(world.now, rel=0.08)


def test_every_estimator_is_told(worlds: list[Rounds]) -> None:
    told = {one.estimator: one.value for belief in ("cascade", "items") for one in worlds[0].trial.estimates("clicks", belief)}
    assert {"cascade:ips", "cascade:self_normalised_ips", "items:direct", "items:doubly_robust"} <= told.keys()
    assert "cascade:doubly_robust" not in told
    assert told["items:self_normalised_ips"] == pytest.approx(worlds[0].truth, rel=0.15)
