"""One score per item: popularity, trends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Asked, frozen
from endcap.artifacts.reading import sound, taken

MOST = 1_000
"""How many items are proposed at most: nobody looks further down a list that is the same for everyone."""


@dataclass(frozen=True, slots=True)
class ItemScores:
    """How much each item counts, whoever asks; float32 (n_items,), 0 where nothing is known, never negative.

    ``order`` int32 lists the rows with a score above 0, best first, ties by row; it is what serving walks.
    """

    shape: ClassVar[str] = "item_scores"
    scores: NDArray[np.float32]
    order: NDArray[np.int32]
    reason: str

    @classmethod
    def of(cls, scores: Array, reason: str) -> Self:
        """The artifact of these scores; negative ones and NaN count as 0, those beyond float32 as its largest number.

        >>> ItemScores.of(np.array([0.0, 2.0, 1.0]), "popular").order.tolist()
        [1, 2]
        """
        clean = np.clip(np.nan_to_num(scores), 0, np.finfo(np.float32).max).astype(np.float32)
        order = np.argsort(-clean, kind="stable").astype(np.int32)
        return cls(frozen(clean), frozen(order[clean[order] > 0]), reason)

    @property
    def n_items(self) -> int:
        """How many items the artifact numbers."""
        return len(self.scores)

    @property
    def n_entries(self) -> int:
        """How many items have a score."""
        return len(self.order)

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """The best :data:`MOST` items that may be shown, whatever is asked with; returns how many there are."""
        del asked
        allowed = self.order[blocked[self.order] == 0][:MOST]
        scores[allowed] = self.scores[allowed]
        touched[: len(allowed)] = allowed
        return len(allowed)

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name."""
        return {"scores": self.scores, "order": self.order}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The artifact that gave these arrays."""
        return sound(cls(**taken(cls.shape, arrays, ("scores", "order")), reason=reason), "orders items that it does not number")

    def is_sound(self, n_items: int) -> bool:
        """Whether the arrays number ``n_items`` items with a number each and order none but them; kernels trust it."""
        if not all(isinstance(part, np.ndarray) and part.ndim == 1 for part in (self.scores, self.order)):
            return False
        return (
            len(self.scores) == n_items
            and bool(np.isfinite(self.scores).all())
            and (len(self.order) == 0 or bool(self.order.min() >= 0 and self.order.max() < n_items))
        )
