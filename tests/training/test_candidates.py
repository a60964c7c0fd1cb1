from __future__ import annotations

import numpy as np

from endcap.artifacts.base import Artifact
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.choice import Asking, ChosenSource
from endcap.training.candidates import MOST_SOURCES, NEWEST_ALONE, to_rank

NEIGHBORS = ItemNeighbors(np.zeros(2, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), "bought_together", {})
SCORES = ItemScores.of(np.ones(1), "popular")
FADING = Asking(last=20, decay=2.0)


def sources(*names: str, asking: Asking = FADING) -> list[ChosenSource]:
    return [ChosenSource(artifact=name, asking=asking) for name in names]


def artifacts(*names: str) -> dict[str, Artifact]:
    return {name: SCORES if name.startswith("popular") else NEIGHBORS for name in names}


def test_the_best_neighbours_are_asked_with_the_newest_item_alone_as_well() -> None:
    best = sources("popular", "a", "b", "c")
    found = to_rank("session", best, artifacts("popular", "a", "b", "c"))
    assert found == [*best, *sources("a", "b", asking=NEWEST_ALONE)]


def test_what_is_asked_twice_takes_the_place_of_the_worst() -> None:
    names = [f"s{number}" for number in range(MOST_SOURCES + 3)]
    found = to_rank("session", sources(*names), artifacts(*names))
    assert [one.artifact for one in found] == [*names[: MOST_SOURCES - 2], "s0", "s1"]


def test_what_is_asked_with_the_newest_item_already_and_what_has_no_order_is_asked_once() -> None:
    newest = sources("a", asking=NEWEST_ALONE)
    assert to_rank("session", newest, artifacts("a")) == newest
    whole = sources("a", "b", asking=Asking())
    assert to_rank("basket", whole, artifacts("a", "b")) == whole
