"""Held-out queries and the windows of data that they are asked against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset

Portion = Literal["test", "validation"]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Queries with one target or several.

    Query ``q`` knows the items ``rows[starts[q]:starts[q + 1]]``, oldest first where they have an order; ``starts`` int64
    (n_queries + 1,), ``rows`` int32. Any of the ``targets[target_starts[q]:target_starts[q + 1]]``, at least one, is right:
    int32, -1 for an item outside the vocabulary, which every method misses. ``clusters`` int64 (n_queries,) numbers what queries
    were drawn together: a basket, a run of prefixes. ``known_barred`` says whether a known item is no candidate (a basket does
    not need its own items twice), ``clusters_alike`` that a large cluster counts no more than a small one. Where only some
    queries are what the task is about, ``counted`` (n_queries,) tells which; the others are asked for comparison. ``eligible``
    gives the candidates for who looks at a row; without it all rows are.

    What not all data tell: ``kinds`` uint8 and ``at_ms`` int64, what each known item was known by and when, both of the length of
    ``rows``; ``now_ms`` int64 (n_queries,), when each query is asked; ``values`` float32 of the length of ``rows``, the stars
    given to each known item; ``target_values`` float32 (n_targets,), the stars given to a target, or the money that it brings.
    """

    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    target_starts: NDArray[np.int64]
    targets: NDArray[np.int32]
    clusters: NDArray[np.int64]
    known_barred: bool
    clusters_alike: bool = False
    counted: NDArray[np.bool_] | None = None
    eligible: Callable[[int], NDArray[np.int32]] | None = None
    kinds: NDArray[np.uint8] | None = None
    at_ms: NDArray[np.int64] | None = None
    now_ms: NDArray[np.int64] | None = None
    values: NDArray[np.float32] | None = None
    target_values: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.target_starts) - 1

    @classmethod
    def of(
        cls, known: Sequence[Sequence[int]], targets: Sequence[int] | Sequence[Sequence[int]], clusters: Sequence[int], *,
        known_barred: bool,
    ) -> HeldOut:  # fmt: skip
        """The queries of Python lists, one entry each; a target stands alone or in a list."""
        starts, rows = _csr(known)
        target_starts, right = _csr([[int(one)] if isinstance(one, int | np.integer) else one for one in targets])
        return cls(starts, rows, target_starts, right, np.array(clusters, np.int64), known_barred)

    def barred(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Where the rows that each query bars start, and the rows."""
        if self.known_barred:
            return self.starts, self.rows
        return np.zeros(len(self) + 1, dtype=np.int64), np.zeros(0, dtype=np.int32)

    @property
    def weights(self) -> NDArray[np.float64]:
        """How much each query counts in a mean, float64 (n_queries,)."""
        each = np.ones(len(self))
        if self.clusters_alike:
            numbers, sizes = np.unique(self.clusters, return_inverse=True, return_counts=True)[1:]
            each = 1.0 / sizes[numbers]
        return each if self.counted is None else each * self.counted

    def trail(self, q: int) -> NDArray[np.int32]:
        """The known items of a query, newest first, as often as they were acted on."""
        return self.rows[self.starts[q] : self.starts[q + 1]][::-1]

    def bought(self, q: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """What is known to be bought, newest first, repeats included, and when; nothing where the data do not tell."""
        if self.kinds is None or self.at_ms is None:
            return np.zeros(0, np.int32), np.zeros(0, np.int64)
        span = slice(self.starts[q], self.starts[q + 1])
        places = np.flatnonzero(self.kinds[span] == KIND["purchase"])[::-1]
        return self.rows[span][places], self.at_ms[span][places]


def _csr(lists: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    starts = np.concatenate(([0], np.cumsum([len(one) for one in lists]))).astype(np.int64)
    return starts, np.array([row for one in lists for row in one], dtype=np.int32)


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
