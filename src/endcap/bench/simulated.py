"""Made-up experiments whose truth is known, to see whether the statistics find it.

Each world draws people of two arms in order of arrival, and says by how much its metric truly differs. Nothing here uses the
statistics that are put to the test.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from endcap.experiments.plan import Metric
from endcap.experiments.units import Units

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, Array], tuple[Array, Array]]
"""From each unit's effect (1 for none) to what it did after and before, each float64[n, 2]."""

_BUYERS = 0.06
_SPREAD, _WIDE = 0.9, 1.6
_CAP = 0.99


@dataclass(frozen=True, slots=True)
class World:
    """A metric, how its people are drawn, and the true lift of the metric where what people do is multiplied."""

    name: str
    metric: Metric
    draw: Draw
    truth: Callable[[float], float] = float

    def units(self, rng: np.random.Generator, n: int, lift: float = 0.0) -> Units:
        """So many people, each in either arm with equal chance; the second arm does ``lift`` more."""
        arm = rng.integers(0, 2, n).astype(np.int32)
        after, before = self.draw(rng, np.asarray(1.0 + lift * arm, dtype=np.float64))
        none = np.full(n, -1, np.int32)
        return Units(("above", "below"), ("control", "variant"), arm, np.arange(n, dtype=np.int64), after, before, none, ())


def _bought(rng: np.random.Generator, effect: Array) -> tuple[Array, Array]:
    done = (rng.random(len(effect)) < _BUYERS * effect).astype(np.float64)
    return _columns(done), np.zeros((len(effect), 2))


def _spent(rng: np.random.Generator, effect: Array) -> tuple[Array, Array]:
    return _columns(_amounts(rng, effect, _SPREAD)), np.zeros((len(effect), 2))


def _spent_widely(rng: np.random.Generator, effect: Array) -> tuple[Array, Array]:
    return _columns(_amounts(rng, effect, _WIDE)), np.zeros((len(effect), 2))


def _clicked(rng: np.random.Generator, effect: Array) -> tuple[Array, Array]:
    """People differ in how much they see and how often they click, so clicks of one person are alike."""
    seen = 1.0 + rng.poisson(rng.gamma(2.0, 4.0, len(effect)))
    clicks = rng.binomial(seen.astype(np.int64), np.minimum(rng.beta(1.0, 11.0, len(effect)) * effect, 1.0))
    return np.column_stack([clicks, seen]).astype(np.float64), np.zeros((len(effect), 2))


def _spent_like_before(rng: np.random.Generator, effect: Array) -> tuple[Array, Array]:
    """What people spend goes with what they spent before."""
    keen = rng.gamma(1.0, 1.0, len(effect))
    before, after = (rng.poisson(2.0 * keen) * rng.lognormal(0.0, 0.3, len(effect)) for _ in range(2))
    return _columns(after * effect), _columns(before)


def _orders(rng: np.random.Generator, effect: Array) -> tuple[Array, Array]:
    return _columns(rng.lognormal(3.0, _SPREAD, len(effect)) * effect), np.zeros((len(effect), 2))


def _amounts(rng: np.random.Generator, effect: Array, spread: float) -> Array:
    return np.asarray((rng.random(len(effect)) < _BUYERS) * rng.lognormal(3.0, spread, len(effect)) * effect)


def _columns(values: Array) -> Array:
    return np.column_stack([values, np.zeros(len(values))])


def _capped_lift(lift: float) -> float:
    """The true lift of amounts capped at a quantile of both arms together: less than that of the amounts themselves."""

    def below(cap: float) -> float:
        return float(0.5 * ndtr((math.log(cap) - 3.0) / _WIDE) + 0.5 * ndtr((math.log(cap / (1.0 + lift)) - 3.0) / _WIDE))

    def mean(cap: float) -> float:
        inside = math.exp(3.0 + _WIDE**2 / 2.0) * ndtr((math.log(cap) - 3.0 - _WIDE**2) / _WIDE)
        return float(inside + cap * ndtr((3.0 - math.log(cap)) / _WIDE))

    cap = brentq(lambda at: below(at) - _CAP, 1.0, 1e9)
    return (1.0 + lift) * mean(cap / (1.0 + lift)) / mean(cap) - 1.0


def _metric(kind: str, **options: object) -> Metric:
    return Metric(name=kind, numerator="above", **{"kind": kind, "cuped": False, **options})  # type: ignore[arg-type]


WORLDS = (
    World("binary", _metric("proportion"), _bought),
    World("mean", _metric("mean"), _spent),
    World("ratio", _metric("ratio", denominator="below"), _clicked),
    World("cuped", _metric("mean", cuped=True), _spent_like_before),
    World("winsorised", _metric("mean", winsorise=_CAP), _spent_widely, _capped_lift),
    World("quantile", _metric("quantile"), _orders),
)
"""One world a kind of metric: buyers, revenue, clicks by impressions, revenue with what was spent before, capped revenue, and
the median order."""
