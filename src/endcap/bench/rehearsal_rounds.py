"""Rehearsals without a shop around them: many rounds of the shelf kernel, chance included, over shoppers whose truth is planted.

What :mod:`endcap.bench.rehearsal_shop` does with whole answers, in a tenth of the time: how far off are estimates in the end?
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.experiments.off_policy_slates import Showing, Slates
from endcap.experiments.slate_values import Trial
from endcap.kernels.arrange import Candidates, Chance, arrange
from endcap.kernels.odds import chances, odds_along
from endcap.kernels.variety import N_TRAITS, NONE, Variety
from endcap.synthetic.clicks import ClickWorld

N_PATHS = 2_000
_PLAIN = Variety(NONE, 0.0, 0, 0)

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rounds:
    """What rounds of one policy tell of another, and the truth: the clicks an answer of either earns."""

    trial: Trial
    truth: float
    now: float


def rounds(seed: int, n: int, *, epsilon: float = 0.3, count: int = 3, sated: float = 0.0, apart: float = 0.7) -> Rounds:
    """Rounds of a policy that knows a little of what each kind of shopper likes, and of one that knows other things.

    ``apart`` is how far what either believes is from the truth, on the scale of logarithms: the larger, the less the two agree.
    """
    world = ClickWorld(seed, sated=sated, n_places=count)
    rng = np.random.default_rng([seed, 1])
    before, after = (
        (world.liked * rng.lognormal(0.0, apart, world.liked.shape)).astype(np.float32) for _ in range(2)
    )  # fmt: skip
    kinds = rng.integers(world.n_kinds, size=n)
    was, then = (_chances(world, epsilon, scores, count) for scores in (before, after))
    shown, logged_given, target_given = _played(epsilon, kinds, before, after, count, seed)
    slates = Slates(
        answers=np.repeat(np.arange(n), count), places=np.tile(np.arange(count), n), items=shown.ravel(),
        n_candidates=np.full(n * count, float(len(world.items))), logged_given=logged_given.ravel(),
        target_given=target_given.ravel(), logged=_of(was, kinds, shown), target=_of(then, kinds, shown), n_answers=n,
    )  # fmt: skip
    showed, showing = (_showing(of_kinds, kinds) for of_kinds in (was, then))
    ids = [item.item_id for item in world.items]
    clicks = np.zeros(shown.shape)
    for row, (kind, items) in enumerate(zip(kinds.tolist(), shown.tolist(), strict=True)):
        item_ids = [ids[item] for item in items]
        for item_id in world.clicked(kind, item_ids, rng):
            clicks[row, item_ids.index(item_id)] = 1.0
    trial = Trial.of(slates, showed, showing, np.arange(n), {}, {"clicks": clicks.ravel()}, "clicks")
    of_kind = np.bincount(kinds, minlength=world.n_kinds) / n
    return Rounds(trial, _value(world, then, of_kind), _value(world, was, of_kind))


def _chances(world: ClickWorld, epsilon: float, scores: Scores, count: int) -> NDArray[np.float64]:
    """The chance of each item at each place, by kind, (n_kinds, count, n_items)."""
    found = np.empty((world.n_kinds, count, scores.shape[1]))
    for kind, row in enumerate(scores):
        chances(_candidates(row), _PLAIN, _chance(epsilon, 7), count, N_PATHS, found[kind])
    return found


def _played(
    epsilon: float, kinds: NDArray[np.int64], before: Scores, after: Scores, count: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """What was shown each round, with its chances and those that the other policy gives it, each (n, count)."""
    shown = np.empty((len(kinds), count), dtype=np.int64)
    logged, target = np.empty(shown.shape), np.empty(shown.shape)
    places, given, how = np.zeros(count, np.int32), np.zeros(count), np.zeros(count, np.uint8)
    odds = np.empty((count, before.shape[1]))
    was, then = ([_candidates(row) for row in scores] for scores in (before, after))
    for at, kind in enumerate(kinds.tolist()):
        chance = _chance(epsilon, seed * 1_000_003 + at * 7_919)
        arrange(was[kind], _PLAIN, chance, count, places, given, how)
        shown[at], logged[at] = places, given
        odds_along(then[kind], _PLAIN, chance, count, shown[at], odds)
        target[at] = odds[np.arange(count), places]
    return shown, logged, target


def _candidates(scores: Scores) -> Candidates:
    """Candidates of which nothing is known but their scores."""
    n = len(scores)
    no_groups, nothing = np.empty((0, n), np.int32), np.empty((N_TRAITS, 0), np.int32)
    return Candidates(
        scores=scores, traits=np.full((N_TRAITS, n), -1, np.int32), shown=nothing, is_new=np.zeros(n, np.uint8),
        parts=np.empty((0, n), np.float32), pinned=np.full(n, -1, np.int32), groups=no_groups, shown_groups=no_groups,
        most=np.empty(0, np.int32),
    )  # fmt: skip


def _chance(epsilon: float, seed: int) -> Chance:
    return Chance(epsilon, 0.0, np.empty(0), np.uint64(seed))


def _of(of_kinds: NDArray[np.float64], kinds: NDArray[np.int64], shown: NDArray[np.int64]) -> NDArray[np.float64]:
    """The chances of what was shown, at each place, (n_slots, count)."""
    found: NDArray[np.float64] = of_kinds[np.repeat(kinds, shown.shape[1]), :, shown.ravel()]
    return found


def _showing(of_kinds: NDArray[np.float64], kinds: NDArray[np.int64]) -> Showing:
    n, count, n_items = len(kinds), *of_kinds.shape[1:]
    each = of_kinds.transpose(0, 2, 1)[kinds].reshape(-1, count).astype(np.float32)
    return Showing(np.arange(n + 1) * n_items, np.tile(np.arange(n_items, dtype=np.int32), n), each)


def _value(world: ClickWorld, of_kinds: NDArray[np.float64], share: NDArray[np.float64]) -> float:
    """The clicks an answer earns, from the planted chances alone, where nobody is sated."""
    return float(np.einsum("t,tki,ti,k->", share, of_kinds, world.liked, world.looked))
