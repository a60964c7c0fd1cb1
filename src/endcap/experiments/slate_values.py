"""The value of a policy that shows several things at once, from the log of another: every estimator under every belief."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from endcap.experiments.off_policy import (
    LEVEL,
    Estimate,
    Influences,
    Logged,
    Overlap,
    clipped_ips,
    combined,
    direct,
    doubly_robust,
    estimate,
    gain,
    ips,
    on_policy,
    overlap,
    self_normalised_ips,
    switch_doubly_robust,
)
from endcap.experiments.off_policy_slates import Belief, Showing, Slates
from endcap.experiments.reward_model import FOLDS, fit, folds_of, worths

DRAWS = 100
"""How many times answers are drawn again where places are compared: their spread is known to some seven per cent then."""

CLIPPED_AT = 10.0
"""The largest weight of the estimators that give up some truth for less noise."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rewards:
    """What came of each logged slot, ``earned`` float64 (n_slots,), and what is expected by a model that has not seen it.

    ``worth`` float64 (n_slots,) is what the slot's product earns where it is looked at, ``shown`` float64 (n_answers, n_places)
    what the products do that the new policy shows in each place, and ``showed`` of the logged policy.
    """

    earned: Floats
    worth: Floats
    shown: Floats
    showed: Floats


@dataclass(frozen=True, slots=True)
class Trial:
    """All that is known of a policy that was never tried.

    ``clusters`` int64 (n_answers,) says which answers went to the same shopper; ``unsupported`` has, by belief, the share of what
    the policy shows that could not have been shown; ``rewards`` are by name; ``filled`` float64 (n_answers, n_places) is how
    likely it fills each place. ``looked`` float64 (n_places,) is how much a place is looked at, ``redrawn`` (DRAWS, n_places) the
    same of answers drawn again, each as many ``times`` uint8 (DRAWS, n_answers).
    """

    slates: Slates
    filled: Floats
    clusters: Ints
    unsupported: Mapping[Belief, float]
    rewards: Mapping[str, Rewards]
    looked: Floats
    redrawn: Floats
    times: NDArray[np.uint8]

    @classmethod
    def of(
        cls, slates: Slates, before: Showing, showing: Showing, clusters: Ints, unsupported: Mapping[Belief, float],
        earned: Mapping[str, Floats], attention: str, seed: int = 0,
    ) -> Trial:  # fmt: skip
        """The trial of these answers: what the logged policy may have shown is ``before``, what the new one may show ``showing``.

        Places are compared by the rewards named ``attention``, such as clicks.
        """
        looks = _Looks(slates, earned[attention])
        looked = looks.found(np.ones(slates.n_answers))
        times = _times(clusters, seed)
        redrawn = np.stack([looks.found(one) for one in times])
        rewards = {name: _crossed(slates, before, showing, clusters, one, looked) for name, one in earned.items()}
        filled = showing.worth(np.ones(int(showing.items.max(initial=-1)) + 1))
        return cls(slates, filled, clusters, unsupported, rewards, looked, redrawn, times)

    def logged(self, name: str, belief: Belief, looked: Floats | None = None) -> Logged:
        """What is known for one kind of reward under one belief, where places are ``looked`` at so much."""
        looked = self.looked if looked is None else looked
        one, slates = self.rewards[name], self.slates
        looks = looked if belief == "items" else np.ones(slates.n_places)
        return Logged(
            one.earned, slates.weights(belief, looked), slates.answers, self.clusters, self.filled @ looks,
            sizes=looks[slates.places], predicted=one.worth * looked[slates.places], expected=one.shown @ looked,
            expected_before=one.showed @ looked,
        )  # fmt: skip

    def overlap(self, belief: Belief) -> Overlap:
        """How much the log tells under a belief."""
        return overlap(self.logged(next(iter(self.rewards)), belief), self.unsupported.get(belief, 0.0), CLIPPED_AT)

    def difference(
        self, name: str, belief: Belief, scales: tuple[float, float] = (1.0, 1.0)
    ) -> tuple[Estimate, Estimate, Estimate]:  # fmt: skip
        """What the logged policy earned an answer, what the new one would, and how much more, by the doubly robust estimator.

        ``scales`` turn the two into another unit, each by a factor.
        """
        log = self.logged(name, belief)
        now = on_policy(log)
        then = _scaled(combined(now, gain(log)), scales[1])
        more = combined(then, now, -scales[0])
        found = estimate("doubly_robust", then, self.clusters), estimate("difference", more, self.clusters)
        if belief == "items":
            reach = self._reach(name, scales)
            found = _within(found[0], reach[0]), _within(found[1], reach[1])
        return estimate("logged", _scaled(now, scales[0]), self.clusters), *found

    def estimates(self, name: str, belief: Belief) -> list[Estimate]:
        """Every estimator's value per answer."""
        log = self.logged(name, belief)
        ways: dict[str, Influences] = {
            "ips": ips(log), "clipped_ips": clipped_ips(log, CLIPPED_AT), "self_normalised_ips": self_normalised_ips(log),
        }  # fmt: skip
        if belief != "cascade":  # whose correction would need what is expected after every answer's own beginning
            ways |= {
                "direct": direct(log), "doubly_robust": doubly_robust(log),
                "switch_doubly_robust": switch_doubly_robust(log, CLIPPED_AT),
            }  # fmt: skip
        return [estimate(f"{belief}:{way}", found, self.clusters) for way, found in ways.items()]

    def _reach(self, name: str, scales: tuple[float, float]) -> tuple[float, float]:
        """How far value and difference may be off where it is uncertain, too, how much places are looked at."""
        values = np.empty((DRAWS, 2))
        for draw, (looked, times) in enumerate(zip(self.redrawn, self.times, strict=True)):
            log = self.logged(name, "items", looked)
            more, now = gain(log), log.by_answer(log.rewards)
            then = scales[1] * (now + more.value + more.each)
            values[draw] = np.array([times @ then, times @ (then - scales[0] * now)]) / max(1.0, float(times.sum()))
        reach = NormalDist().inv_cdf((1 + LEVEL) / 2) * values.std(axis=0, ddof=1)
        return float(reach[0]), float(reach[1])


