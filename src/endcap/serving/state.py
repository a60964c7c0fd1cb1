"""What an answer is made from: one immutable view of bundle, catalogue, placements and rules, swapped as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import Bundle
from endcap.ranking.rules.base import Rule
from endcap.serving.items import ItemTable
from endcap.serving.placements import ReadyPlacement


@dataclass(frozen=True, slots=True)
class ServingState:
    """Everything that one answer reads. A request takes the state once, so no answer mixes two bundles."""

    bundle: Bundle | None
    items: ItemTable
    placements: Mapping[str, ReadyPlacement]
    shop_rules: tuple[Rule, ...] = ()

    @property
    def version(self) -> str | None:
        """The version of the bundle that answers."""
        return self.bundle.version if self.bundle is not None else None

    @property
    def artifacts(self) -> Mapping[str, Artifact]:
        """The artifacts by name; none before the first training."""
        return self.bundle.artifacts if self.bundle is not None else {}


MAX_SLOTS = 100
"""The most products that a shelf can show."""


class Scratch:
    """Arrays that retrieval fills and clears; one set for each thread that answers.

    ``scores`` float32 and ``touched`` int32, both (n_sources, room); ``n_touched`` int64 and ``factors`` float32, both
    (n_sources,); ``total`` float32 and ``total_touched`` int32, both (room,); ``rows`` int32, ``best`` float32 and ``leads``
    int32, all (MAX_SLOTS,); ``removed`` int64 (256,). All scores are zero between answers.
    """

    def __init__(self, n_sources: int, room: int) -> None:
        self.scores = np.zeros((n_sources, room), dtype=np.float32)
        self.touched = np.zeros((n_sources, room), dtype=np.int32)
        self.n_touched = np.zeros(n_sources, dtype=np.int64)
        self.factors = np.zeros(n_sources, dtype=np.float32)
        self.total = np.zeros(room, dtype=np.float32)
        self.total_touched = np.zeros(room, dtype=np.int32)
        self.rows = np.zeros(MAX_SLOTS, dtype=np.int32)
        self.best = np.zeros(MAX_SLOTS, dtype=np.float32)
        self.leads = np.zeros(MAX_SLOTS, dtype=np.int32)
        self.removed = np.zeros(256, dtype=np.int64)

    def fits(self, n_sources: int, room: int) -> bool:
        """Whether these arrays can hold that many sources and items."""
        return self.scores.shape[0] >= n_sources and self.scores.shape[1] >= room
