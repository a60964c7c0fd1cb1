"""Estimators against hand-worked numbers, a bandit whose truth is known, and what Open Bandit published."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from endcap.experiments.off_policy import (
    LARGEST_WEIGHT,
    Logged,
    Overlap,
    clipped_ips,
    combined,
    direct,
    doubly_robust,
    estimate,
    ips,
    on_policy,
    overlap,
    self_normalised_ips,
    switch_doubly_robust,
)
from endcap.experiments.withholding import reason_to_withhold
from endcap.replay.open_bandit import read_open_bandit

REWARDS, WEIGHTS = np.array([1.0, 0.0, 1.0, 0.0]), np.array([4.0, 1.0, 0.5, 0.5])


def test_numbers_worked_by_hand() -> None:
    log = Logged.of_actions(REWARDS, WEIGHTS, predicted=np.full(4, 0.5), expected=np.array([0.5, 0.5, 0.25, 0.25]))
    assert ips(log).value == pytest.approx(4.5 / 4)
    assert clipped_ips(log, 2.0).value == pytest.approx(2.5 / 4)
    assert self_normalised_ips(log).value == pytest.approx(4.5 / 6)
    assert direct(log).value == pytest.approx(1.5 / 4)
    assert doubly_robust(log).value == pytest.approx((1.5 + 4 * 0.5 - 0.5 + 0.5 * 0.5 - 0.5 * 0.5) / 4)
    assert switch_doubly_robust(log, 2.0).value == pytest.approx((1.5 - 0.5 + 0.5 * 0.5 - 0.5 * 0.5) / 4)
    assert on_policy(log).value == 0.5


def test_slots_of_an_answer_are_added() -> None:
    """Two answers of two slots each; the new policy fills one slot of the second."""
    log = Logged(REWARDS, WEIGHTS, np.array([0, 0, 1, 1]), np.array([7, 7]), np.array([2.0, 1.0]))
    assert ips(log).value == pytest.approx((4.0 + 0.5) / 2)
    assert self_normalised_ips(log).value == pytest.approx(4.5 / 6 * 1.5)
    assert on_policy(log).value == 1.0


def test_overlap() -> None:
    found = overlap(Logged.of_actions(REWARDS, WEIGHTS), most=2.0)
    assert found.effective_answers == pytest.approx(36 / 17.5)
    assert found.largest_weight == 4.0
    assert found.clipped_share == pytest.approx(2 / 6)


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_to_go_by(n: int) -> None:
    log = Logged.of_actions(np.zeros(n), np.zeros(n))
    for way in (ips, self_normalised_ips, on_policy):
        found = estimate("any", way(log), log.clusters)
        assert found.low is None
        assert found.value is None or found.value == 0
    assert overlap(log).effective_answers == 0


def bandit(seed: int, n: int = 4_000) -> tuple[Logged, float]:
    """Ten actions whose worth hangs on a context; logged by one softmax and judged for its opposite, with a poor model."""
    rng = np.random.default_rng(seed)
    worth = rng.uniform(0.02, 0.3, (4, 10))
    context = rng.integers(4, size=n)
    logging, target = np.exp(-3 * worth), np.exp(6 * worth)
    logging, target = logging / logging.sum(1, keepdims=True), target / target.sum(1, keepdims=True)
    action = (rng.random(n)[:, None] > logging[context].cumsum(1)).sum(1)
    rewards = (rng.random(n) < worth[context, action]).astype(float)
    model = worth.mean(0)  # blind to the context
    log = Logged.of_actions(
        rewards, target[context, action] / logging[context, action], predicted=model[action], expected=target[context] @ model
    )
    return log, float((target * worth).sum(1)[context].mean())


def test_estimates_are_unbiased_and_their_intervals_cover() -> None:
    ways = {"ips": ips, "snips": self_normalised_ips, "dr": doubly_robust}
    errors: dict[str, list[float]] = {name: [] for name in ways}
    covered = dict.fromkeys(ways, 0)
    n = 200
    for seed in range(n):
        log, truth = bandit(seed, 2_000)
        for name, way in ways.items():
            found = estimate(name, way(log), log.clusters)
            assert found.value is not None
            assert found.low is not None
            assert found.high is not None
            errors[name].append(found.value / truth - 1)
            covered[name] += found.low <= truth <= found.high
    for name in ways:
        assert abs(np.mean(errors[name])) < 0.01
        assert covered[name] / n == pytest.approx(0.95, abs=0.04)
    assert np.std(errors["dr"]) < np.std(errors["ips"])


def test_the_model_alone_is_as_wrong_as_it_is() -> None:
    log, truth = bandit(0, 50_000)
    assert abs(direct(log).value / truth - 1) > 0.05
    assert abs(doubly_robust(log).value / truth - 1) < 0.05


def test_a_difference_is_narrower_than_its_parts() -> None:
    log, _ = bandit(1)
    nearly = Logged.of_actions(log.rewards, 1 + (log.weights - 1) * 0.1)
    found = estimate("ips", ips(nearly), log.clusters)
    gained = estimate("gain", combined(ips(nearly), on_policy(nearly), -1.0), log.clusters)
    assert found.low is not None
    assert found.high is not None
    assert gained.low is not None
    assert gained.high is not None
    assert (gained.high - gained.low) < (found.high - found.low) / 2


def test_one_shopper_who_comes_often_counts_once() -> None:
    log, _ = bandit(2, 1_000)
    each = ips(log)
    doubled = np.repeat(each.each, 2)
    often = estimate("ips", type(each)(each.value, doubled), np.repeat(np.arange(1_000), 2))
    once = estimate("ips", each, log.clusters)
    assert often.low == pytest.approx(once.low)


def seen(**facts: float) -> Overlap:
    told = {"answers": 5_000, "effective_answers": 900.0, "largest_weight": 20.0, "clipped_share": 0.0, **facts}
    return msgspec.convert(told, Overlap)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (seen(effective_answers=199.9), "tell as much of this change as 200 answers"),
        (seen(largest_weight=100.5), "would count 100 times"),
        (seen(unsupported=0.3), "30% of what this change would show could not have been shown"),
        (seen(answers=0), "with what chance"),
    ],
)
def test_thin_overlap_is_refused_with_the_reason(found: Overlap, says: str) -> None:
    reason = reason_to_withhold(found)
    assert reason is not None
    assert says in reason


def test_enough_overlap_is_not_refused() -> None:
    assert reason_to_withhold(seen(effective_answers=200.0, largest_weight=LARGEST_WEIGHT)) is None
    assert reason_to_withhold(seen(), has_propensities=False) is not None


def thompson_frequencies(prior: dict[str, list[float]], rounds: int = 100_000) -> np.ndarray:
    """How often each item stands in each of three places when the best three of each round's draws are shown."""
    rng = np.random.RandomState(12345)  # the published value was drawn with this generator
    best = np.argsort(rng.beta(prior["alpha"], prior["beta"], (rounds, len(prior["alpha"]))), axis=1)[:, :-4:-1]
    return np.stack([np.bincount(best[:, place], minlength=len(prior["alpha"])) for place in range(3)], axis=1) / rounds