def _scaled(found: Influences, scale: float) -> Influences:
    return Influences(scale * found.value, scale * found.each)


def _within(found: Estimate, reach: float) -> Estimate:
    if found.value is None:
        return found
    return Estimate(estimator=found.estimator, value=found.value, low=found.value - reach, high=found.value + reach)


class _Looks:
    """How much places are looked at: by what chance put there, since otherwise the best products stand in the best places."""

    def __init__(self, slates: Slates, clicks: Floats) -> None:
        self._slates = slates
        self._clicks = clicks
        self._even = slates.towards_even()
        self._n_items = int(slates.items.max(initial=-1)) + 1
        self._plain = fit(slates.items, slates.places, clicks, self._n_items, slates.n_places)

    def found(self, times: Floats | NDArray[np.uint8]) -> Floats:
        """Where each answer counts so many times; a little of what all slots say is mixed in."""
        slates, weights = self._slates, self._even * times[self._slates.answers]
        return fit(
            slates.items, slates.places, self._clicks, self._n_items, slates.n_places, weights=weights, start=self._plain
        ).places  # fmt: skip


def _times(clusters: Ints, seed: int) -> NDArray[np.uint8]:
    """How often each answer is drawn in each of the draws: whole clusters, by Poisson's law, which resampling nears."""
    numbers = np.unique(clusters, return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    drawn = rng.poisson(1.0, (DRAWS, int(numbers.max(initial=-1)) + 1)).astype(np.uint8)
    return drawn[:, numbers]


def _crossed(
    slates: Slates, before: Showing, showing: Showing, clusters: Ints, earned: Floats, looked: Floats
) -> Rewards:  # fmt: skip
    """The rewards with what items are worth by other people's."""
    shape = slates.n_answers, slates.n_places
    worth, shown, showed = np.zeros(len(earned)), np.zeros(shape), np.zeros(shape)
    if not earned.any():
        return Rewards(earned, worth, shown, showed)
    folds = folds_of(clusters)
    n_items = 1 + max(int(items.max(initial=-1)) for items in (slates.items, before.items, showing.items))
    for fold in range(FOLDS):
        answers = folds == fold
        mine = answers[slates.answers]
        items, places = slates.items[~mine], slates.places[~mine]
        of_items = worths(items, looked[places], earned[~mine], n_items)
        worth[mine] = of_items[slates.items[mine]]
        shown[answers] = showing.worth(of_items)[answers]
        showed[answers] = before.worth(of_items)[answers]
    return Rewards(earned, worth, shown, showed)
