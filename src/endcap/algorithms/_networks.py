"""What the algorithms have in common that torch trains: their options, and how a network is taught."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta
from torch import Tensor, nn

from endcap.algorithms.base import Algorithm, FitContext, Requirement, neighbors_of
from endcap.artifacts.base import Array
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.sequence_encoder import Kind, SequenceEncoder
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.neural.pairs import PairNetwork, PairPlan, Pairs, learn_pairs, shortlist, worked_out
from endcap.neural.repeatable import repeatable
from endcap.neural.sequences import Sequences
from endcap.neural.training import Network, Plan, learn

_REQUIREMENT = Requirement("interactions", 10_000)
_VISIT = 50  # of a visit so many acts make pairs


class ReadsSequences(Algorithm, frozen=True, kw_only=True):
    """Reads the last ``window`` items that somebody acted on and says what comes next.

    Vectors have ``dim`` numbers. At most ``epochs`` times through everything, ``batch`` acts at a time, by steps of ``rate``, a
    network learns to tell what came next from ``negatives`` other items, with a share of ``dropout`` of its numbers left out.
    """

    requirement: ClassVar[Requirement] = _REQUIREMENT
    seeded: ClassVar[bool] = True
    searched_up_to: ClassVar[int] = 30_000
    by_default: ClassVar[bool] = False

    dim: Annotated[int, Meta(ge=1, le=512)] = 64
    window: Annotated[int, Meta(ge=1, le=200)] = 20
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.3
    negatives: Annotated[int, Meta(ge=3, le=100_000)] = 512
    batch: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_024
    epochs: Annotated[int, Meta(ge=1, le=1_000)] = 10
    rate: Annotated[float, Meta(gt=0, le=1)] = 0.005

    def teach(self, network: Network, sequences: Sequences, rng: np.random.Generator) -> None:
        """Let a network learn from sequences, if there are any. Inside :func:`endcap.neural.repeatable.repeatable`."""
        if len(sequences):
            learn(network, sequences, Plan(self.epochs, self.rate, self.negatives, self.batch), rng)


class ItemNetwork(Network):
    """A network with one vector an item, with which it enters and is compared: ``items``.

    ``kind`` is how :class:`SequenceEncoder <endcap.artifacts.sequence_encoder.SequenceEncoder>` runs it, ``heads`` into how many
    heads its attention is divided.
    """

    kind: ClassVar[Kind]

    def __init__(self, n_items: int, dim: int, heads: int = 1) -> None:
        super().__init__()
        self.items = nn.Embedding(n_items, dim)
        self.heads = heads

    def vectors(self, items: Tensor) -> Tensor:
        """The vectors of items, those that they enter with."""
        return self.items(items)

    def weights(self) -> dict[str, Array]:
        """All weights but the vectors, as the kernel takes them that runs this kind of network."""
        raise NotImplementedError


class ReadsVisits(ReadsSequences, frozen=True, kw_only=True):
    """Learns from visits, by a network with one vector an item."""

    reason: ClassVar[str] = "viewed_next"
    tasks: ClassVar[tuple[Task, ...]] = ("session", "purchase")

    def network(self, n_items: int) -> ItemNetwork:
        """A network that has learnt nothing yet."""
        raise NotImplementedError

    def fit(self, data: Dataset, context: FitContext) -> SequenceEncoder:
        """The network that says what follows."""
        visits = Sequences.of_visits(data, self.window)
        with repeatable(context.rng):
            network = self.network(data.n_items)
            self.teach(network, visits, context.rng)
        return SequenceEncoder.of(
            network.kind, network.items.weight.detach().numpy(), visits.counts > 0, network.weights(), self.reason,
            window=self.window, heads=network.heads,
        )  # fmt: skip


class ScoresPairs(Algorithm, frozen=True, kw_only=True):
    """Learns which item goes with which, and holds what it says of the ``k`` that share most visits with each item.

    Vectors have ``dim`` numbers. At most ``epochs`` times through all pairs at most ``reach`` acts apart, ``batch`` at a time, by
    steps of ``rate``, a network learns to tell the one that came from ``negatives`` others.
    """

    reason: ClassVar[str] = "viewed_next"
    requirement: ClassVar[Requirement] = _REQUIREMENT
    tasks: ClassVar[tuple[Task, ...]] = ("session", "purchase")
    seeded: ClassVar[bool] = True
    searched_up_to: ClassVar[int] = 30_000
    by_default: ClassVar[bool] = False

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    dim: Annotated[int, Meta(ge=1, le=512)] = 32
    reach: Annotated[int, Meta(ge=1, le=100)] = 3
    negatives: Annotated[int, Meta(ge=1, le=10_000)] = 20
    batch: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_024
    epochs: Annotated[int, Meta(ge=1, le=1_000)] = 5
    rate: Annotated[float, Meta(gt=0, le=1)] = 0.003

    def network(self, data: Dataset) -> PairNetwork:
        """A network that has learnt nothing yet."""
        raise NotImplementedError

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The followers of every item."""
        visits = Sequences.of_visits(data, _VISIT)
        listed = shortlist(visits, self.k)
        with repeatable(context.rng):
            network = self.network(data)
            pairs = Pairs.near(visits, self.reach)
            if len(pairs):
                plan = PairPlan(self.epochs, self.rate, self.negatives, self.batch)
                learn_pairs(network, pairs, visits.counts, plan, context.rng)
            return neighbors_of(worked_out(network, listed), self.reason)
