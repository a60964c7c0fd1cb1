"""Past sessions, found by the items they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Asked, frozen
from endcap.artifacts.reading import are_of, is_csr, sound, taken
from endcap.kernels.session_knn import add_sessions

_DTYPES = {
    "item_starts": np.int64, "item_sessions": np.int32, "session_starts": np.int64, "session_items": np.int32,
    "session_places": np.int32, "session_weights": np.float32, "item_weights": np.float32, "fading": np.float32,
    "settings": np.float64,
}  # fmt: skip
_SETTINGS = 2


@dataclass(frozen=True, slots=True)
class SessionIndex:
    """What visitors did who did some of what is asked: nearest neighbours among sessions.

    Item ``i`` was in the sessions ``item_sessions[item_starts[i]:item_starts[i + 1]]``, newest first, no session twice;
    ``item_starts`` int64 (n_items + 1,), ``item_sessions`` int32. Session ``s`` holds the different items
    ``session_items[session_starts[s]:session_starts[s + 1]]`` at the places ``session_places`` within the visit, from 0;
    ``session_starts`` int64 (n_sessions + 1,), both others int32. ``session_weights`` float32 (n_sessions,) is how much a session
    counts (its age and its length), ``item_weights`` float32 (n_items,) how much an item does. ``fading`` float32 is what is left
    of an item's weight so many places from the shared one, from 0; its last entry holds from there on.

    ``settings`` float64 holds two numbers: how many sessions are listened to, and the factor of items that are asked with (0
    where nobody needs to be led back to them).
    """

    shape: ClassVar[str] = "session_index"
    item_starts: NDArray[np.int64]
    item_sessions: NDArray[np.int32]
    session_starts: NDArray[np.int64]
    session_items: NDArray[np.int32]
    session_places: NDArray[np.int32]
    session_weights: NDArray[np.float32]
    item_weights: NDArray[np.float32]
    fading: NDArray[np.float32]
    settings: NDArray[np.float64]
    reason: str

    @classmethod
    def of(
        cls, item_sessions: tuple[Array, Array], sessions: tuple[Array, Array, Array], *, session_weights: Array,
        item_weights: Array, fading: Array, k: int, repeats: float, reason: str,
    ) -> Self:  # fmt: skip
        """The index of ``(item_starts, item_sessions)`` and ``(session_starts, session_items, session_places)``."""
        parts = (*item_sessions, *sessions, session_weights, item_weights, fading, np.array([k, repeats]))
        named = zip(_DTYPES.items(), parts, strict=True)
        return cls(**{name: frozen(one.astype(dtype)) for (name, dtype), one in named}, reason=reason)

    @property
    def n_items(self) -> int:
        """How many items the artifact numbers."""
        return len(self.item_starts) - 1

    @property
    def n_entries(self) -> int:
        """How many (item, session) pairs can be found."""
        return len(self.item_sessions)

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """The items of the sessions most like what is asked; see :func:`endcap.kernels.session_knn.add_sessions`.

        The weights asked with say how much older items matter, both for which sessions are alike and for what they are worth.
        """
        del blocked  # Nothing is cut here: whoever takes the best of these leaves out what may not be shown.
        k, repeats = self.settings
        found: int = add_sessions(
            self.item_starts, self.item_sessions, self.session_starts, self.session_items, self.session_places,
            self.session_weights, self.item_weights, self.fading, asked.rows, asked.weights, int(k), repeats, scores, touched,
        )  # fmt: skip
        return found

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name."""
        return {name: getattr(self, name) for name in _DTYPES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The artifact that gave these arrays."""
        return sound(cls(**taken(cls.shape, arrays, _DTYPES), reason=reason), "points outside its items or sessions")

    def is_sound(self, n_items: int) -> bool:
        """Whether the arrays number ``n_items`` items and point inside themselves; kernels trust them."""
        arrays = self.arrays()
        if not are_of(_DTYPES, arrays) or any(one.ndim != 1 for one in arrays.values()):
            return False
        n_sessions = len(self.session_weights)
        return (
            len(self.item_weights) == n_items
            and len(self.session_places) == len(self.session_items)
            and is_csr(self.item_starts, self.item_sessions, rows=n_items, columns=n_sessions)
            and is_csr(self.session_starts, self.session_items, rows=n_sessions, columns=n_items)
            and len(self.settings) == _SETTINGS
            and len(self.fading) > 0
            and bool(np.isfinite(self.settings).all() and self.settings[0] >= 1 and self.settings[1] >= 0)
        )
