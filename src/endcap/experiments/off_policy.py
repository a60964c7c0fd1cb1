"""What another policy would have earned, from what this one did: off-policy estimators, and when they must be silent.

An answer shows things in slots; a policy that shows one thing at a time has answers of one slot. What the log tells of a slot
counts with a weight: how much likelier the new policy puts that thing there than the one that was logged. The value of a policy
is the mean over answers of what their slots earn together.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray

LEAST_EFFECTIVE = 200.0
"""Below so many answers' worth of overlap an estimate is withheld."""

LARGEST_WEIGHT = 100.0
"""Above it, one lucky click would decide."""

LEVEL = 0.95

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Logged:
    """What a policy showed, what came of it, and how likely another one would have shown the same.

    By slot, all (n_slots,): ``rewards`` float64, ``weights`` float64 from 0, and ``answers`` int64, the number of the answer it
    belongs to. By answer, all (n_answers,): ``clusters`` int64, equal for answers that are not independent, such as those to one
    shopper, and ``n_shown`` float64, how many slots the new policy fills. Where slots differ, ``sizes`` float64 (n_slots,) says
    how much each counts, and ``n_shown`` adds up sizes.

    Where a reward model is at hand, ``predicted`` float64 (n_slots,) is what it expects of what was shown, and ``expected``
    float64 (n_answers,) of what the new policy shows; ``expected_before`` the same of what the logged policy does.
    """

    rewards: Floats
    weights: Floats
    answers: Ints
    clusters: Ints
    n_shown: Floats
    sizes: Floats | None = None
    predicted: Floats | None = None
    expected: Floats | None = None
    expected_before: Floats | None = None

    @classmethod
    def of_actions(
        cls, rewards: Floats, weights: Floats, *, predicted: Floats | None = None, expected: Floats | None = None
    ) -> Logged:  # fmt: skip
        """The log of a policy that shows one thing at a time, to people who come once."""
        each = np.arange(len(rewards), dtype=np.int64)
        return cls(rewards, weights, each, each, np.ones(len(rewards)), None, predicted, expected)

    @property
    def n_answers(self) -> int:
        """How many answers there are."""
        return len(self.clusters)

    def by_answer(self, of_slots: Floats) -> Floats:
        """The sums over the slots of each answer."""
        sums: Floats = np.bincount(self.answers, weights=of_slots, minlength=self.n_answers).astype(np.float64)
        return sums


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """How much the log tells of another policy.

    ``effective_answers`` is how many answers of the new policy itself would tell as much, ``largest_weight`` how much one logged
    slot counts at most, ``clipped_share`` the share of all weight above the bound of the clipped estimator, ``unsupported`` the
    share of what the new policy shows that the logged one could not have shown.
    """

    answers: int
    effective_answers: float
    largest_weight: float
    clipped_share: float
    unsupported: float = 0.0


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A policy's value per answer with its interval at :data:`LEVEL`; nothing where it could not be worked out."""

    estimator: str
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Influences:
    """An estimate and what each answer contributes to its error, float64 (n_answers,) with a mean of 0."""

    value: float
    each: Floats


def ips(logged: Logged) -> Influences:
    """Inverse propensity scoring: the mean of the weighted rewards. Unbiased, and the noisier the larger the weights.

    Source: Horvitz and Thompson 1952; Li et al. 2018, "Offline evaluation of ranking policies with click models", for slots.

    >>> float(ips(Logged.of_actions(np.array([0.0, 1.0]), np.array([0.5, 1.5]))).value)
    0.75
    """
    return _mean(logged.by_answer(logged.weights * logged.rewards))


def clipped_ips(logged: Logged, most: float) -> Influences:
    """:func:`ips` with no weight above ``most``: less noise for an estimate that is too low.

    Source: Ionides 2008, "Truncated importance sampling".
    """
    return _mean(logged.by_answer(np.minimum(logged.weights, most) * logged.rewards))


def self_normalised_ips(logged: Logged) -> Influences:
    """Weighted rewards divided by the weights' own sum, times how many slots the new policy fills.

    Source: Swaminathan and Joachims 2015, "The self-normalized estimator for counterfactual learning"; the influences are those
    of a ratio, by the delta method.
    """
    sizes = logged.weights if logged.sizes is None else logged.weights * logged.sizes
    earned, weighed = logged.by_answer(logged.weights * logged.rewards), logged.by_answer(sizes)
    total = float(weighed.sum())
    if total <= 0:
        return Influences(float("nan"), np.zeros(logged.n_answers))
    rate, shown = float(earned.sum()) / total, float(logged.n_shown.mean())
    each = shown * (earned - rate * weighed) * (logged.n_answers / total) + rate * (logged.n_shown - shown)
    return Influences(rate * shown, each)


def direct(logged: Logged) -> Influences:
    """What the reward model expects of the new policy: little noise, and as wrong as the model, which no interval can know."""
    return _mean(_model(logged)[1])


