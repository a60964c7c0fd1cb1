"""Made-up shoppers who see two rankings: how many sessions does it take to find the better one?"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.experiments.interleaving import credit, preference, team_draft
from endcap.experiments.power import Baseline, units_needed

Array = NDArray[np.float64]
_CANDIDATES, _SHOWN = 20, 8
_LIKED, _LIKED_ANYWAY = 0.6, 0.02
_PATIENCE = 0.95
_INTERESTED = 0.15
"""A candidate that fits is liked with chance 0.6 divided by how many fit, any other with 0.02. Shoppers go down the list, go on
after each item with chance 0.95, and stop at the first they like. Fifteen in a hundred sessions look at all, so that seven to
nine in a hundred click: an ordinary shop."""
_NOISE, _LESS_NOISE = 0.6, 0.5
ALPHA, POWER = 0.05, 0.8


class Interleaving(msgspec.Struct, frozen=True, kw_only=True):
    """Team-draft interleaving beside an A/B test of the same two rankings.

    ``fitting`` of twenty candidates fit a shopper. ``false_alarms`` among ``experiments`` of two equally good rankings with
    ``sessions`` each. ``clicking`` and ``clicking_better`` are the shares of sessions with a click under the worse and the
    better ranking. To find the better one with a chance of 80 % takes ``sessions_ab`` in two groups, by the planner, and
    ``sessions_interleaved`` in one list, where it was ``found`` so often.
    """

    fitting: int
    experiments: int
    sessions: int
    false_alarms: float
    clicking: float
    clicking_better: float
    sessions_ab: int
    sessions_interleaved: int
    found: float


def interleaving(
    rng: np.random.Generator, fitting: int, experiments: int, sessions: int, pool: int, tries: int = 2_000
) -> Interleaving:
    """Rankings order by what fits and noise; the better one has less of it.

    ``pool`` interested sessions of every kind are drawn once; the sessions needed are worked out from it for two groups, and
    searched by drawing from it for one list, in so many tries.
    """
    alarms = 0
    for _ in range(experiments):
        interested = int(rng.binomial(sessions, _INTERESTED))
        alarms += _finds(_earned(rng, fitting, interested, _NOISE))
    seed = int(rng.integers(0, 2**63))
    worse, better = (_clicking(seed, fitting, pool, noise) for noise in (_NOISE, _LESS_NOISE))
    plan = Baseline(kind="proportion", mean=worse * _INTERESTED)
    needed, found = _needed(rng, _earned(rng, fitting, pool // 4, _LESS_NOISE), tries)
    return Interleaving(
        fitting=fitting,
        experiments=experiments,
        sessions=sessions,
        false_alarms=alarms / experiments,
        clicking=worse * _INTERESTED,
        clicking_better=better * _INTERESTED,
        sessions_ab=round(units_needed(plan, better / worse - 1.0, POWER)),
        sessions_interleaved=needed,
        found=found,
    )


def _needed(rng: np.random.Generator, earned: Array, tries: int) -> tuple[int, float]:
    """The fewest sessions, in steps of a twentieth, with which the better ranking is found in 80 % of the tries."""
    sessions = 2_000.0
    while True:
        found = sum(_finds(rng.choice(earned, rng.binomial(int(sessions), _INTERESTED)), better=True) for _ in range(tries))
        if found >= POWER * tries:
            return int(sessions), found / tries
        sessions *= 1.05


def _finds(earned: Array, better: bool = False) -> bool:
    """Whether a difference is found, and where asked for, the right one."""
    one = preference(earned, ALPHA)
    return one.p is not None and one.p < ALPHA and (one.second > one.first or not better)


def _ranked(rng: np.random.Generator, fits: Array, noise: float) -> NDArray[np.intp]:
    """The candidates of each session, best first."""
    return np.argsort(-(fits + noise * rng.standard_normal(fits.shape)), axis=1)


def _fits(rng: np.random.Generator, sessions: int, fitting: int) -> Array:
    """1 for the candidates that fit, 0 for the others; float64[sessions, candidates]."""
    return (rng.random((sessions, _CANDIDATES)).argsort(axis=1) < fitting).astype(np.float64)


def _clicked(rng: np.random.Generator, fits: Array, shown: NDArray[np.integer], fitting: int) -> NDArray[np.intp]:
    """The slot that each session clicks, or as many as are shown where it clicks none."""
    chance = np.where(np.take_along_axis(fits, shown, axis=1) > 0.0, _LIKED / fitting, _LIKED_ANYWAY)
    liked = rng.random(shown.shape) < chance
    liked &= np.arange(_SHOWN) < rng.geometric(1.0 - _PATIENCE, (len(shown), 1))
    return np.where(liked.any(axis=1), liked.argmax(axis=1), _SHOWN)


def _clicking(seed: int, fitting: int, sessions: int, noise: float) -> float:
    """The share of interested sessions with a click; the same seed gives both rankings the same shoppers and luck."""
    rng = np.random.default_rng(seed)
    fits = _fits(rng, sessions, fitting)
    return float((_clicked(rng, fits, _ranked(rng, fits, noise)[:, :_SHOWN], fitting) < _SHOWN).mean())


def _earned(rng: np.random.Generator, fitting: int, sessions: int, noise: float) -> Array:
    """By interested session, the second ranking's credit less the first's in one list."""
    fits = _fits(rng, sessions, fitting)
    first, second = (_ranked(rng, fits, one).astype(str).tolist() for one in (_NOISE, noise))
    seeds = rng.integers(0, 2**63, sessions).tolist()
    lists = [team_draft(one, other, _SHOWN, seed) for one, other, seed in zip(first, second, seeds, strict=True)]
    shown = np.array([one.items for one in lists], dtype=np.int64).reshape(sessions, _SHOWN)
    slots = _clicked(rng, fits, shown, fitting).tolist()
    return np.array([credit(one, dict.fromkeys(one.items[slot : slot + 1], 1.0)) for one, slot in zip(lists, slots, strict=True)])
