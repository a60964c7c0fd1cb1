"""The artifacts of a bundle in a few large arrays, so that one kernel call can ask any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Artifact
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.placement import QueryWith, Source


@dataclass(frozen=True, slots=True)
class Stack:
    """All neighbours and all scores of a bundle, one after another.

    ``places`` gives the number of an artifact: of neighbours from 0 upwards, of scores from -1 downwards. ``indptr`` int64
    (n_neighbours, n_items + 1) points into ``indices`` int32 and ``values`` float32; ``order_starts`` int64 (n_scores + 1,) into
    ``orders`` int32; ``order_scores`` float32 (n_scores, n_items). ``unusable`` names artifacts that could not be taken in.
    """

    places: Mapping[str, int]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: NDArray[np.float32]
    order_starts: NDArray[np.int64]
    orders: NDArray[np.int32]
    order_scores: NDArray[np.float32]
    unusable: frozenset[str]

    @classmethod
    def of(cls, artifacts: Mapping[str, Artifact], n_items: int) -> Stack:
        """The stack of these artifacts. One that cannot be used costs its own answers, never those of the others."""
        neighbors: list[tuple[str, ItemNeighbors]] = []
        scores: list[tuple[str, ItemScores]] = []
        unusable = set()
        for name, artifact in artifacts.items():
            if isinstance(artifact, ItemNeighbors) and artifact.is_sound(n_items):
                neighbors.append((name, artifact))
            elif isinstance(artifact, ItemScores) and artifact.is_sound(n_items):
                scores.append((name, artifact))
            else:
                unusable.add(name)
        starts = np.cumsum([0, *(len(one.indices) for _, one in neighbors)])
        places = {name: at for at, (name, _) in enumerate(neighbors)} | {name: -at - 1 for at, (name, _) in enumerate(scores)}
        return cls(
            places=places,
            indptr=_rows([one.indptr + start for (_, one), start in zip(neighbors, starts, strict=False)], n_items + 1, np.int64),
            indices=_joined([one.indices for _, one in neighbors], np.int32),
            values=_joined([one.values for _, one in neighbors], np.float32),
            order_starts=np.cumsum([0, *(len(one.order) for _, one in scores)]).astype(np.int64),
            orders=_joined([one.order for _, one in scores], np.int32),
            order_scores=_rows([one.scores for _, one in scores], n_items, np.float32),
            unusable=frozenset(unusable),
        )

    def views(self, artifacts: Mapping[str, Artifact]) -> dict[str, Artifact]:
        """The same artifacts with their neighbours inside the stack, so that they are not held twice."""
        shared = dict(artifacts)
        for name, place in self.places.items():
            artifact = artifacts[name]
            if isinstance(artifact, ItemNeighbors):
                span = slice(int(self.indptr[place, 0]), int(self.indptr[place, -1]))
                shared[name] = replace(artifact, indices=self.indices[span], values=self.values[span])
        return shared


@dataclass(frozen=True, slots=True)
class Group:
    """Sources that are blended together, as numbers: what :func:`endcap.kernels.retrieve.fill` is given.

    All arrays have one entry a source: ``places`` and ``asks`` int64, ``weights`` float32. ``unusable`` names those that are left
    out because their artifact cannot be used; what was never trained is left out without a word.
    """

    sources: tuple[Source, ...]
    artifacts: tuple[Artifact, ...]
    places: NDArray[np.int64]
    asks: NDArray[np.int64]
    weights: NDArray[np.float32]
    unusable: tuple[str, ...]

    @classmethod
    def of(cls, sources: tuple[Source, ...], stack: Stack, artifacts: Mapping[str, Artifact]) -> Group:
        """The group of those sources that the stack can ask."""
        usable = tuple(one for one in sources if one.artifact in stack.places and one.weight > 0)
        return cls(
            sources=usable,
            artifacts=tuple(artifacts[one.artifact] for one in usable),
            places=np.array([stack.places[one.artifact] for one in usable], dtype=np.int64),
            asks=np.array([_ASKS.index(one.ask) for one in usable], dtype=np.int64),
            weights=np.array([one.weight for one in usable], dtype=np.float32),
            unusable=tuple(one.artifact for one in sources if one.artifact in stack.unusable),
        )


_ASKS: tuple[QueryWith, ...] = ("anchor", "cart", "history", "everything", "nothing")
"""What a source is asked with, in the numbering of the kernel."""


def _joined(parts: Sequence[Array], dtype: type[np.generic]) -> Array:
    return np.concatenate([np.empty(0, dtype=dtype), *parts]).astype(dtype, copy=False)


def _rows(parts: Sequence[Array], width: int, dtype: type[np.generic]) -> Array:
    return np.concatenate([np.empty((0, width), dtype=dtype), *(part[None, :] for part in parts)]).astype(dtype, copy=False)
