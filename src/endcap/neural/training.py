"""How a network learns what comes next in sequences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from endcap.neural.sequences import Sequences
from endcap.neural.softmax import Negatives, sampled_softmax
from endcap.neural.stopping import Stopping

_JUDGED_AT_ONCE = 512


class Network(nn.Module):
    """Turns items into a state after each of them; the item that comes next is the one whose vector is nearest to it."""

    def forward(self, items: Tensor) -> Tensor:
        """States float32 (n, length, dim) after each of the int64 items (n, length), from what came up to there alone."""
        raise NotImplementedError

    def vectors(self, items: Tensor) -> Tensor:
        """The vectors, float32 (m, dim), of int64 items (m,)."""
        raise NotImplementedError


def plain(module: nn.Module) -> dict[str, NDArray[np.float32]]:
    """The weights of a module as arrays: ``mix.weight`` is ``mix``, ``mix.bias`` is ``mix_bias``.

    >>> sorted(plain(nn.Sequential(nn.Linear(2, 3))))
    ['0', '0_bias']
    """
    named = {name.replace(".weight", "").replace(".", "_"): one for name, one in module.state_dict().items()}
    return {name: one.detach().numpy().copy() for name, one in named.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast a network learns: at most ``epochs`` times through everything, ``batch`` acts at a time.

    ``rate`` is Adam's step; of the ``negatives`` two thirds are drawn evenly, the rest from the batch.
    """

    epochs: int
    rate: float
    negatives: int
    batch: int


def learn(network: Network, sequences: Sequences, plan: Plan, rng: np.random.Generator) -> list[float]:
    """Train until the newest sequences are predicted no better; leaves the best weights. Returns the loss of each epoch.

    The loss that decides is the exact one, over all items. Where there are too few sequences to hold some out, all epochs are
    gone through. Use inside :func:`endcap.neural.repeatable.repeatable`.
    """
    rows, held_out = sequences.halves()
    optimizer = torch.optim.Adam(network.parameters(), lr=plan.rate)
    evenly = plan.negatives * 2 // 3
    negatives = Negatives(sequences.counts, evenly=evenly, of_batch=plan.negatives - evenly)
    stopping = Stopping(network)
    for _ in range(plan.epochs):
        network.train()
        for batch in sequences.batches(rows, plan.batch, rng):
            states, targets = _ahead(network, sequences, batch)
            optimizer.zero_grad()
            sampled_softmax(states, targets, network.vectors, negatives).backward()
            optimizer.step()
        network.eval()
        if len(held_out) and stopping.after(_loss(network, sequences, held_out)):
            break
    stopping.restore()
    return stopping.losses


def _ahead(network: Network, sequences: Sequences, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """The states of a batch and what came next, one each act but the last: (n, dim) and int64 (n,)."""
    table, lengths = sequences.padded(rows)
    inside = torch.from_numpy(np.arange(table.shape[1] - 1) < lengths[:, None] - 1)
    items = torch.from_numpy(table)
    return network(items[:, :-1])[inside], items[:, 1:][inside]


@torch.no_grad()
def _loss(network: Network, sequences: Sequences, rows: NDArray[np.int64]) -> float:
    """The mean cross-entropy over all items."""
    every = network.vectors(torch.arange(sequences.n_items))
    total, count = 0.0, 0
    for start in range(0, len(rows), _JUDGED_AT_ONCE // 4):
        states, targets = _ahead(network, sequences, rows[start : start + _JUDGED_AT_ONCE // 4])
        for part, right in zip(states.split(_JUDGED_AT_ONCE), targets.split(_JUDGED_AT_ONCE), strict=True):
            total += float(cross_entropy(part @ every.T, right, reduction="sum"))
            count += len(right)
    return total / max(count, 1)
