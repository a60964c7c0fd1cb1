"""Why a product is not in an answer: the step that took it out."""

from __future__ import annotations

from collections.abc import Sequence

from endcap.core.request import WhyNot
from endcap.serving.barring import labels
from endcap.serving.items import ItemTable
from endcap.serving.shelf import Filled, ShelfFiller
from endcap.serving.state import ReadyShelf


def why_not(item_id: str, items: ItemTable, filler: ShelfFiller, filled: Sequence[tuple[ReadyShelf, Filled]]) -> WhyNot:
    """What kept a product out of an answer that was just made with ``filler``."""
    row = items.row(item_id)
    if row < 0:
        return WhyNot(item_id=item_id, verdict="nobody knows a product of this id")
    item = items.items[row]
    if item is None:
        return WhyNot(item_id=item_id, verdict="it is known from events only: the catalogue has no such product")
    for ready, part in filled:
        for place, slot in enumerate(part.slots):
            if slot.row == row:
                return WhyNot(item_id=item_id, verdict=f"it is shown: place {place + 1} of {ready.shelf.name}")
    code = filler.code(row)
    if code:
        return WhyNot(item_id=item_id, verdict=_words(labels(filler.rules)[code], filler, row))
    shelves = {ready.shelf.name: part.fates.get(row, "no source proposed it") for ready, part in filled}
    if not shelves:
        return WhyNot(item_id=item_id, verdict="nothing was to be shown at all: see the notes of the answer")
    return WhyNot(item_id=item_id, verdict="nothing forbids it; the shelves say more", shelves=shelves)


def _words(label: str, filler: ShelfFiller, row: int) -> str:
    """The reason that came first, and the rules that would have kept it out all the same."""
    others = [one.label for one in filler.rules.effects(row) if one.does == "removes" and one.label != label]
    return f"{label}; also {', '.join(others)}" if others else label
