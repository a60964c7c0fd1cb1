"""Boosted trees that order what sources propose, with what they need to know of the items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Asked, frozen
from endcap.artifacts.reading import is_csr
from endcap.errors import CorruptBundle
from endcap.kernels.trees import MOST_LEAVES

N_CODES = 3


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is known of every item by itself.

    ``columns`` float32 (n_columns, n_items), finite; ``codes`` int32 (3, n_items) number leaf category, top category and brand,
    -1 where there is none.
    """

    columns: NDArray[np.float32]
    codes: NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in ("columns", "codes"):
            object.__setattr__(self, name, frozen(getattr(self, name).T).T)


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees as lists of tests; :func:`endcap.kernels.trees.add_trees` says how they are read.

    ``starts`` int64 (n_trees + 1,); ``tested`` int32, ``thresholds`` float32 and ``kept`` uint32, all (n_tests,); ``leaves``
    float64 (n_trees, 32).
    """

    starts: NDArray[np.int64]
    tested: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    kept: NDArray[np.uint32]
    leaves: NDArray[np.float64]

    @classmethod
    def none(cls) -> Trees:
        """No trees at all."""
        nothing = np.zeros((0, MOST_LEAVES))
        return cls(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.uint32), nothing)

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True)
class TreeRanker:
    """A learned order of candidates and the chance that each is taken.

    ``sources`` names the sources in the order in which the features number them, ``features`` the features that the tests name by
    number. ``raw`` and ``chances``, float64 (n,) and strictly rising, turn the trees' totals into chances from 0 to 1. Answers
    are ordered by the chance times ``values`` float32 (n_items,), above 0, to the power of ``value_exponent``.
    """

    shape: ClassVar[str] = "tree_ranker"
    sources: tuple[str, ...]
    features: tuple[str, ...]
    trees: Trees
    raw: NDArray[np.float64]
    chances: NDArray[np.float64]
    facts: ItemFacts
    values: NDArray[np.float32]
    value_exponent: float
    reason: str

    @property
    def n_items(self) -> int:
        """How many items the artifact numbers."""
        n: int = self.facts.columns.shape[1]
        return n

    @property
    def n_entries(self) -> int:
        """How many trees there are."""
        return len(self.trees)

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """Nothing: it orders what others propose."""
        del asked, blocked, scores, touched
        return 0

    def about(self, facts: ItemFacts) -> TreeRanker:
        """The same ranker over items of which this is known: all of the past, where it was taught on a part of it.

        Items are worth 1 each until :meth:`worth` says otherwise.
        """
        return replace(self, facts=facts, values=frozen(np.ones(facts.columns.shape[1], np.float32)), value_exponent=0.0)

    def worth(self, values: NDArray[np.float32], exponent: float) -> TreeRanker:
        """The same ranker, ordering by the chance times ``values`` (float32, above 0) to the power of ``exponent``."""
        return replace(self, values=frozen(values.astype(np.float32)), value_exponent=exponent)

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name."""
        return {
            "sources": _as_bytes(self.sources), "features": _as_bytes(self.features), "starts": self.trees.starts,
            "tested": self.trees.tested, "thresholds": self.trees.thresholds, "kept": self.trees.kept,
            "leaves": self.trees.leaves, "raw": self.raw, "chances": self.chances, "columns": self.facts.columns,
            "codes": self.facts.codes, "values": self.values, "value_exponent": np.array([self.value_exponent]),
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The artifact that gave these arrays."""
        try:
            kept = {name: frozen(array) for name, array in arrays.items()}
            sources, features = (
                msgspec.json.decode(kept[name].tobytes(), type=tuple[str, ...]) for name in ("sources", "features")
            )
            trees = Trees(*(kept[name] for name in ("starts", "tested", "thresholds", "kept", "leaves")))
            facts = ItemFacts(kept["columns"], kept["codes"])
            found = cls(
                sources,
                features,
                trees,
                kept["raw"],
                kept["chances"],
                facts,
                kept["values"],
                float(kept["value_exponent"][0]),
                reason,
            )
        except (KeyError, IndexError, msgspec.MsgspecError) as error:
            raise CorruptBundle(f"tree_ranker cannot be read: {error!r}", remedy="train again or roll back") from error
        if facts.columns.ndim != 2 or not found.is_sound(found.n_items):
            raise CorruptBundle("tree_ranker tests features or items that it does not number", remedy="train again or roll back")
        return found

    def is_sound(self, n_items: int) -> bool:
        """Whether the arrays number ``n_items`` items and test no feature that has no name; kernels trust them."""
        columns, codes, trees = self.facts.columns, self.facts.codes, self.trees
        if columns.ndim != 2 or columns.shape[1] != n_items or codes.shape != (N_CODES, n_items):
            return False
        if self.values.shape != (n_items,) or self.raw.shape != self.chances.shape or self.raw.ndim != 1:
            return False
        if not (np.diff(self.raw) > 0).all() or not (np.diff(self.chances) > 0).all():
            return False
        return _are_sound(trees, len(self.features))


def _are_sound(trees: Trees, n_features: int) -> bool:
    n_trees, n_tests = len(trees.starts) - 1, len(trees.tested)
    if n_trees < 0 or trees.leaves.shape != (n_trees, MOST_LEAVES) or not len(trees.thresholds) == len(trees.kept) == n_tests:
        return False
    return is_csr(trees.starts, trees.tested, rows=n_trees, columns=n_features)


def _as_bytes(names: Sequence[str]) -> Array:
    return frozen(np.frombuffer(msgspec.json.encode(list(names)), dtype=np.uint8).copy())
