"""Questions about held-out time whose answers are known, by task."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from endcap.core.choice import Asking, Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.dataset.splits import take_baskets, take_sessions
from endcap.replay.held_out import HeldOut
from endcap.serving.shelf import HISTORY_DECAY

TARGETS_PER_BASKET = 3
MAX_QUESTIONS = 3_000

ASKING: dict[Task, Asking] = {
    "basket": Asking(),
    "session": Asking(last=20, decay=HISTORY_DECAY),
    "purchase": Asking(last=20, decay=HISTORY_DECAY),
}
"""How an artifact is asked in each task: as serving does, the whole of a basket, the newest items of a visit."""

_PURCHASE = KIND["purchase"]


def questions(task: Task, future: Dataset, rng: np.random.Generator) -> HeldOut:
    """The questions of a task over held-out time, a sample where there are many.

    ``basket``: up to three items of an order in turn, asked for with the rest. ``session``: every act of a visit but the first,
    asked for with the acts before it, unless its item came before: nobody needs to be led to what they just saw. ``purchase``:
    what a visit buys, asked for with the other items that it looked at before.
    """
    return _TASKS[task](future, rng)


def _rest_of_basket(future: Dataset, rng: np.random.Generator) -> HeldOut:
    several = np.flatnonzero(np.diff(future.baskets.indptr) > 1)
    chosen = take_baskets(future.baskets, _sample(several, MAX_QUESTIONS // TARGETS_PER_BASKET, rng))
    known, targets, clusters = [], [], []
    for basket in range(len(chosen)):
        items = chosen.items[chosen.indptr[basket] : chosen.indptr[basket + 1]]
        for target in rng.choice(items, size=min(TARGETS_PER_BASKET, len(items)), replace=False):
            known.append(items[items != target].tolist())
            targets.append(int(target))
            clusters.append(basket)
    return HeldOut.of(known, targets, clusters, known_barred=True)


def _next_act(future: Dataset, rng: np.random.Generator) -> HeldOut:
    known, targets, clusters = [], [], []
    for visit, items, _kinds in _visits(future, rng):
        for place in range(1, len(items)):
            if items[place] in items[:place]:
                continue
            known.append(items[:place].tolist())
            targets.append(int(items[place]))
            clusters.append(visit)
        if len(targets) >= MAX_QUESTIONS:
            break
    return HeldOut.of(known, targets, clusters, known_barred=True)


def _next_purchase(future: Dataset, rng: np.random.Generator) -> HeldOut:
    known, targets, clusters = [], [], []
    for visit, items, kinds in _visits(future, rng):
        for place in np.flatnonzero(kinds == _PURCHASE):
            looked_at = items[:place][(kinds[:place] != _PURCHASE) & (items[:place] != items[place])]
            if len(looked_at):
                known.append(looked_at.tolist())
                targets.append(int(items[place]))
                clusters.append(visit)
        if len(targets) >= MAX_QUESTIONS:
            break
    return HeldOut.of(known, targets, clusters, known_barred=True)


def _visits(
    future: Dataset, rng: np.random.Generator
) -> Iterator[tuple[int, NDArray[np.int32], NDArray[np.uint8]]]:  # fmt: skip
    """The visits of more than one act in random order: number, items, kinds."""
    longer = np.flatnonzero(np.diff(future.sessions.indptr) > 1)
    chosen = take_sessions(future.sessions, rng.permutation(longer))
    for visit in range(len(chosen)):
        span = slice(chosen.indptr[visit], chosen.indptr[visit + 1])
        yield visit, chosen.items[span], chosen.kinds[span]


def _sample(numbers: NDArray[np.int64], at_most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return numbers if len(numbers) <= at_most else rng.choice(numbers, size=at_most, replace=False)


_TASKS: dict[Task, Callable[[Dataset, np.random.Generator], HeldOut]] = {
    "basket": _rest_of_basket,
    "session": _next_act,
    "purchase": _next_purchase,
}
