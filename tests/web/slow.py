"""A source that takes its time: a real artifact that sleeps while it is asked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Asked
from endcap.artifacts.bundle import ArrayEntry, Bundle, Manifest


@dataclass(slots=True)
class SlowScores:
    """Proposes every item, after ``delay_s``; raises instead where ``fails`` is set."""

    n_items: int
    delay_s: float = 0.0
    fails: bool = False
    asked: int = 0
    shape: ClassVar[str] = "slow_scores"
    reason: str = "popular"

    @property
    def n_entries(self) -> int:
        return self.n_items

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        del asked, blocked
        self.asked += 1
        time.sleep(self.delay_s)
        if self.fails:
            raise RuntimeError("this source is broken")
        scores[: self.n_items] = np.arange(self.n_items, 0, -1)
        touched[: self.n_items] = np.arange(self.n_items)
        return self.n_items

    def is_sound(self, n_items: int) -> bool:
        return n_items == self.n_items

    def arrays(self) -> dict[str, Array]:
        return {}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        raise NotImplementedError


def bundle_of(item_ids: list[str], source: SlowScores, name: str = "popularity") -> Bundle:
    """A bundle, never written, that holds this source alone."""
    entry = ArrayEntry(name="item_ids", dtype="|u1", shape=(0,), offset=0, size=0, sha256="")
    manifest = Manifest(
        format=1, version="slow", created_at_ms=0, data_until_ms=0, position=0, seed=0, item_ids=entry, artifacts=()
    )
    return Bundle(manifest, item_ids, {name: source})
