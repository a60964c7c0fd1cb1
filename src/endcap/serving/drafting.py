"""Answers that experiments put together: drafted from what two arms would show, or drawn evenly from the range."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from endcap.experiments.interleaving import team_draft
from endcap.ranking.arranging import next_seed
from endcap.serving.items import ItemTable
from endcap.serving.shelf import Filled, Slot
from endcap.serving.state import ReadyShelf
from endcap.serving.variants import RANDOM_ITEMS

Shelves = Sequence[tuple[ReadyShelf, Filled]]


def drafted(
    arms: tuple[str, str], first: Shelves, second: Shelves, items: ItemTable, count: int, seed: int
) -> list[tuple[ReadyShelf, Filled]]:  # fmt: skip
    """The shelves of both, each filled by team draft; ``arms`` are named in the slots that they chose.

    A shelf that both have has the words of the first. No item comes twice. The propensity of a slot is its chance given the slots
    above and who chose them: one half where a coin decided between two items, else one.
    """
    ones, others = ({ready.shelf.name: (ready, filled) for ready, filled in side} for side in (first, second))
    found: list[tuple[ReadyShelf, Filled]] = []
    shown: set[int] = set()
    for name in dict.fromkeys([*ones, *others]):
        ready, filled = ones.get(name) or others[name]
        left, right = (part[name][1].slots if name in part else [] for part in (ones, others))
        left, right = ([slot for slot in side if slot.row not in shown] for side in (left, right))
        slots = _draft(arms, left, right, items, min(count, max(len(left), len(right))), seed)
        shown.update(slot.row for slot in slots)
        count -= len(slots)
        seed = next_seed(seed)
        found.append((ready, Filled(slots, filled.failed, filled.fallback, filled.trace, filled.fates)))
    return found


def _draft(
    arms: tuple[str, str], first: Sequence[Slot], second: Sequence[Slot], items: ItemTable, count: int, seed: int
) -> list[Slot]:  # fmt: skip
    rankings = [[items.item_id(slot.row) for slot in side] for side in (first, second)]
    known = [dict(zip(ids, side, strict=True)) for ids, side in zip(rankings, (first, second), strict=True)]
    draft = team_draft(rankings[0], rankings[1], count=count, seed=seed)
    sizes = [0, 0]
    taken: set[str] = set()
    slots = []
    for item_id, team in zip(draft.items, draft.teams, strict=True):
        best = [next((one for one in ranking if one not in taken), None) for ranking in rankings]
        by_coin = sizes[0] == sizes[1] and None not in best and best[0] != best[1]
        slots.append(structs.replace(known[team][item_id], arm=arms[team], propensity=0.5 if by_coin else 1.0))
        taken.add(item_id)
        sizes[team] += 1
    return slots


def with_even_odds(shelves: Shelves, blocked: NDArray[np.uint8], n_items: int) -> None:
    """Write down the chances of slots that were drawn evenly from the range: one over what was left to draw from.

    ``blocked`` uint8 is 0 for what could still be shown after them. Exact where no rule moves or pins a product.
    """
    for ready, filled in shelves:
        if ready.sources.names == (RANDOM_ITEMS,):
            left = int(np.count_nonzero(blocked[:n_items] == 0)) + len(filled.slots)
            filled.slots = [
                structs.replace(slot, propensity=1.0 / (left - at)) if slot.source == RANDOM_ITEMS else slot
                for at, slot in enumerate(filled.slots)
            ]
