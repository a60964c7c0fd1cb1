"""Cheap random draws one at a time. A call to numpy for each would cost more than the simulation around it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from statistics import NormalDist

import numpy as np

_BLOCK = 65_536
_NORMAL = NormalDist()


class Dice:
    """Draws from one seeded stream of uniform numbers; equal seeds give equal draws on every machine.

    >>> Dice(1).uniform() == Dice(1).uniform()
    True
    """

    def __init__(self, *seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))
        self._block: list[float] = []

    def uniform(self) -> float:
        """A number in [0, 1)."""
        if not self._block:
            self._block = self._generator.random(_BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def below(self, n: int) -> int:
        """An integer from 0 to n - 1."""
        return int(self.uniform() * n)

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.uniform()

    def spread(self, sigma: float) -> float:
        """A factor around 1 whose logarithm is normal with deviation ``sigma``."""
        return float(np.exp(sigma * _NORMAL.inv_cdf(max(self.uniform(), 1e-12))))

    def geometric(self, mean: float) -> int:
        """How many times it goes on: 0, 1, 2 … with this mean."""
        goes_on = mean / (1.0 + mean)
        count = 0
        while self.uniform() < goes_on:
            count += 1
        return count

    def weighted(self, weights: Sequence[float]) -> int:
        """An index, each as likely as its weight."""
        return self.cumulated(list(accumulate(weights)))

    def cumulated(self, cumulated: Sequence[float]) -> int:
        """An index, given running sums of the weights."""
        return bisect_right(cumulated, self.uniform() * cumulated[-1], hi=len(cumulated) - 1)

    def sample(self, n: int, count: int) -> list[int]:
        """``count`` different integers below n, in random order."""
        pool = list(range(n))
        for i in range(min(count, n)):
            j = i + self.below(n - i)
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:count]
