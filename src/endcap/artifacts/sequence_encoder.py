"""A small network that reads what somebody did, oldest first, and says what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Asked, frozen
from endcap.artifacts.reading import sound, taken
from endcap.kernels.encoders import attended, averaged, chances, recurred
from endcap.kernels.factors import keep_best

MOST = 500
"""How many of the best items are proposed, and those too that score nearly like the last of them."""

Kind = Literal["attention", "recurrence", "average"]
_KINDS: tuple[str, ...] = get_args(Kind)
_SETTINGS = 3
_WEIGHT = "weight_"


@dataclass(frozen=True, slots=True)
class SequenceEncoder:
    """The weights of a trained network, run by plain arrays: whoever serves it needs no library that trains.

    The newest ``window`` items asked with become vectors, the oldest first, and a state; item ``i`` comes next with the chance
    ``softmax(state . vectors_i + biases_i)``. ``vectors`` float32 (n_items, dim) are what goes in and what is compared with;
    ``biases`` float32 (n_items,) are 0, or minus infinity for items of which nothing was learnt. ``weights`` float32 are those of
    :mod:`endcap.kernels.encoders` for the kind: ``attention`` (which adds the row of ``places``, (window, dim), to the vector
    multiplied by the square root of dim), ``recurrence``, or ``average``. ``settings`` int64 holds the number of the kind, the
    window, and into how many heads attention is divided. How much an item that is asked with counts is not looked at: the
    network has learnt that from its place.
    """

    shape: ClassVar[str] = "sequence_encoder"
    vectors: NDArray[np.float32]
    biases: NDArray[np.float32]
    settings: NDArray[np.int64]
    weights: Mapping[str, NDArray[np.float32]]
    reason: str

    @classmethod
    def of(
        cls, kind: Kind, vectors: Array, known: Array, weights: Mapping[str, Array], reason: str, *, window: int, heads: int = 1
    ) -> Self:  # fmt: skip
        """The artifact of a trained network; ``known`` bool (n_items,) says of which items something was learnt."""
        known = np.asarray(known, dtype=np.bool_)
        return cls(
            frozen(np.where(known[:, None], vectors, 0).astype(np.float32)),
            frozen(np.where(known, 0, -np.inf).astype(np.float32)),
            frozen(np.array([_KINDS.index(kind), window, heads], dtype=np.int64)),
            {name: frozen(one.astype(np.float32)) for name, one in weights.items()},
            reason,
        )

    @property
    def kind(self) -> str:
        """How the state is found: attention, recurrence or average."""
        return _KINDS[int(self.settings[0])]

    @property
    def n_items(self) -> int:
        """How many items the artifact numbers."""
        return len(self.vectors)

    @property
    def n_entries(self) -> int:
        """How many items it can propose."""
        return int(np.count_nonzero(self.biases == 0))

    def state(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """The state, float32 (dim,), after these items int32 (n,), oldest first; n is at least 1 and at most the window."""
        steps = self.vectors[rows]
        if self.kind == "recurrence":
            return recurred(steps, self.weights)
        if self.kind == "average":
            return averaged(steps, self.weights)
        steps = steps * np.float32(np.sqrt(steps.shape[1])) + self.weights["places"][: len(rows)]
        return attended(steps, self.weights, int(self.settings[2]))

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """The likeliest items that may be shown, about :data:`MOST`, each with its chance to come next.

        Nothing where none of the items asked with is known. Time that of the network, and O(n_items × dim).
        """
        here = asked.rows[(asked.rows >= 0) & (asked.rows < self.n_items)]
        rows = here[self.biases[here] == 0][: self.settings[1]][::-1]
        if len(rows) == 0:
            return 0
        chances(self.state(rows), self.vectors, self.biases, blocked, scores)
        found: int = keep_best(scores, MOST, touched)
        return found

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name."""
        kept: dict[str, Array] = {"vectors": self.vectors, "biases": self.biases, "settings": self.settings}
        return kept | {_WEIGHT + name: one for name, one in self.weights.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The artifact that gave these arrays."""
        weights = {name.removeprefix(_WEIGHT): frozen(one) for name, one in arrays.items() if name.startswith(_WEIGHT)}
        own = taken(cls.shape, arrays, ("vectors", "biases", "settings"))
        return sound(cls(**own, weights=weights, reason=reason), "holds arrays that do not belong together")

    def is_sound(self, n_items: int) -> bool:
        """Whether the arrays number ``n_items`` items and fit together; kernels trust it."""
        floats = {"vectors": self.vectors, **self.weights}
        if not all(isinstance(one, np.ndarray) and one.dtype == np.float32 and np.isfinite(one).all() for one in floats.values()):
            return False
        if self.settings.dtype != np.int64 or self.settings.shape != (_SETTINGS,) or self.vectors.ndim != 2:
            return False
        kind, window, heads = self.settings.tolist()
        dim = self.vectors.shape[1]
        if not 0 <= kind < len(_KINDS) or window < 1 or heads < 1 or dim % heads:
            return False
        return (
            len(self.vectors) == n_items
            and self.biases.shape == (n_items,)
            and self.biases.dtype == np.float32
            and bool(((self.biases == 0) | (self.biases == -np.inf)).all())
            and {name: one.shape for name, one in self.weights.items()} == self._expected(dim, window)
        )

    def _expected(self, dim: int, window: int) -> dict[str, tuple[int, ...]]:
        """The shapes of the weights of a kind; how wide and how deep a network is, its own weights say."""
        blocks, wide = 0, 0
        if self.kind == "recurrence":
            gates = 3 * dim
            return {
                "from_input": (gates, dim), "from_input_bias": (gates,), "from_state": (gates, dim), "from_state_bias": (gates,),
            }  # fmt: skip
        bias = self.weights.get("up_bias", np.empty(0, np.float32))
        if self.kind == "average":
            wide = bias.shape[0]
            return {"up": (wide, dim), "up_bias": (wide,), "down": (dim, wide), "down_bias": (dim,)}
        if bias.ndim == 2:
            blocks, wide = bias.shape
        return {
            "places": (window, dim), "norm1": (blocks, dim), "norm1_bias": (blocks, dim), "mix": (blocks, 3 * dim, dim),
            "mix_bias": (blocks, 3 * dim), "join": (blocks, dim, dim), "join_bias": (blocks, dim), "norm2": (blocks, dim),
            "norm2_bias": (blocks, dim), "up": (blocks, wide, dim), "up_bias": (blocks, wide), "down": (blocks, dim, wide),
            "down_bias": (blocks, dim), "last": (dim,), "last_bias": (dim,),
        }  # fmt: skip
