"""The interface of every artifact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


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

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name, C-contiguous."""

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The artifact that gave these arrays."""


def frozen(array: Array) -> Array:
    """The array in C order, marked read-only."""
    contiguous = np.ascontiguousarray(array)
    contiguous.flags.writeable = False
    return contiguous
