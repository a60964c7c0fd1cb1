"""What goes with an item by a product and a network of its numbers and another's: neural collaborative filtering."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from msgspec import Meta
from torch import Tensor, nn

from endcap.algorithms.base import Algorithm, FitContext, Requirement, neighbors_of
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.neural.pairs import PairNetwork, PairPlan, Pairs, learn_pairs, shortlist, worked_out
from endcap.neural.repeatable import repeatable
from endcap.neural.sequences import Sequences

_WINDOW = 50


class NeuralCF(Algorithm, frozen=True, kw_only=True):
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

    reason: ClassVar[str] = "viewed_next"
    requirement: ClassVar[Requirement] = Requirement("interactions", 10_000)
    label: ClassVar[str] = "Goes with it, by a neural network"
    tasks: ClassVar[tuple[Task, ...]] = ("session", "purchase")
    seeded: ClassVar[bool] = True
    by_default: ClassVar[bool] = False

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    dim: Annotated[int, Meta(ge=1, le=512)] = 32
    reach: Annotated[int, Meta(ge=1, le=100)] = 3
    negatives: Annotated[int, Meta(ge=1, le=10_000)] = 20
    batch: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_024
    epochs: Annotated[int, Meta(ge=1, le=1_000)] = 5
    rate: Annotated[float, Meta(gt=0, le=1)] = 0.003

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The followers of every item."""
        visits = Sequences.of_visits(data, _WINDOW)
        listed = shortlist(visits, self.k)
        with repeatable(context.rng):
            network = NeuMF(data.n_items, self.dim)
            pairs = Pairs.near(visits, self.reach)
            if len(pairs):
                plan = PairPlan(self.epochs, self.rate, self.negatives, self.batch)
                learn_pairs(network, pairs, visits.counts, plan, context.rng)
            return neighbors_of(worked_out(network, listed), self.reason)


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
