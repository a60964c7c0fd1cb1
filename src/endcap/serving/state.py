"""What an answer is made from: one immutable view of bundle, catalogue, placements and rules, swapped as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import Bundle
from endcap.core.choice import Choice, Task
from endcap.core.placement import Placement, Shelf
from endcap.ranking.arranging import GREEDY, Policy
from endcap.ranking.rulebook import Rulebook
from endcap.ranking.rules.base import Rule
from endcap.ranking.stack import Group, Stack
from endcap.serving.barring import FIRST_RULE
from endcap.serving.items import ItemTable
from endcap.serving.placements import ReadyPlacement
from endcap.serving.preparing import ReadyExperiments
from endcap.serving.trials import PlacementTrials


@dataclass(frozen=True, slots=True)
class ReadyShelf:
    """A shelf with its sources as numbers: those that training chose, where the shelf follows it, else its own.

    Each fallback is a group of its own. ``rules`` are those of this shelf alone, nothing where it has none; ``policy`` gives out
    its slots. With ``thompson`` a source is drawn for each slot, each with a chance of ``floor`` at least.
    """

    shelf: Shelf
    sources: Group
    fallbacks: tuple[Group, ...]
    rules: Rulebook | None = None
    policy: Policy = GREEDY
    thompson: bool = False
    floor: float = 0.0


@dataclass(frozen=True, slots=True)
class ServingState:
    """Everything that one answer reads. A request takes the state once, so no answer mixes two bundles.

    ``rules`` are by placement those of the shop and the placement's own. ``live`` are sources that learn while the shop runs,
    beside those of the bundle; ``documents`` is the version of the placements and rules. ``trials`` are by placement the
    experiments that run there; what becomes of placements in their arms stands in ``forms``, and in ``shelves`` and ``rules``.
    """

    bundle: Bundle | None
    items: ItemTable
    placements: Mapping[str, ReadyPlacement]
    shop_rules: tuple[Rule, ...]
    stack: Stack
    shelves: Mapping[str, tuple[ReadyShelf, ...]]
    rules: Mapping[str, Rulebook]
    live: Mapping[str, Artifact] = field(default_factory=dict)
    documents: int = 0
    trials: Mapping[str, PlacementTrials] = field(default_factory=dict)
    forms: Mapping[str, ReadyPlacement] = field(default_factory=dict)
    most_sources: int = 8
    """How many sources the largest group of a shelf has."""

    @classmethod
    def of(
        cls, bundle: Bundle | None, items: ItemTable, placements: Mapping[str, ReadyPlacement], shop_rules: tuple[Rule, ...] = (),
        *, stack: Stack | None = None, live: Mapping[str, Artifact] | None = None, documents: int = 0,
        experiments: ReadyExperiments | None = None,
    ) -> ServingState:  # fmt: skip
        """The state of these parts; ``stack`` is that of the same bundle and live sources, where it was made before."""
        artifacts: Mapping[str, Artifact] = bundle.artifacts if bundle is not None else {}
        live = live or {}
        if stack is None:
            stack = Stack.of(artifacts, len(bundle.item_ids) if bundle is not None else 0, live)
            if bundle is not None:
                bundle = replace(bundle, artifacts=stack.views(artifacts))
                artifacts = bundle.artifacts
        ready = _Preparing(stack, {**artifacts, **live}, bundle.choices if bundle is not None else {})
        experiments = experiments or ReadyExperiments()
        every = {**placements, **experiments.forms}
        rules = {name: Rulebook(shop_rules + one.rules, FIRST_RULE) for name, one in every.items()}
        shelves = {
            name: tuple(
                ready.shelf(one.placement, shelf, Rulebook(own, rules[name].next_code) if own else None)
                for shelf, own in zip(one.placement.shelves, one.shelf_rules, strict=True)
            )
            for name, one in every.items()
        }
        groups = [group for every_shelf in shelves.values() for one in every_shelf for group in (one.sources, *one.fallbacks)]
        return cls(
            bundle, items, placements, shop_rules, stack, shelves, rules, live, documents, experiments.trials, every,
            max(8, *map(len, groups)),
        )  # fmt: skip

    @property
    def artifacts(self) -> Mapping[str, Artifact]:
        """The artifacts of the bundle by name."""
        return self.bundle.artifacts if self.bundle is not None else {}

    @property
    def version(self) -> str | None:
        """The version of the bundle that answers."""
        return self.bundle.version if self.bundle is not None else None


@dataclass(frozen=True, slots=True)
class _Preparing:
    """What shelves are made ready with."""

    stack: Stack
    artifacts: Mapping[str, Artifact]
    choices: Mapping[Task, Choice]

    def shelf(self, placement: Placement, shelf: Shelf, rules: Rulebook | None) -> ReadyShelf:
        fallbacks = tuple(Group.of((source,), self.stack, self.artifacts) for source in shelf.fallback)
        exploration = shelf.exploration or placement.exploration
        policy = Policy.of(shelf.diversity or placement.diversity, exploration)
        return ReadyShelf(
            shelf, self._sources(shelf), fallbacks, rules, policy, exploration.thompson, exploration.floor
        )  # fmt: skip

    def _sources(self, shelf: Shelf) -> Group:
        choice = self.choices.get(shelf.learned.task) if shelf.learned else None
        if choice is not None and shelf.learned is not None:
            chosen = Group.chosen(choice, shelf.learned.ask, self.stack, self.artifacts)
            if len(chosen):
                return chosen
        return Group.of(shelf.sources, self.stack, self.artifacts)
