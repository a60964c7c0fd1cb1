"""What costs nothing to try: rows that are on every table, so that nothing is called good that does not beat them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Array, Artifact, Asked, frozen
from endcap.artifacts.item_scores import ItemScores
from endcap.artifacts.reading import sound, taken
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS

LAST_DAYS = 7


@dataclass(frozen=True, slots=True)
class PersonalFrequency:
    """What a person bought most often, ties broken by what everybody buys; whoever bought nothing is offered that alone.

    ``counts`` float32 (n_items,) says how often each item was bought by anybody.
    """

    shape: ClassVar[str] = "personal_frequency"
    counts: NDArray[np.float32]
    reason: str = "bought_before"

    @property
    def n_items(self) -> int:
        """How many items the artifact numbers."""
        return len(self.counts)

    @property
    def n_entries(self) -> int:
        """How many items somebody bought."""
        return int((self.counts > 0).sum())

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        """How often the person bought each item, plus its share of the most bought item's count, below one half."""
        del blocked
        scores[:] = self.counts / (2 * max(float(self.counts.max(initial=0)), 1))
        np.add.at(scores, asked.bought, np.float32(1))
        found = np.flatnonzero(scores > 0)
        touched[: len(found)] = found
        return len(found)

    def is_sound(self, n_items: int) -> bool:
        """Whether there is one count an item."""
        return self.counts.shape == (n_items,)

    def arrays(self) -> dict[str, Array]:
        """The arrays to keep, by name."""
        return {"counts": self.counts}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], reason: str) -> Self:
        """The artifact that gave these arrays."""
        return sound(cls(**taken(cls.shape, arrays, ("counts",)), reason=reason), "does not have one count an item")


def popular_lately(data: Dataset) -> ItemScores:
    """How often each item was acted on in the last :data:`LAST_DAYS` days of the data."""
    acts = data.interactions
    late = acts.items[acts.at_ms >= data.now_ms - LAST_DAYS * DAY_MS]
    return ItemScores.of(np.bincount(late, minlength=data.n_items), "popular")


def personal_frequency(data: Dataset) -> PersonalFrequency:
    """How often each item was bought, for :class:`PersonalFrequency`."""
    return PersonalFrequency(frozen(np.bincount(data.baskets.items, minlength=data.n_items).astype(np.float32)))


def baselines(task: Task, data: Dataset) -> dict[str, Artifact]:
    """The baselines of a task that are no algorithms of their own, by the names of their rows."""
    found: dict[str, Artifact] = {f"popular, {LAST_DAYS} days": popular_lately(data)}
    if task == "next_basket":
        found["personal frequency"] = personal_frequency(data)
    return found
