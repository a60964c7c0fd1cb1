"""What an answer is made from: one immutable view of bundle, catalogue, placements and rules, swapped as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import Bundle
from endcap.core.placement import Shelf
from endcap.ranking.rules.base import Rule
from endcap.serving.items import ItemTable
from endcap.serving.placements import ReadyPlacement
from endcap.serving.stack import Group, Stack


@dataclass(frozen=True, slots=True)
class ReadyShelf:
    """A shelf with its sources as numbers; each fallback is a group of its own."""

    shelf: Shelf
    sources: Group
    fallbacks: tuple[Group, ...]


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

        def prepared(shelf: Shelf) -> ReadyShelf:
            fallbacks = tuple(Group.of((source,), stack, artifacts) for source in shelf.fallback)
            return ReadyShelf(shelf, Group.of(shelf.sources, stack, artifacts), fallbacks)

        shelves = {name: tuple(prepared(shelf) for shelf in one.placement.shelves) for name, one in placements.items()}
        return cls(bundle, items, placements, shop_rules, stack, shelves)

    @property
    def version(self) -> str | None:
        """The version of the bundle that answers."""
        return self.bundle.version if self.bundle is not None else None


POOL = 512
"""How many items can be ranked before the variants of one product are thinned out: several a slot."""


class Scratch:
    """Arrays that retrieval fills and clears; one set for each thread that answers.

    One entry a source and item: ``scores`` float32, ``touched`` int32; one a source: ``n_touched`` int64, ``factors`` float32,
    ``categories`` int32; one an item: ``total`` float32, ``total_touched`` int32; one a slot: ``rows``, ``sources``, ``leads``
    and ``used`` int32, ``best`` float32. ``removed`` int64 (256,). All scores are zero between answers.
    """

    def __init__(self, n_sources: int, room: int) -> None:
        self.scores = np.zeros((n_sources, room), dtype=np.float32)
        self.touched = np.zeros((n_sources, room), dtype=np.int32)
        self.n_touched = np.zeros(n_sources, dtype=np.int64)
        self.factors = np.zeros(n_sources, dtype=np.float32)
        self.categories = np.zeros(n_sources, dtype=np.int32)
        self.total = np.zeros(room, dtype=np.float32)
        self.total_touched = np.zeros(room, dtype=np.int32)
        self.rows = np.zeros(POOL, dtype=np.int32)
        self.best = np.zeros(POOL, dtype=np.float32)
        self.sources = np.zeros(POOL, dtype=np.int32)
        self.leads = np.zeros(POOL, dtype=np.int32)
        self.used = np.zeros(POOL, dtype=np.int32)
        self.removed = np.zeros(256, dtype=np.int64)

    def fits(self, n_sources: int, room: int) -> bool:
        """Whether these arrays can hold that many sources and items."""
        return self.scores.shape[0] >= n_sources and self.scores.shape[1] >= room