def doubly_robust(logged: Logged) -> Influences:
    """What the model expects, corrected by the weighted errors that it made on what was logged.

    Right in the long run where either the weights or the model are. The model must not have seen the answers that it is corrected
    with: see cross-fitting in :mod:`endcap.experiments.reward_model`.
    Source: Dudík, Langford and Li 2011, "Doubly robust policy evaluation and learning", equation 1.

    >>> rewards, weights = np.array([1.0, 0.0]), np.array([2.0, 0.0])
    >>> model = {"predicted": np.array([0.9, 0.1]), "expected": np.array([0.9, 0.9])}
    >>> round(doubly_robust(Logged.of_actions(rewards, weights, **model)).value, 6)
    1.0
    """
    predicted, expected = _model(logged)
    return _mean(expected + logged.by_answer(logged.weights * (logged.rewards - predicted)))


def switch_doubly_robust(logged: Logged, most: float) -> Influences:
    """:func:`doubly_robust` that believes the model alone where a weight is above ``most``.

    Source: Wang, Agarwal and Dudík 2017, "Optimal and adaptive off-policy evaluation in contextual bandits".
    """
    predicted, expected = _model(logged)
    kept = np.where(logged.weights <= most, logged.weights, 0.0)
    return _mean(expected + logged.by_answer(kept * (logged.rewards - predicted)))


def gain(logged: Logged) -> Influences:
    """How much more the new policy earns than the logged one: both doubly robust with the same model, so that what they have in
    common cancels. Where they are the same, it is 0 whatever was clicked.

    >>> same = {"predicted": np.array([0.4, 0.1]), "expected": np.array([0.3, 0.3]), "expected_before": np.array([0.3, 0.3])}
    >>> one = np.arange(2)
    >>> float(gain(Logged(np.array([1.0, 0.0]), np.ones(2), one, one, np.ones(2), **same)).value)
    0.0
    """
    predicted, expected = _model(logged)
    assert logged.expected_before is not None, "this estimator needs what the model expects of the logged policy"
    surprise = (logged.weights - 1.0) * (logged.rewards - predicted)
    return _mean(logged.by_answer(surprise) + expected - logged.expected_before)


def on_policy(logged: Logged) -> Influences:
    """What the policy that was logged earned."""
    return _mean(logged.by_answer(logged.rewards))


def combined(one: Influences, other: Influences, weight: float = 1.0) -> Influences:
    """One estimate plus ``weight`` times another of the same log.

    >>> log = Logged.of_actions(np.array([0.0, 1.0]), np.ones(2))
    >>> float(combined(ips(log), on_policy(log), -1.0).value)
    0.0
    """
    return Influences(one.value + weight * other.value, one.each + weight * other.each)


def estimate(name: str, found: Influences, clusters: Ints) -> Estimate:
    """An estimate with its interval: asymptotically normal, for answers that depend on each other inside ``clusters`` only.

    Source: cluster-robust variance, Liang and Zeger 1986, with the factor g / (g - 1) for g clusters.
    """
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], weights=found.each)
    if len(sums) < 2 or not np.isfinite(found.value):
        return Estimate(estimator=name, value=found.value if np.isfinite(found.value) else None)
    error = np.sqrt(len(sums) / (len(sums) - 1) * float(sums @ sums)) / len(found.each)
    reach = NormalDist().inv_cdf((1 + LEVEL) / 2) * float(error)
    return Estimate(estimator=name, value=found.value, low=found.value - reach, high=found.value + reach)


def overlap(logged: Logged, unsupported: float = 0.0, most: float = LARGEST_WEIGHT) -> Overlap:
    """How much the log tells of the new policy; ``most`` is the bound of the clipped estimator.

    Source: Kish 1965 for the effective size, (Σw)² / Σw², here as a share of the slots, in answers.

    >>> overlap(Logged.of_actions(np.ones(4), np.array([2.0, 2.0, 0.0, 0.0]))).effective_answers
    2.0
    """
    weights = logged.weights
    total, squares = float(weights.sum()), float(weights @ weights)
    share = total * total / (squares * len(weights)) if squares > 0 else 0.0
    return Overlap(
        answers=logged.n_answers,
        effective_answers=share * logged.n_answers,
        largest_weight=float(weights.max(initial=0.0)),
        clipped_share=float(np.maximum(weights - most, 0.0).sum()) / total if total > 0 else 0.0,
        unsupported=unsupported,
    )


def _mean(of_answers: Floats) -> Influences:
    value = float(of_answers.mean()) if len(of_answers) else float("nan")
    return Influences(value, of_answers - value)


def _model(logged: Logged) -> tuple[Floats, Floats]:
    assert logged.predicted is not None, "this estimator needs a reward model"
    assert logged.expected is not None, "this estimator needs a reward model"
    return logged.predicted, logged.expected
