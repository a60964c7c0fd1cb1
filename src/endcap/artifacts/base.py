"""The interface of every artifact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_NOTHING = np.empty(0, dtype=np.int32)
_NEVER = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an artifact is asked with: what is known of a shopper, a cart or a page, and when.

    ``rows`` int32 (n,) are different items, the newest first where they have an order; ``weights`` float32 (n,), above 0, say
    how much each counts. ``bought`` int32 and ``bought_at_ms`` int64, both (m,), are the person's purchases, newest first,
    repeats included. ``trail`` int32 (k,) are the acts behind the rows, newest first, an item as often as it was acted on; it is
    empty where only the rows are known. ``category`` is the number of the category that answers should keep to, -1 for any.
    Rows that an artifact does not number are passed over.
    """

    rows: NDArray[np.int32]
    weights: NDArray[np.float32]
    now_ms: int = 0
    bought: NDArray[np.int32] = field(default_factory=lambda: _NOTHING)
    bought_at_ms: NDArray[np.int64] = field(default_factory=lambda: _NEVER)
    trail: NDArray[np.int32] = field(default_factory=lambda: _NOTHING)
    category: int = -1


class Artifact(Protocol):
    """Immutable arrays that answer "which items?".

    ``shape`` names the class in a bundle's manifest. Artifacts survive their arrays bit by bit:
    ``from_arrays(a.arrays(), reason)`` equals ``a``.
    """

    shape: ClassVar[str]

    @property
    def reason(self) -> str:
        """The code that explains an item it proposed."""

    @property
    def n_items(self) -> int:
        """How many items the artifact numbers."""

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """Score the items that go with what is asked; returns how many were touched.

        ``scores`` float32 comes in as zeros and receives scores above 0; ``touched`` int32 receives the rows that have one. Both
        have room for every item, as has ``blocked`` uint8, which is 0 where an item may be shown: an artifact that proposes its
        best items only must choose them among those. No array is kept or returned; nothing is allocated that grows with the
        catalogue where that can be helped.
        """

    def is_sound(self, n_items: int) -> bool:
        """Whether the arrays number ``n_items`` items and point inside themselves: kernels trust them."""

    @property
    def n_entries(self) -> int:
        """How much it holds: 0 where it learnt nothing and would never propose an item."""

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name, C-contiguous."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The artifact that gave these arrays."""


@runtime_checkable
class RatingPredictor(Protocol):
    """What an artifact that also predicts ratings has beside the rest."""

    def predict(self, known: NDArray[np.int32], stars: NDArray[np.float32], items: NDArray[np.int32]) -> NDArray[np.float32]:
        """The stars that somebody who gave ``stars`` to the ``known`` items would give to ``items``, float32, one each.

        Nothing known is allowed; rows that the artifact does not number, on either side, count as items of which nothing is
        known. What comes back may lie outside the scale.
        """


def frozen(array: Array) -> Array:
    """The array in C order, marked read-only."""
    contiguous = np.ascontiguousarray(array)
    contiguous.flags.writeable = False
    return contiguous
