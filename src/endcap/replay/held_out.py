"""Held-out queries and the windows of data that they are asked against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.choice import Task
from endcap.core.interactions import Dataset

Portion = Literal["test", "validation"]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Queries with one target each.

    Query ``q`` knows the items ``rows[starts[q]:starts[q + 1]]``, oldest first where they have an order; ``starts`` int64
    (n_queries + 1,), ``rows`` int32. ``targets`` int32 (n_queries,) is -1 for an item outside the vocabulary, which every
    method misses. ``clusters`` int64 (n_queries,) numbers what queries were drawn together: a basket, a run of prefixes.
    ``known_barred`` says whether a known item is no candidate (a basket does not need its own items twice).
    """

    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    targets: NDArray[np.int32]
    clusters: NDArray[np.int64]
    known_barred: bool

    def __len__(self) -> int:
        return len(self.targets)

    @classmethod
    def of(
        cls, known: Sequence[Sequence[int]], targets: Sequence[int], clusters: Sequence[int], *, known_barred: bool
    ) -> HeldOut:
        """The queries of Python lists, one entry each."""
        starts = np.concatenate(([0], np.cumsum([len(one) for one in known]))).astype(np.int64)
        rows = np.array([row for one in known for row in one], dtype=np.int32)
        return cls(starts, rows, np.array(targets, np.int32), np.array(clusters, np.int64), known_barred)

    def barred(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Where the rows that each query bars start, and the rows."""
        if self.known_barred:
            return self.starts, self.rows
        return np.zeros(len(self) + 1, dtype=np.int64), np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Window:
    """What a method may learn from, and what it is then asked: nothing in ``held_out`` was seen in ``train``.

    ``products`` are the items of ``train`` in row order, as its lines describe them.
    """

    train: Dataset
    held_out: HeldOut
    products: tuple[Item, ...]


class EvaluationProtocol(Protocol):
    """Cuts one data set into windows. ``name`` says in a sentence how."""

    @property
    def task(self) -> Task:
        """What is asked."""

    @property
    def name(self) -> str:
        """How the data are cut, in words."""

    def window(self, depth: int) -> Window:
        """The window at a depth: 0 is the test part, each further one is held out of the training part of the one before."""
