"""What serves now: its recipe, and its arrays where they may stand for themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from endcap import registry
from endcap.algorithms.base import Algorithm
from endcap.artifacts.bundle import Bundle
from endcap.core.choice import Choice, Task
from endcap.core.interactions import Dataset, Interactions
from endcap.errors import CorruptBundle, EndcapError
from endcap.measurement.metrics.base import Answers
from endcap.replay.choosing import answer_choice
from endcap.replay.held_out import Window
from endcap.stores.ports import BundleStore

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Incumbent:
    """A bundle that serves."""

    bundle: Bundle

    def knew_nothing_since(self, at_ms: int) -> bool:
        """Whether its data end before a time, so that its arrays may be asked about what came after."""
        return self.bundle.manifest.data_until_ms <= at_ms

    def options(self) -> dict[str, Algorithm]:
        """The algorithm of every artifact with its options; those that this version does not have, or not so, are left out."""
        found: dict[str, Algorithm] = {}
        for entry in self.bundle.manifest.artifacts:
            try:
                built = registry.build("algorithms", entry.algorithm, entry.options)
            except EndcapError:
                continue
            if isinstance(built, Algorithm):
                found[entry.name] = built
        return found

    def choice(self, task: Task) -> Choice | None:
        """How it answers a task, where training chose that."""
        return self.bundle.choices.get(task)

    def answers(self, task: Task, window: Window) -> Answers | None:
        """What its arrays, as they are, answer to a window whose items may be numbered otherwise; nothing without a choice."""
        choice = self.choice(task)
        if choice is None:
            return None
        found = answer_choice(choice, self.bundle.artifacts, _renumbered(window, self.bundle.item_ids))
        places = {item_id: row for row, item_id in enumerate(window.train.item_ids)}
        rows = np.array([places.get(one, -1) for one in self.bundle.item_ids] + [-1], dtype=np.int32)
        counts = np.bincount(window.train.interactions.items, minlength=window.train.n_items)
        return Answers(found.ranks, found.indptr, rows[found.lists], counts.astype(np.int64))


def what_serves(bundles: BundleStore) -> Incumbent | None:
    """The bundle that serves; none before the first training, or where it is corrupt and so cannot serve."""
    version = bundles.active()
    if version is None:
        return None
    try:
        return Incumbent(bundles.load(version))
    except CorruptBundle:
        return None


def _renumbered(window: Window, item_ids: list[str]) -> Window:
    """The window in another numbering of items; items that it lacks are unknown, and never right."""
    places = {item_id: row for row, item_id in enumerate(item_ids)}
    rows = np.array([places.get(one, -1) for one in window.train.item_ids], dtype=np.int32)
    held_out = window.held_out
    asked = rows[held_out.rows]
    keep = asked >= 0
    kept_before = np.concatenate(([0], np.cumsum(keep)))
    translated = replace(
        held_out, starts=kept_before[held_out.starts].astype(np.int64), rows=asked[keep],
        targets=np.where(held_out.targets >= 0, rows[held_out.targets], -1).astype(np.int32),
        kinds=_masked(held_out.kinds, keep), at_ms=_masked(held_out.at_ms, keep), values=_masked(held_out.values, keep),
    )  # fmt: skip
    return Window(_only_numbers(window.train, rows, item_ids), translated, ())


def _masked(values: NDArray[Number] | None, keep: NDArray[np.bool_]) -> NDArray[Number] | None:
    return None if values is None else values[keep]


def _only_numbers(data: Dataset, rows: NDArray[np.int32], item_ids: list[str]) -> Dataset:
    """The acts of a data set in another numbering; nothing else is asked of it when artifacts are there already."""
    acts, items = data.interactions, rows[data.interactions.items]
    known = items >= 0
    acts = Interactions(acts.users[known], items[known], acts.kinds[known], acts.at_ms[known], acts.n_users, len(item_ids))
    return replace(data, item_ids=item_ids, interactions=acts)
