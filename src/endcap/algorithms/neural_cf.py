"""What goes with an item by a product and a network of its numbers and another's: neural collaborative filtering."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from endcap.algorithms._networks import ScoresPairs
from endcap.core.interactions import Dataset
from endcap.neural.pairs import PairNetwork


class NeuralCF(ScoresPairs, frozen=True, kw_only=True):
    """NeuMF between items: those that a shopper acts on stand for the shopper, about whom nothing is kept.

    ``score_ij = w . [p_i * q_j ; relu(V [relu(U [r_i ; s_j] + a)] + b)]``: the product of one pair of vectors and two layers over
    another, side by side. It learns to tell each item that came at most ``reach`` acts after ``i`` in a visit from ``negatives``
    others. The server holds what the network says of the ``k`` items that share most visits with ``i``, as a share of all of
    them: a network asked anew for every pair would take a thousand times as long to answer.

    Time O(epochs × n_acts × reach × negatives × dim²) to learn, O(n_items × k × dim²) to work out; memory O(n_items × (dim + k)).

    Source: He, Liao, Zhang, Nie, Hu, Chua, "Neural Collaborative Filtering", WWW 2017. Items stand for users; a softmax over
    sampled items, corrected for how they were sampled, replaces the binary loss; both parts learn together from the start. That
    a plain product does as well when it is tuned is the finding of Rendle, Krichene, Zhang, Anderson, "Neural Collaborative
    Filtering vs. Matrix Factorization Revisited", RecSys 2020.

    Only tea ever followed the mug, so that tea has the whole share:

    >>> from endcap.testing.algorithms import fit_example, shown
    >>> shown(fit_example(NeuralCF(dim=4, epochs=2), "2000-01-01 mug tea", "2000-01-02 mug tea", kind="view"))
    [[0.0, 1.0], [1.0, 0.0]]
    """

    label: ClassVar[str] = "Goes with it, by a neural network"

    def network(self, data: Dataset) -> NeuMF:
        """A product and layers that have learnt nothing yet."""
        return NeuMF(data.n_items, self.dim)


class NeuMF(PairNetwork):
    """The network of :class:`NeuralCF`."""

    def __init__(self, n_items: int, dim: int) -> None:
        super().__init__()
        self.left, self.right = nn.Embedding(n_items, 2 * dim), nn.Embedding(n_items, 2 * dim)
        for one in (self.left, self.right):
            nn.init.normal_(one.weight, std=dim**-0.5)
        self.deep = nn.Sequential(nn.Linear(2 * dim, dim), nn.ReLU(), nn.Linear(dim, dim), nn.ReLU())
        self.join = nn.Linear(2 * dim, 1)

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        """How well the rights go with the lefts."""
        p, r = self.left(lefts).chunk(2, dim=-1)
        q, s = self.right(rights).chunk(2, dim=-1)
        return self.join(torch.cat([p * q, self.deep(torch.cat([r.expand_as(s), s], dim=-1))], dim=-1)).squeeze(-1)
