"""What an algorithm is: a frozen set of options with ``fit``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Artifact, frozen
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.tree_ranker import TreeRanker
from endcap.core.choice import Task
from endcap.core.events import KIND, EventType
from endcap.core.interactions import Dataset
from endcap.core.part import Part
from endcap.core.time import DAY_MS
from endcap.kernels.neighbors import TopNeighbors
from endcap.ranking.examples import Examples

Weight = Annotated[float, Meta(ge=0, le=1_000)]
"""How much an act of some kind counts."""

Measure = Literal[
    "interactions", "baskets", "bought_pairs", "viewed_pairs", "shared_pairs", "repurchases", "sessions", "buying_sessions",
    "described_items", "ratings",
]  # fmt: skip
"""What readiness counts; :mod:`endcap.dataset.stats` computes each from a data set."""


Family = Literal["collaborative", "content", "rules", "popular"]
"""What an algorithm's answers rest on: what people did alike, likeness of the items, counted rules, or the taste of all."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """How much data an algorithm wants before its answers mean something."""

    measure: Measure
    at_least: int


@dataclass(frozen=True, slots=True)
class Variant:
    """An artifact that training makes by default: the options that make it what it is, and what differs from the class."""

    options: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None
    requirement: Requirement | None = None
    tasks: tuple[Task, ...] | None = None


@dataclass(frozen=True, slots=True)
class FitContext:
    """What training hands to ``fit`` beside the data: the random generator, and the end of the data in milliseconds.

    ``below`` holds the artifacts that the algorithm ``builds_on``, fitted on the same data, by the names of their algorithms.
    """

    rng: np.random.Generator
    now_ms: int
    below: Mapping[str, Artifact] = field(default_factory=dict)


class Algorithm(Part, frozen=True, kw_only=True):
    """Options and a ``fit`` that turns a data set into an artifact.

    A file in this folder defines one subclass (``class EASE(Algorithm, frozen=True, kw_only=True)``); its name is the file's
    name. The class states, for trainer, server and docs:

    - ``reason``: the code that explains an item proposed by it (:mod:`endcap.serving.reasons` has the sentences);
    - ``requirement``: the data it wants;
    - ``label``: what a merchandiser calls it;
    - ``variants``: the artifacts that training makes by default, by name (the key ``""`` stands for the file's own name);
    - ``grid``: option values that training may try, on the training part only; what a variant sets is not tried;
    - ``tasks``: what its options are judged by; the first for which there is enough data counts;
    - ``family``: what its answers rest on: blends that nothing was learnt for give each kind its share;
    - ``builds_on``: the algorithms whose artifacts it starts from, handed over as ``context.below``;
    - ``learns_from``: history, or examples of what was proposed and taken (:meth:`fit_examples`), as rankers do;
    - ``by_default``: training makes it without being asked to;
    - ``searched_up_to``: of a history of more acts its options are not searched, because a fit takes long;
    - ``seeded``: it starts from random numbers, so that another numbering of items gives another, equally good artifact.

    ``fit`` must be deterministic given ``context.rng``, must not change its input, and must cope with an empty data set.
    """

    reason: ClassVar[str]
    requirement: ClassVar[Requirement]
    label: ClassVar[str]
    variants: ClassVar[Mapping[str, Variant]] = {"": Variant()}
    grid: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    tasks: ClassVar[tuple[Task, ...]] = ("basket", "session")
    family: ClassVar[Family] = "collaborative"
    builds_on: ClassVar[tuple[str, ...]] = ()
    by_default: ClassVar[bool] = True
    searched_up_to: ClassVar[int] = 2**62
    seeded: ClassVar[bool] = False
    learns_from: ClassVar[Literal["history", "examples"]] = "history"

    @property
    def proposes_itself(self) -> bool:
        """Whether an item may be its own neighbour: where people return to what they saw."""
        return False

    def fit(self, data: Dataset, context: FitContext) -> Artifact:
        """The artifact learnt from ``data``, numbering its items."""
        raise NotImplementedError

    def fit_examples(self, examples: Examples, context: FitContext) -> TreeRanker:
        """The ranker learnt from examples, over the items that they know; for an algorithm that ``learns_from`` them."""
        raise NotImplementedError


def kind_numbers(weights: Mapping[EventType, float]) -> dict[int, float]:
    """Weights by event type as weights by kind number.

    >>> kind_numbers({"view": 1.0, "purchase": 5.0})
    {0: 1.0, 6: 5.0}
    """
    return {KIND[name]: weight for name, weight in weights.items()}


def act_weights(kinds: NDArray[np.uint8], weights: Mapping[EventType, float]) -> NDArray[np.float64]:
    """The weight of every act by its kind; kinds that are not named weigh nothing.

    >>> act_weights(np.array([0, 6, 2], dtype=np.uint8), {"view": 1.0, "purchase": 5.0}).tolist()
    [1.0, 5.0, 0.0]
    """
    table = np.zeros(256)
    for kind, weight in kind_numbers(weights).items():
        table[kind] = weight
    return table[kinds]


def decay(at_ms: NDArray[np.int64], now_ms: int, half_life_days: float | None) -> NDArray[np.float64]:
    """How much an act of each time still counts: one half after each half-life, 1 for ever without one.

    >>> decay(np.array([0, DAY_MS]), DAY_MS, half_life_days=1.0).tolist()
    [0.5, 1.0]
    """
    if half_life_days is None:
        return np.ones(len(at_ms))
    return np.exp2((at_ms - now_ms) / (half_life_days * DAY_MS))


def sharpened(scores: NDArray[Any], sharpness: float) -> NDArray[np.float32]:
    """Scores above 0 to the power of ``sharpness``, float32, still above 0.

    What several items ask for together is scored by a sum. Raised to a power first, one close neighbour outweighs many distant
    ones: at 1 all of them add up, and the higher the power, the more the closest one alone decides.
    """
    return np.maximum(scores.astype(np.float64) ** sharpness, np.finfo(np.float32).tiny).astype(np.float32)


def neighbors_of(top: TopNeighbors, reason: str, *, sharpness: float = 1.0, **facts: Array) -> ItemNeighbors:
    """The artifact of neighbours that a kernel found, with facts about each pair."""
    kept = {name: frozen(fact.astype(np.float32)) for name, fact in facts.items()}
    values = sharpened(top.values, sharpness)
    return ItemNeighbors(frozen(top.indptr), frozen(top.indices), frozen(values), reason, kept)


class Pairs(NamedTuple):
    """Pairs of items: ``rows`` and ``cols`` int64, how ``sure`` each is float64, and ``facts``, all (n,)."""

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    sure: NDArray[np.float64]
    facts: Mapping[str, NDArray[np.float32]]


def substitutes_below(context: FitContext, least: float) -> Pairs:
    """The pairs that serve the same need, surely by at least ``least``, with the facts that tell so.

    For an algorithm that builds on ``relations``, where a pair below 0 is one of substitutes.
    """
    relations = context.below["relations"]
    assert isinstance(relations, ItemNeighbors)
    found = relations.values <= -least
    rows = np.repeat(np.arange(relations.n_items), np.diff(relations.indptr))[found]
    facts = {name: fact[found] for name, fact in relations.facts.items()}
    return Pairs(rows, relations.indices[found].astype(np.int64), -relations.values[found].astype(np.float64), facts)
