"""A bandit on arms of which the truth is known: what it loses while it learns."""

from __future__ import annotations

import numpy as np

from endcap.experiments.bandits import Floats, win_chances


def played(rates: Floats, *, rounds: int, updates: int, seed: int, floor: float = 0.01) -> tuple[float, Floats]:
    """What is lost over so many rounds, as a share of what an even split loses, and the chances of the arms at the end.

    ``rates`` float64 (n,) is how often each arm is taken. The chances are worked out ``updates`` times, ever more rounds apart,
    as they are in a shop where rewards come late.
    """
    rng = np.random.default_rng(seed)
    taken, seen, lost = np.zeros(len(rates)), np.zeros(len(rates)), 0.0
    odds, begins = np.full(len(rates), 1 / len(rates)), 0
    for ends in np.geomspace(2_000, rounds, updates).astype(int):
        plays = rng.multinomial(ends - begins, odds)
        begins = ends
        seen += plays
        taken += rng.binomial(plays, rates)
        lost += float(plays @ (rates.max() - rates))
        odds = win_chances(taken, seen, floor)
    return lost / (rounds * float(rates.max() - rates.mean())), odds
