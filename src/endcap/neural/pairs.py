"""Which item goes with which: examples, a shortlist, and how a network that scores pairs learns and is worked out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from endcap.kernels.neighbors import TopNeighbors, product_neighbors
from endcap.neural.sequences import Sequences
from endcap.neural.stopping import Stopping

_HELD_OUT_SHARE = 0.02
_FEWEST_HELD_OUT, _MOST_HELD_OUT = 50, 5_000
_SCORED_AT_ONCE = 65_536
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """An item and one that came soon after it: ``lefts`` and ``rights`` int64 (n,), in time order of their rows."""

    lefts: Rows
    rights: Rows

    def __len__(self) -> int:
        return len(self.lefts)

    @classmethod
    def near(cls, sequences: Sequences, reach: int) -> Pairs:
        """Every two different items at most ``reach`` acts apart within a row, the earlier one on the left.

        >>> row = Sequences(np.array([0, 3]), np.array([4, 5, 6], dtype=np.int32), 7)
        >>> both = Pairs.near(row, reach=1)
        >>> both.lefts.tolist(), both.rights.tolist()
        ([4, 5], [5, 6])
        """
        row = np.repeat(np.arange(len(sequences)), np.diff(sequences.starts))
        items = sequences.items.astype(np.int64)
        places = []
        for gap in range(1, reach + 1):
            left = np.flatnonzero(row[gap:] == row[:-gap])
            left = left[items[left] != items[left + gap]]
            places.append(np.stack([left, left + gap]))
        both = np.concatenate(places, axis=1)
        both = both[:, np.lexsort(both)]
        return cls(items[both[0]], items[both[1]])


@dataclass(frozen=True, slots=True)
class PairPlan:
    """How long and how fast a network learns: at most ``epochs`` times through all pairs, ``batch`` at a time; each is told from
    ``negatives`` items. ``rate`` is Adam's step."""

    epochs: int
    rate: float
    negatives: int
    batch: int


class PairNetwork(nn.Module):
    """Scores pairs of items."""

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """How well ``rights`` go with ``lefts``, float32 of the shape of ``rights``; int64, ``lefts`` may be (n, 1) to (n, m)."""
        raise NotImplementedError


def shortlist(sequences: Sequences, k: int) -> TopNeighbors:
    """The ``k`` items that share most rows with each item, as a share of the square root of both frequencies: who gets scored."""
    row = np.repeat(np.arange(len(sequences)), np.diff(sequences.starts))
    ones = np.ones(len(row), dtype=np.float32)
    cells = sparse.csr_array((ones, (row, sequences.items)), shape=(len(sequences), sequences.n_items))
    cells.sum_duplicates()
    cells.data[:] = 1
    norms = np.sqrt(np.maximum(cells.sum(axis=0), 1)).astype(np.float64)
    return product_neighbors(cells.T.tocsr(), cells, left_norms=norms, right_norms=norms, shrink=0.0, min_shared=1, k=k)


def learn_pairs(network: PairNetwork, pairs: Pairs, counts: Rows, plan: PairPlan, rng: np.random.Generator) -> list[float]:
    """Train until the newest pairs are told from others no better; leaves the best weights. Returns the loss after each epoch.

    A right item is told from others drawn by the power 3/4 of their frequency, each score lowered by the logarithm of how often
    its item is drawn; from all others, where there are no more than that. Use inside :func:`endcap.neural.repeatable.repeatable`.
    """
    others = _Others(counts, plan.negatives)
    lefts, rights = torch.from_numpy(pairs.lefts), torch.from_numpy(pairs.rights)
    n_held = min(int(len(pairs) * _HELD_OUT_SHARE), _MOST_HELD_OUT)
    n_held = n_held if n_held >= _FEWEST_HELD_OUT else 0
    n = len(pairs) - n_held
    held_wrong = others.draw(n_held)
    optimizer = torch.optim.Adam(network.parameters(), lr=plan.rate)
    stopping = Stopping(network)
    for _ in range(plan.epochs):
        network.train()
        for chosen in torch.from_numpy(rng.permutation(n)).split(plan.batch):
            wrong = others.draw(len(chosen))
            optimizer.zero_grad()
            _loss(network, lefts[chosen], rights[chosen], wrong, others.logs).backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            if n_held and stopping.after(float(_loss(network, lefts[n:], rights[n:], held_wrong, others.logs))):
                break
    stopping.restore()
    return stopping.losses


@torch.no_grad()
def worked_out(network: PairNetwork, listed: TopNeighbors) -> TopNeighbors:
    """A shortlist with what the network says of each pair, as a share of all that is said of the left item; best first."""
    lefts = np.repeat(np.arange(len(listed.indptr) - 1), np.diff(listed.indptr))
    rights = listed.indices.astype(np.int64)
    found = np.empty(len(rights), dtype=np.float32)
    for start in range(0, len(rights), _SCORED_AT_ONCE):
        part = slice(start, start + _SCORED_AT_ONCE)
        found[part] = network(torch.from_numpy(lefts[part]), torch.from_numpy(rights[part])).numpy()
    highest = np.full(len(listed.indptr) - 1, -np.inf, dtype=np.float32)
    np.maximum.at(highest, lefts, found)
    raised = np.exp(found - highest[lefts])
    values = (raised / np.bincount(lefts, weights=raised, minlength=len(highest))[lefts]).astype(np.float32)
    order = np.lexsort((listed.indices, -values, lefts))
    return TopNeighbors(listed.indptr, listed.indices[order], values[order], listed.shared[order])


class _Others:
    """What right items are told from."""

    def __init__(self, counts: Rows, most: int) -> None:
        self._most, self._known = most, torch.from_numpy(np.flatnonzero(counts))
        shares = counts**0.75 / (counts**0.75).sum()
        self._sums = torch.from_numpy(shares.cumsum())
        if len(self._known) <= most:
            self.logs = torch.zeros(len(counts))
        else:
            self.logs = torch.from_numpy(np.log(np.maximum(shares, np.finfo(np.float32).tiny)).astype(np.float32))

    def draw(self, n: int) -> Tensor:
        """Items int64 (n, most), or all of them n times."""
        if len(self._known) <= self._most:
            return self._known.expand(n, -1)
        return torch.searchsorted(self._sums, torch.rand(n, self._most, dtype=torch.float64)).clamp(max=len(self._sums) - 1)


def _loss(network: PairNetwork, lefts: Tensor, rights: Tensor, wrong: Tensor, logs: Tensor) -> Tensor:
    """The mean cross-entropy of telling the right item from the wrong ones; one that is the right one is not held against it."""
    offered = torch.cat([rights[:, None], wrong], dim=1)
    scores = network(lefts[:, None], offered) - logs[offered]
    same = torch.cat([torch.zeros_like(rights[:, None], dtype=torch.bool), wrong == rights[:, None]], dim=1)
    return cross_entropy(scores.masked_fill(same, float("-inf")), torch.zeros(len(lefts), dtype=torch.int64))
