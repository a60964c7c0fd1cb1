"""What was done one after another, by visit or by person, and batches of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.core.events import KIND
from endcap.core.interactions import Dataset

_NOT_TAKEN = [KIND[name] for name in ("rating", "dismiss", "remove_from_cart", "refund")]
_HELD_OUT_SHARE = 0.02
_FEWEST_HELD_OUT, _MOST_HELD_OUT = 20, 2_000
_BUCKETS = 50  # sequences of nearly one length go together: padding costs as much as acts do


@dataclass(frozen=True, slots=True)
class Sequences:
    """Rows of items, oldest first: row ``s`` is ``items[starts[s]:starts[s + 1]]``; rows in the order of their last act.

    ``starts`` int64 (n + 1,), ``items`` int32 (n_acts,); no row is shorter than two items, the least that teaches what follows.
    """

    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    n_items: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each item occurs, int64 (n_items,)."""
        found: NDArray[np.int64] = np.bincount(self.items, minlength=self.n_items).astype(np.int64)
        return found

    @classmethod
    def of_visits(cls, data: Dataset, window: int) -> Sequences:
        """The newest ``window + 1`` acts of every visit, without ratings, dismissals and what was put or sent back."""
        visits = data.sessions
        group = np.repeat(np.arange(len(visits)), np.diff(visits.indptr))
        keep = ~np.isin(visits.kinds, _NOT_TAKEN)
        return _grouped(group[keep], visits.items[keep], window, data.n_items)

    @classmethod
    def of_people(cls, data: Dataset, window: int) -> Sequences:
        """The newest ``window + 1`` acts of every known person, of the same kinds."""
        acts = data.interactions
        keep = np.flatnonzero((acts.users >= 0) & ~np.isin(acts.kinds, _NOT_TAKEN))
        users, items = acts.users[keep], acts.items[keep]
        last = np.full(acts.n_users, -1, dtype=np.int64)
        np.maximum.at(last, users, np.arange(len(users)))
        place = np.empty(acts.n_users, dtype=np.int64)
        place[np.argsort(last, kind="stable")] = np.arange(acts.n_users)
        order = np.argsort(place[users], kind="stable")
        return _grouped(place[users][order], items[order], window, data.n_items)

    def halves(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows to learn from, and the newest, a fiftieth but at most 2,000, that say when to stop; under 20 could not."""
        n_held = min(int(len(self) * _HELD_OUT_SHARE), _MOST_HELD_OUT)
        n_held = n_held if n_held >= _FEWEST_HELD_OUT else 0
        rows = np.arange(len(self), dtype=np.int64)
        return rows[: len(self) - n_held], rows[len(self) - n_held :]

    def batches(self, rows: NDArray[np.int64], acts: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """The rows dealt out by chance in batches of about so many acts, rows of like length together."""
        lengths = np.diff(self.starts)[rows]
        shuffled = rng.permutation(len(rows))
        bucket = np.minimum(lengths[shuffled], _BUCKETS)
        order = shuffled[np.argsort(bucket, kind="stable")]
        cut = np.cumsum(lengths[order]) // acts
        dealt = np.split(rows[order], np.flatnonzero(np.diff(cut)) + 1)
        for number in rng.permutation(len(dealt)):
            if len(dealt[number]):
                yield dealt[number]

    def padded(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows as a table int64 (n, longest), 0 behind their ends, and their lengths int64 (n,).

        >>> two = Sequences(np.array([0, 2, 5]), np.array([7, 8, 4, 5, 6], dtype=np.int32), 9)
        >>> [part.tolist() for part in two.padded(np.array([0, 1]))]
        [[[7, 8, 0], [4, 5, 6]], [2, 3]]
        """
        lengths = np.diff(self.starts)[rows]
        places = np.arange(lengths.max(initial=0))
        inside = places < lengths[:, None]
        table = np.zeros(inside.shape, dtype=np.int64)
        table[inside] = self.items[(self.starts[rows][:, None] + places)[inside]]
        return table, lengths


def _grouped(group: NDArray[np.int64], items: NDArray[np.int32], window: int, n_items: int) -> Sequences:
    """Rows of at least two items from acts in order, whose ``group`` numbers do not fall."""
    size = np.bincount(group)
    after = np.cumsum(size)[group] - np.arange(len(group))  # 1 for the last act of a row
    keep = (after <= window + 1) & (size[group] > 1)
    sizes = np.bincount(group[keep], minlength=len(size))
    sizes = sizes[sizes > 0]
    return Sequences(np.concatenate(([0], np.cumsum(sizes))).astype(np.int64), items[keep], n_items)
