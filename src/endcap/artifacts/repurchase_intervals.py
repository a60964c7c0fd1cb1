"""When people buy an item again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Asked
from endcap.artifacts.reading import sound, taken
from endcap.core.time import DAY_MS
from endcap.kernels.repurchase import SAME_DAYS, add_due, typical

_ARRAYS = ("gaps", "spreads", "repeats", "shares", "counts", "settings")
_N_SETTINGS = 4


@dataclass(frozen=True, slots=True)
class RepurchaseIntervals:
    """After how many days people buy each item again, and whether they do; nothing about any one person.

    ``gaps`` float32 is the mean logarithm of the days between two purchases of an item by one person, ``spreads`` float32, above
    0, its standard deviation; ``repeats`` float32, above 0, the share of purchases that another one of the same item follows;
    ``shares`` float32 how often the item is bought, the most bought one 1; ``counts`` int32 how many gaps were seen. All
    (n_items,). ``settings`` float64 (4,) are those of :func:`endcap.kernels.repurchase.add_due`.
    """

    shape: ClassVar[str] = "repurchase_intervals"
    gaps: NDArray[np.float32]
    spreads: NDArray[np.float32]
    repeats: NDArray[np.float32]
    shares: NDArray[np.float32]
    counts: NDArray[np.int32]
    settings: NDArray[np.float64]
    reason: str

    @property
    def n_items(self) -> int:
        """How many items the artifact numbers."""
        return len(self.gaps)

    @property
    def n_entries(self) -> int:
        """How many items somebody bought."""
        return int(np.count_nonzero(self.shares))

    @property
    def gap_days(self) -> NDArray[np.float64]:
        """The typical days between two purchases of an item, the median of its distribution; float64 (n_items,)."""
        days: NDArray[np.float64] = np.exp(self.gaps.astype(np.float64))
        return days

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """What the person bought, by how often and how due it is; returns how many items that are. Other items never come."""
        del blocked  # Nothing is cut here: whoever takes the best of these leaves out what may not be shown.
        found: int = add_due(
            asked.bought, asked.bought_at_ms, asked.now_ms, self.gaps, self.spreads, self.repeats, self.shares, self.settings,
            scores, touched,
        )  # fmt: skip
        return found

    def due_at_ms(self, row: int, bought_at_ms: NDArray[np.int64]) -> int:
        """When somebody who bought an item at these times is likely to want it again, in milliseconds.

        A typical gap after the newest purchase; the person's own gaps count as well as everybody's. Raises ValueError without a
        purchase.
        """
        if len(bought_at_ms) == 0:
            raise ValueError(f"no purchase of row {row} is given; an item that was never bought is never due again")
        times = np.sort(bought_at_ms)
        days = np.diff(times) / DAY_MS
        own = np.log(days[days >= SAME_DAYS])
        return int(times[-1]) + round(float(np.exp(typical(float(self.gaps[row]), own.sum(), len(own)))) * DAY_MS)

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The artifact that gave these arrays."""
        found = cls(**taken(cls.shape, arrays, _ARRAYS), reason=reason)
        return sound(found, "has arrays of different lengths, or a spread of 0")

    def is_sound(self, n_items: int) -> bool:
        """Whether every array numbers ``n_items`` items and no spread is 0."""
        parts = (self.gaps, self.spreads, self.repeats, self.shares, self.counts)
        return (
            all(part.shape == (n_items,) for part in parts)
            and self.settings.shape == (_N_SETTINGS,)
            and bool((self.spreads > 0).all())
        )
