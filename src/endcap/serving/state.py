"""What an answer is made from: one immutable view of bundle, catalogue, placements and rules, swapped as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import Bundle
from endcap.core.placement import Shelf
from endcap.ranking.rules.base import Rule
from endcap.ranking.stack import Group, Stack
from endcap.serving.items import ItemTable
from endcap.serving.placements import ReadyPlacement


@dataclass(frozen=True, slots=True)
class ReadyShelf:
    """A shelf with its sources as numbers: those that training chose, where the shelf follows it, else its own.

    Each fallback is a group of its own. ``rules`` are those of this shelf alone.
    """

    shelf: Shelf
    sources: Group
    fallbacks: tuple[Group, ...]
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class ServingState:
    """Everything that one answer reads. A request takes the state once, so no answer mixes two bundles."""

    bundle: Bundle | None
    items: ItemTable
    placements: Mapping[str, ReadyPlacement]
    shop_rules: tuple[Rule, ...]
    stack: Stack
    shelves: Mapping[str, tuple[ReadyShelf, ...]]

    @classmethod
    def of(
        cls, bundle: Bundle | None, items: ItemTable, placements: Mapping[str, ReadyPlacement], shop_rules: tuple[Rule, ...] = (),
        *, stack: Stack | None = None,
    ) -> ServingState:  # fmt: skip
        """The state of these parts; ``stack`` is that of the same bundle, where it was made before."""
        artifacts: Mapping[str, Artifact] = bundle.artifacts if bundle is not None else {}
        if stack is None:
            stack = Stack.of(artifacts, len(bundle.item_ids) if bundle is not None else 0)
            if bundle is not None:
                bundle = replace(bundle, artifacts=stack.views(artifacts))
                artifacts = bundle.artifacts

        choices = bundle.choices if bundle is not None else {}

        def prepared(shelf: Shelf, rules: tuple[Rule, ...]) -> ReadyShelf:
            fallbacks = tuple(Group.of((source,), stack, artifacts) for source in shelf.fallback)
            choice = choices.get(shelf.learned.task) if shelf.learned else None
            if choice is not None and shelf.learned is not None:
                sources = Group.chosen(choice, shelf.learned.ask, stack, artifacts)
                if len(sources):
                    return ReadyShelf(shelf, sources, fallbacks, rules)
            return ReadyShelf(shelf, Group.of(shelf.sources, stack, artifacts), fallbacks, rules)

        shelves = {
            name: tuple(map(prepared, one.placement.shelves, one.shelf_rules)) for name, one in placements.items()
        }  # fmt: skip
        return cls(bundle, items, placements, shop_rules, stack, shelves)

    @property
    def artifacts(self) -> Mapping[str, Artifact]:
        """The artifacts of the bundle by name."""
        return self.bundle.artifacts if self.bundle is not None else {}

    @property
    def version(self) -> str | None:
        """The version of the bundle that answers."""
        return self.bundle.version if self.bundle is not None else None
