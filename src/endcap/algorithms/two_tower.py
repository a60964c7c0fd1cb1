"""A vector a shopper and a vector an item, each from a small network of its own: the two-tower model."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from msgspec import Meta
from numpy.typing import NDArray
from torch import Tensor, nn

from endcap.algorithms._networks import ReadsSequences
from endcap.algorithms.base import FitContext
from endcap.artifacts.sequence_encoder import SequenceEncoder
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.neural.repeatable import repeatable
from endcap.neural.sequences import Sequences
from endcap.neural.training import Network, plain
from endcap.neural.traits import traits

_MOST_TRAITS = 12


class TwoTower(ReadsSequences, frozen=True, kw_only=True):
    """The item tower reads the catalogue too, so that a product that nobody has touched has its place among the others.

    An item is ``v_i = e_i + mean over its traits t of g_t``, traits being its categories, its brand and the words of its title;
    of an item that nobody has touched ``e_i`` is 0. A shopper is ``u = W2 relu(W1 m + b1) + b2`` with ``m`` the mean of the
    ``v_i`` of the last ``window`` items; item ``j`` comes next with the chance ``softmax_j(u . v_j)``. Every act of a person is
    to be predicted from those before it. The loss is the softmax over ``negatives`` items sampled for each batch, corrected for
    how they were sampled (:mod:`endcap.neural.softmax`); learning stops when the newest histories are predicted no better.

    Time O(epochs × n_acts × dim × (dim + negatives)) to learn, O(n_items × dim) to answer; memory O((n_items + n_traits) × dim +
    batch × negatives). The vectors of both towers are worked out beforehand; the artifact has no need of torch.

    Source: Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations", RecSys 2019, and the
    candidate network of Covington, Adams, Sargin, "Deep Neural Networks for YouTube Recommendations", RecSys 2016, whose shopper
    is the mean of what they watched. Ours counts frequencies exactly instead of estimating them from a stream, and uses no
    features of persons.

    Everybody who took the mug took tea next:

    >>> from endcap.testing.algorithms import asked, fit_example
    >>> people = [f"2000-01-{day:02} mug tea" for day in range(1, 31)]
    >>> found = fit_example(TwoTower(dim=4, epochs=60, rate=0.1, dropout=0.0), *people, kind="view")
    >>> asked(found, [0]).astype(float).round(1).tolist()
    [0.0, 1.0]
    """

    reason: ClassVar[str] = "to_your_taste"
    label: ClassVar[str] = "Picked for you, by two towers"
    tasks: ClassVar[tuple[Task, ...]] = ("purchase", "topn", "session")

    rows: Literal["people", "visits"] = "people"
    window: Annotated[int, Meta(ge=1, le=200)] = 30
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.2

    def fit(self, data: Dataset, context: FitContext) -> SequenceEncoder:
        """The network that says what follows."""
        histories = (Sequences.of_people if self.rows == "people" else Sequences.of_visits)(data, self.window)
        seen = histories.counts > 0
        described = traits(data.catalog, _MOST_TRAITS)
        with repeatable(context.rng):
            network = Towers(seen, described, self)
            self.teach(network, histories, context.rng)
            learnt = np.isin(described, described[seen]) & (described > 0)
            with torch.no_grad():
                vectors = network.vectors(torch.arange(data.n_items)).numpy()
        return SequenceEncoder.of(
            "average", vectors, seen | learnt.any(axis=1), plain(network.person), self.reason, window=self.window
        )


class Towers(Network):
    """The network of :class:`TwoTower`."""

    def __init__(self, seen: NDArray[np.bool_], described: NDArray[np.int64], options: TwoTower) -> None:
        """``seen`` bool (n_items,) says which items occur, ``described`` int64 (n_items, most) has their traits."""
        super().__init__()
        dim = options.dim
        self.items = nn.Embedding(len(seen), dim)
        self.traits = nn.Embedding(int(described.max(initial=0)) + 1, dim, padding_idx=0)
        nn.init.normal_(self.items.weight, std=dim**-0.5)
        nn.init.zeros_(self.traits.weight)
        self.person = Person(dim)
        self.dropout = nn.Dropout(options.dropout)
        self._seen = torch.from_numpy(seen.astype(np.float32))[:, None]
        self._described = torch.from_numpy(described)
        self._share = 1 / torch.from_numpy((described > 0).sum(axis=1, keepdims=True).astype(np.float32)).clamp(min=1)

    def forward(self, items: Tensor) -> Tensor:
        """States after each item, (n, length, dim)."""
        given = self.vectors(items.reshape(-1)).reshape(*items.shape, -1)
        means = given.cumsum(dim=1) / torch.arange(1, items.shape[1] + 1)[:, None]
        return self.person(self.dropout(means))

    def vectors(self, items: Tensor) -> Tensor:
        """The vectors of items by the item tower."""
        return self.items(items) * self._seen[items] + self.traits(self._described[items]).sum(dim=1) * self._share[items]


class Person(nn.Module):
    """The tower of a shopper: one hidden layer, twice as wide."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(dim, 2 * dim), nn.Linear(2 * dim, dim)

    def forward(self, means: Tensor) -> Tensor:
        """The vectors of shoppers from the means of what they took."""
        return self.down(torch.relu(self.up(means)))
