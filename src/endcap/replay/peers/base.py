"""What another library looks like from here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.core.part import Part

EVENT_WEIGHTS: Mapping[str, float] = {"view": 1.0, "click": 1.0, "add_to_cart": 3.0, "purchase": 5.0, "own": 5.0, "rating": 1.0}
"""How much an act counts where acts of several types meet in one matrix."""


class Answer(NamedTuple):
    """Items, best first, int64, and their scores, both (n,)."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]


class Fitted(Protocol):
    """A model of another library, ready to answer."""

    def recommend(self, rows: NDArray[np.int32], weights: NDArray[np.float32], count: int, *, own: bool) -> Answer:
        """The ``count`` best items for somebody with these rows, with or without their ``own``, as the library does it."""


class Peer(Part, frozen=True, kw_only=True):
    """A recommender of another library, as its users would call it: one thread, options from a modest grid.

    A file in this folder defines one subclass; its name is the row's name. ``package`` is what pip installs, ``module`` what is
    imported, and only when the peer is asked for. ``grid`` holds what validation tries; where people are learnt from, it tries
    too whether acts count ``by_event``, as :data:`EVENT_WEIGHTS` has it, or all alike.
    """

    package: ClassVar[str]
    module: ClassVar[str]
    tasks: ClassVar[tuple[Task, ...]] = ("basket", "session", "purchase", "next_basket", "topn", "complement")
    grid: ClassVar[Mapping[str, tuple[Any, ...]]] = {}

    by_event: bool = False

    def fit(self, history: sparse.csr_matrix, seed: int) -> Fitted:
        """The model of a matrix of groups (orders, visits or people) × items, CSR float32."""
        raise NotImplementedError

    @classmethod
    def settings(cls, task: Task) -> Iterator[Peer]:
        """Every combination of the grid."""
        grid = {**cls.grid, "by_event": (False, True)} if groups_of(task) == "people" else cls.grid
        for values in product(*grid.values()):
            yield msgspec.convert(dict(zip(grid, values, strict=True)), cls)


Groups = Literal["orders", "visits", "people"]


def groups_of(task: Task) -> Groups:
    """Whose items the libraries learn from together in a task."""
    return "orders" if task in ("basket", "complement") else "visits" if task == "session" else "people"


def event_weights(by_event: bool) -> NDArray[np.float32]:
    """The weight of each kind of act, float32 (256,)."""
    table = np.zeros(256, dtype=np.float32)
    for name, weight in EVENT_WEIGHTS.items():
        table[KIND[name]] = weight if by_event else 1.0
    return table


def history_of(task: Task, data: Dataset, *, by_event: bool) -> sparse.csr_matrix:
    """What the libraries learn from in a task: orders, visits or people × items, CSR float32.

    Cells are 1; of people, where acts count ``by_event``, the summed weights of the acts.
    """
    groups = groups_of(task)
    if groups == "people":
        acts = data.interactions
        weights = event_weights(by_event)[acts.kinds]
        keep = (acts.users >= 0) & (weights > 0)
        cells = weights[keep], (acts.users[keep], acts.items[keep])
        matrix = sparse.csr_matrix(cells, shape=(acts.n_users, acts.n_items), dtype=np.float32)
    else:
        part = data.baskets if groups == "orders" else data.sessions
        ones = np.ones(len(part.items), dtype=np.float32)
        matrix = sparse.csr_matrix((ones, part.items, part.indptr), shape=(len(part), data.n_items))
    matrix.sum_duplicates()
    if not by_event:
        matrix.data[:] = 1.0
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return matrix


def one_row(rows: NDArray[np.int32], weights: NDArray[np.float32], n_items: int) -> sparse.csr_matrix:
    """What somebody has as a matrix of one row, CSR float32."""
    order = np.argsort(rows)
    return sparse.csr_matrix((weights[order], rows[order], np.array([0, len(rows)], np.int32)), shape=(1, n_items))
