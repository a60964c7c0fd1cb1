"""Dividing a bandit's traffic again, by what came of the shoppers whom it had so far."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.core.experiment import Experiment
from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from endcap.experiments.allotment import ALLOTMENT_KIND, Allotment, Linear
from endcap.experiments.bandits import floored, win_chances, win_chances_of_means
from endcap.experiments.contextual import fit_arms, one_hot
from endcap.experiments.plan import Metric
from endcap.experiments.units import Units
from endcap.measurement.rules import rules_of
from endcap.measurement.trial_metrics import columns_of, components_of, trial_metric
from endcap.measurement.units import units_of
from endcap.stores.ports import ShopStores

FEWEST = 100
"""Before each arm has had so many shoppers, all get the same, unless what is counted is whether a shopper did something."""

Floats = NDArray[np.float64]


def is_due(experiment: Experiment, newest: Allotment | None, now_ms: int) -> bool:
    """Whether a bandit's traffic is to be divided again by now."""
    since = newest.at_ms if newest is not None and newest.run == experiment.run else experiment.started_ms or 0
    return experiment.status == "running" and now_ms - since >= experiment.allocating.every_minutes * MINUTE_MS


def divide_again(stores: ShopStores, experiment: Experiment, now_ms: int) -> Allotment:
    """Divide a bandit's traffic by all that is measured, and keep how; the next answers follow it. Time O(units)."""
    metric = trial_metric(experiment.metric)
    units = units_of(stores.measures, experiment, components_of([metric]))
    found = allotment(experiment, columns_of(units, [metric], rules_of(stores).currency), metric.as_judged(), now_ms)
    stores.documents.put(ALLOTMENT_KIND, experiment.name, msgspec.json.encode(found))
    return found


def allotment(experiment: Experiment, units: Units, metric: Metric, now_ms: int) -> Allotment:
    """How the traffic is to be divided, by what is known of the units at ``now_ms``.

    A shopper counts from ``wait_hours`` after the first meeting, with all that was done until now: what comes late counts
    the next time, what comes twice is one unit's all the same. With a half-life those who came long ago count less.
    """
    plan = experiment.allocating
    known = units.where(units.exposed_ms <= now_ms - plan.wait_hours * HOUR_MS)
    age_days = (now_ms - known.exposed_ms) / DAY_MS
    weights = np.ones(len(known)) if plan.half_life_days is None else 0.5 ** (age_days / plan.half_life_days)
    rewards = _rewards(known, metric)
    n_arms = len(units.arms)
    linear = None
    if plan.features and len(known):
        present = [known.segments[one] if one >= 0 else "" for one in known.segment.tolist()]
        features = np.array([one_hot((one,), plan.features) for one in present])
        arms = fit_arms(features, known.arm.astype(np.int64), rewards, n_arms, weights)
        linear = Linear(
            features=plan.features, means=tuple(map(tuple, arms.means.tolist())),
            covariances=tuple(tuple(map(tuple, one)) for one in arms.covariances.tolist()),
        )  # fmt: skip
    odds = _odds(known.arm, rewards, weights, n_arms, plan.least, proportion=metric.kind == "proportion")
    return Allotment(at_ms=now_ms, run=experiment.run, units=len(known), weights=tuple(odds.tolist()), linear=linear)


def _rewards(units: Units, metric: Metric) -> Floats:
    """What each unit brought: whether it did something, how much it spent, or its part in a ratio of sums."""
    done = units.after(metric.numerator)
    if metric.kind == "proportion":
        return (done > 0).astype(np.float64)
    if metric.kind == "mean":
        some = done[done > 0]
        return np.minimum(done, np.quantile(some, metric.winsorise)) if metric.winsorise and len(some) else done
    under = units.after(metric.denominator)
    total = under.sum()
    if not total > 0:
        return np.zeros(len(done))
    ratio = np.array([_share(done, under, units.arm == arm) for arm in range(len(units.arms))])[units.arm]
    mean = np.array([under[units.arm == arm].mean() if (units.arm == arm).any() else 1.0 for arm in range(len(units.arms))])
    parts: Floats = ratio + (done - ratio * under) / np.maximum(mean[units.arm], 1e-12)
    return parts


def _share(over: Floats, under: Floats, of_arm: NDArray[np.bool_]) -> float:
    below = float(under[of_arm].sum())
    return float(over[of_arm].sum()) / below if below > 0 else 0.0


def _odds(arm: NDArray[np.int32], rewards: Floats, weights: Floats, n_arms: int, floor: float, *, proportion: bool) -> Floats:
    seen = np.bincount(arm, weights, n_arms)
    if proportion:
        return win_chances(np.bincount(arm, weights * rewards, n_arms), seen, floor)
    if np.bincount(arm, minlength=n_arms).min() < FEWEST:
        return floored(np.full(n_arms, 1.0 / n_arms), floor)
    means = np.bincount(arm, weights * rewards, n_arms) / seen
    errors = np.sqrt(np.bincount(arm, (weights * (rewards - means[arm])) ** 2, n_arms)) / seen
    return win_chances_of_means(means, errors, floor)