def test_the_published_value_of_the_thompson_policy(data_dir: Path) -> None:
    """Open Bandit, campaign men: relative value of the Thompson policy on the log of the random one."""
    folder = data_dir / "open_bandit"
    log = read_open_bandit(folder / "random_men")
    chances = thompson_frequencies(msgspec.json.decode((folder / "men_prior.json").read_bytes()))
    weights = chances[log.items, log.positions] / log.propensities
    logged = Logged.of_actions(log.clicks, weights)
    assert abs(ips(logged).value / on_policy(logged).value - 0.9855565217391304) < 1e-12
    found = estimate("relative", ips(logged), logged.clusters)
    assert found.low is not None
    assert found.low < on_policy(logged).value  # 46 clicks tell no difference
    assert reason_to_withhold(overlap(logged)) is None


@pytest.mark.parametrize(("policy", "rate"), [("random_men", 0.0046), ("bts_men", 0.0069)])
def test_the_published_click_rates(data_dir: Path, policy: str, rate: float) -> None:
    log = read_open_bandit(data_dir / "open_bandit" / policy)
    assert on_policy(Logged.of_actions(log.clicks, np.ones(len(log.clicks)))).value == pytest.approx(rate, abs=1e-12)
    assert log.user_features.shape == (10_000, 4)
