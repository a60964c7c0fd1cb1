"""What goes with an item by remembered crossings of what both are, and a network over their numbers: wide and deep."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
import torch
from msgspec import Meta
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import embedding

from endcap.algorithms._networks import ScoresPairs
from endcap.core.interactions import Dataset
from endcap.neural.pairs import PairNetwork
from endcap.neural.traits import traits

_CROSSINGS = 1 << 16
_MIX = 0x9E3779B1  # a large odd number: neighbouring pairs of numbers fall far apart


class WideAndDeep(ScoresPairs, frozen=True, kw_only=True):
    """A linear memory of which category follows which, beside a network that generalises.

    ``score_ij = sum over traits t of i and u of j of c_{t x u} + b_j + w . relu(V relu(U [v_i ; v'_j] + a) + b)`` with ``v_i =
    e_i + mean over its traits t of g_t`` and ``v'_j`` likewise. Traits are the leaf category, those above it, the brand and
    words of the title, the first ``crossed`` of which are crossed; a crossing has one of 65,536 weights ``c``, starting at 0.
    It learns to tell each item that came at most ``reach`` acts after ``i`` in a visit from ``negatives`` others. The server
    holds what the network says of the ``k`` items that share most visits with ``i``, as a share of all of them.

    Time O(epochs × n_acts × reach × negatives × (dim² + crossed²)) to learn, O(n_items × k × (dim² + crossed²)) to work out;
    memory O((n_items + n_traits) × dim + n_items × k).

    Source: Cheng et al., "Wide & Deep Learning for Recommender Systems", DLRS 2016. Items stand for users, of whom nothing is
    kept; Adam for both parts instead of FTRL and AdaGrad; a softmax over sampled items, corrected for how they were sampled,
    instead of the logistic loss.

    Only tea ever followed the mug, so that tea has the whole share:

    >>> from endcap.testing.algorithms import fit_example, shown
    >>> shown(fit_example(WideAndDeep(dim=4, epochs=2), "2000-01-01 mug tea", "2000-01-02 mug tea", kind="view"))
    [[0.0, 1.0], [1.0, 0.0]]
    """

    label: ClassVar[str] = "Goes with it, wide and deep"

    crossed: Annotated[int, Meta(ge=0, le=50)] = 3

    def network(self, data: Dataset) -> Joined:
        """A memory and a network that have learnt nothing yet."""
        return Joined(traits(data.catalog, max(self.crossed, 8)), self)


class Joined(PairNetwork):
    """The network of :class:`WideAndDeep`."""

    def __init__(self, described: NDArray[np.int64], options: WideAndDeep) -> None:
        """``described`` int64 (n_items, most) has the traits of every item, 0 behind the last."""
        super().__init__()
        dim, n_items = options.dim, len(described)
        self.crossings = nn.Embedding(_CROSSINGS, 1, padding_idx=0)
        self.biases = nn.Embedding(n_items, 1)
        self.left, self.right = nn.Embedding(n_items, dim), nn.Embedding(n_items, dim)
        self.traits = nn.Embedding(int(described.max(initial=0)) + 1, dim, padding_idx=0)
        for one in (self.crossings, self.biases, self.traits):
            nn.init.zeros_(one.weight)
        for one in (self.left, self.right):
            nn.init.normal_(one.weight, std=dim**-0.5)
        self.deep = nn.Sequential(nn.Linear(2 * dim, dim), nn.ReLU(), nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 1))
        self._described = torch.from_numpy(described)
        self._crossed = torch.from_numpy(np.ascontiguousarray(described[:, : options.crossed]))

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """How well the rights go with the lefts."""
        left, right = self._vectors(self.left, lefts), self._vectors(self.right, rights)
        both = torch.cat([left.expand_as(right), right], dim=-1)
        return self._wide(lefts, rights) + (self.biases(rights) + self.deep(both)).squeeze(-1)

    def _wide(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """The sum of the weights of all crossings of a pair; two pairs of traits may share one weight."""
        one, other = self._crossed[lefts][..., :, None], self._crossed[rights][..., None, :]
        place = (one * _MIX + other) * _MIX % (_CROSSINGS - 1) + 1
        return self.crossings(torch.where((one > 0) & (other > 0), place, 0)).flatten(-3).sum(dim=-1)

    def _vectors(self, own: nn.Embedding, items: Tensor) -> Tensor:
        """Each item's own vector and the mean of those of its traits, looked up once for items that are there several times."""
        different, place = items.unique(return_inverse=True)
        named = self._described[different]
        mean = self.traits(named).sum(dim=-2) / (named > 0).sum(dim=-1, keepdim=True).clamp(min=1)
        return embedding(place, own(different) + mean)
