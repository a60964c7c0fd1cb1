"""From values to places on a chart, and the round numbers beside its axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SPAN = 1000
"""How wide and how high the plane of a chart is, in its own units; the browser stretches it to its place."""
_ZOOM_ABOVE = 0.6
"""Where even the lowest value is above this share of the highest, the axis need not begin at zero."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The values that a chart shows, from its foot to its top, with the ticks beside it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Where a value lies, in units of the plane from its low end; what is beyond an end lies on it.

        >>> scale_of([0.0, 10.0]).place(5.0)
        500.0
        """
        share = (value - self.low) / (self.high - self.low)
        return round(SPAN * min(1.0, max(0.0, share)), 1)


def scale_of(values: Iterable[float], *, zero: bool = False, most_ticks: int = 5) -> Scale:
    """A scale that holds all values, between round numbers. It begins at zero unless the values all lie far from it.

    >>> scale_of([0.021, 0.048]).ticks
    (0.0, 0.01, 0.02, 0.03, 0.04, 0.05)
    >>> scale_of([98.0, 100.0]).low, scale_of([-3.0, 4.0]).ticks
    (98.0, (-4.0, -2.0, 0.0, 2.0, 4.0))
    """
    known = list(values) or [0.0]
    low, high = min(known), max(known)
    zoomed = not zero and high > low > _ZOOM_ABOVE * high
    low, high = (low, high) if zoomed else (min(low, 0.0), max(high, 0.0))
    if high <= low:
        high = low + (abs(low) or 1.0)
    step = _step((high - low) / most_ticks)
    first, last = _floor(low, step), -_floor(-high, step)
    return Scale(first * step, last * step, tuple(round(n * step, 12) for n in range(first, last + 1)))


def _floor(value: float, step: float) -> int:
    """How many whole steps lie below a value; a hair above a step is on it."""
    return int((value / step + 1e-9) // 1)


def _step(least: float) -> float:
    """The smallest round step that is at least so large.

    >>> _step(0.7), _step(0.013)
    (1.0, 0.02)
    """
    power = -12
    while True:
        for one in (1, 2, 5):
            step = float(f"{one}e{power}")
            if step >= least * (1 - 1e-9):
                return step
        power += 1


def label_places(count: int, most: int) -> list[int]:
    """Which of the points along an axis get a label: at most ``most``, evenly apart, the newest among them.

    >>> label_places(28, 5), label_places(3, 6)
    ([3, 9, 15, 21, 27], [0, 1, 2])
    """
    if count <= most:
        return list(range(count))
    apart = -(-count // most)
    return list(range((count - 1) % apart, count, apart))
