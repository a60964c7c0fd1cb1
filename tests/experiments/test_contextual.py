from __future__ import annotations

import numpy as np
import pytest

from endcap.errors import BadInput
from endcap.experiments.allotment import MOST_KINDS, Allotment, Division, Linear
from endcap.experiments.contextual import LinearArms, fit_arms, one_hot


def test_the_chances_are_those_of_drawing_coefficients_many_times() -> None:
    rng = np.random.default_rng(3)
    means = rng.normal(0, 1, (3, 4))
    roots = rng.normal(0, 0.6, (3, 4, 4))
    arms = LinearArms(means, np.einsum("aij,akj->aik", roots, roots))
    features = np.array([1.0, 0.0, 1.0])
    draws = np.stack([rng.multivariate_normal(arms.means[a], arms.covariances[a], 200_000) @ [1, *features] for a in range(3)])
    often = np.bincount(draws.argmax(axis=0), minlength=3) / draws.shape[1]
    assert arms.odds(features) == pytest.approx(often, abs=0.006)
    assert arms.odds(features, floor=0.2).min() >= 0.2


def test_the_fit_is_ridge_regression_arm_by_arm() -> None:
    rng = np.random.default_rng(4)
    x, arm, weights = rng.normal(size=(300, 2)), rng.integers(0, 2, 300), rng.random(300)
    rewards = np.where(arm == 0, 1 + 2 * x[:, 0], 3 - x[:, 1]) + rng.normal(0, 0.1, 300)
    found = fit_arms(x, arm, rewards, n_arms=3, weights=weights)
    for one in range(2):
        known = np.column_stack([np.ones(300), x])[arm == one]
        root = np.sqrt(weights[arm == one])[:, None]
        above, below = np.vstack([known * root, np.eye(3)]), np.concatenate([rewards[arm == one] * root[:, 0], np.zeros(3)])
        assert found.means[one] == pytest.approx(np.linalg.lstsq(above, below, rcond=None)[0])
    assert found.means[2].tolist() == [0, 0, 0]
    assert np.trace(found.covariances[2]) > np.trace(found.covariances[0])


def test_learning_by_kind_beats_one_best_arm() -> None:
    rng = np.random.default_rng(5)
    rates = np.array([[0.05, 0.20], [0.20, 0.05]])  # by kind of shopper, by arm
    kinds, arms, rewards = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    earned = 0.0
    for _ in range(20):
        kind = rng.integers(0, 2, 500)
        known = fit_arms(kinds[:, None].astype(float), arms, rewards, n_arms=2)
        odds = np.stack([known.odds(np.array([one]), floor=0.05) for one in (0.0, 1.0)])
        arm = (rng.random(500) > odds[kind, 0]).astype(np.int64)
        reward = (rng.random(500) < rates[kind, arm]).astype(float)
        earned += float(rates[kind, arm].mean()) / 20
        kinds, arms, rewards = np.concatenate([kinds, kind]), np.concatenate([arms, arm]), np.concatenate([rewards, reward])
    assert earned > 0.17  # one arm for all earns 0.125, the best for each 0.1925 with the floor


def test_arrays_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(BadInput, match="one row of features"):
        fit_arms(np.ones((3, 1)), np.zeros(2, np.int64), np.zeros(2), n_arms=2)


def test_what_is_drawn_is_what_is_said_for_every_kind() -> None:
    linear = Linear(features=("buyer",), means=((0.1, 0.0), (0.0, 0.3)), covariances=(((0.01, 0.0), (0.0, 0.01)),) * 2)
    division = Division(
        Allotment(at_ms=0, run=1, units=0, weights=(0.5, 0.5), linear=linear), "bandit", share=0.5, floor=0.1
    )  # fmt: skip
    for segments in ({"guest"}, {"known", "buyer"}):
        split = division.split(frozenset(segments))
        chances = [split.chance(arm) for arm in range(2)]
        assert sum(chances) == pytest.approx(1.0, abs=1e-12)
        assert min(chances) >= 0.1 - 1e-9
        drawn = np.array([split.arm(b"%d" % one) for one in range(40_000)])
        assert np.mean(drawn[drawn >= 0] == 0) == pytest.approx(chances[0], abs=0.012)
        assert np.mean(drawn >= 0) == pytest.approx(0.5, abs=0.01)
    for one in range(MOST_KINDS + 10):
        assert division.split(frozenset({f"segment:{one}"})).spans[0].begin == 0


def test_features_are_one_where_they_are_present() -> None:
    assert one_hot((), ("a",)).tolist() == [0.0]
