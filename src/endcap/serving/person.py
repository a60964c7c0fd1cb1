"""What is known of a shopper from their past alone, whatever they ask for: worked out once for several questions of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.core.events import KIND
from endcap.core.exposure import Exposure
from endcap.core.preferences import UNSTATED, Preferences, bears, folded
from endcap.core.query import Purchase, Rows
from endcap.core.time import MINUTE_MS
from endcap.serving.exposed import exposed, visit_began
from endcap.serving.interest import Interest, interest
from endcap.serving.items import NO_CATEGORY, ItemTable
from endcap.serving.moment import MOST_STEPS
from endcap.serving.segments import habits
from endcap.serving.verdicts import verdicts
from endcap.stores.ports import Act, History, Stated

NO_ROWS: Rows = np.empty(0, dtype=np.int32)

MOST_PEOPLE = 4_096
"""Of how many people it is remembered."""

_PURCHASE, _REFUND = KIND["purchase"], KIND["refund"]
_TRADES = frozenset({_PURCHASE, _REFUND})


@dataclass(frozen=True, slots=True)
class Person:
    """The fields of :class:`endcap.core.query.Query` that follow from a past. ``trail`` is without the product of a page, and
    ``room_to_lead`` is the trail behind a place for that product; ``newest`` is the first of it, -1 where there is none.
    ``began_ms`` is when the visit began, ``path`` the newest searches and categories."""

    history: Rows
    weights: NDArray[np.float32]
    room_to_lead: Rows
    purchases: tuple[Purchase, ...]
    dismissed: Rows
    owned: Rows
    liked: Rows
    disliked: Rows
    shown: Rows
    shown_counts: NDArray[np.float32]
    preferences: Preferences
    exposure: Exposure
    began_ms: int
    path: tuple[str, ...]
    newest: int

    @property
    def trail(self) -> Rows:
        """The acts, newest first."""
        return self.room_to_lead[1:]


class People:
    """Remembers the newest persons. What is made of a past changes with the past, the catalogue and the minute. One thread."""

    def __init__(self) -> None:
        self._of: tuple[ItemTable, int, int] | None = None
        self._known: dict[int, tuple[History, Person]] = {}
        self._habits: dict[int, frozenset[str]] = {}

    def person(self, past: History, items: ItemTable, now_ms: int) -> Person:
        """The person of a past: :func:`person_of`."""
        of = (items, items.changes, now_ms // MINUTE_MS)
        if self._of is None or self._of[0] is not items or self._of[1:] != of[1:] or len(self._known) >= MOST_PEOPLE:
            self._of, self._known, self._habits = of, {}, {}
        known = self._known.get(id(past))
        if known is None:
            # The past is kept with it, so that nothing else can have its identity.
            known = self._known[id(past)] = (past, person_of(past, items, now_ms))
        return known[1]

    def habits(self, past: History, items: ItemTable) -> frozenset[str]:
        """The segments that follow from a past whose person was asked for just before: :func:`endcap.serving.segments.habits`."""
        known = self._habits.get(id(past))
        if known is None:
            person = self._known[id(past)][1]
            known = self._habits[id(past)] = habits(past, items, began_ms=person.began_ms, buyer=bool(person.purchases))
        return known


def person_of(past: History, items: ItemTable, now_ms: int) -> Person:
    """What is known of a shopper at the end of the present minute: the same throughout it."""
    at_ms = (now_ms // MINUTE_MS + 1) * MINUTE_MS
    newest_first = past.acts[::-1]
    preferences = preferences_of(past.stated)
    said = verdicts(newest_first, items.ids)
    bought = _kept_purchases(newest_first, items)
    began_ms = visit_began(past, at_ms)
    unwanted = said.unwanted() | _bearing(newest_first, items, preferences.dislikes)
    found = interest(newest_first, items.ids, unwanted)
    seen = exposed(past, items.ids, began_ms, at_ms)
    return Person(
        history=int32(found.history), weights=found.weights, room_to_lead=int32([-1, *found.trail]), purchases=bought,
        dismissed=int32(said.dismissed), owned=int32(said.owned), liked=int32(said.liked), disliked=int32(said.disliked),
        shown=int32(seen.rows), shown_counts=np.array(seen.counts, np.float32), preferences=preferences, exposure=seen.exposure,
        began_ms=began_ms, path=_path(past, found, items), newest=found.trail[0] if found.trail else -1,
    )  # fmt: skip


def preferences_of(stated: Sequence[Stated]) -> Preferences:
    """The preferences that were stated, the rest as of somebody who never said anything."""
    return Preferences(**{one.field: one.value for one in stated}) if stated else UNSTATED  # type: ignore[arg-type]


def _bearing(acts: Sequence[Act], items: ItemTable, terms: Sequence[str]) -> set[int]:
    """The rows among the acts whose products bear one of the terms."""
    if not terms:
        return set()
    words = folded(terms)
    rows = set(items.ids.rows(act.item_id for act in acts))
    return {row for row in rows if row >= 0 and (item := items.items[row]) is not None and bears(item, words)}


def _path(past: History, found: Interest, items: ItemTable) -> tuple[str, ...]:
    """The newest searches and the categories of what was looked at, newest first, each once."""
    steps = [(one.at_ms, one.query) for one in past.searches]
    for row, at_ms in zip(found.history[:MOST_STEPS], found.at_ms, strict=False):
        if (code := int(items.leaf[row])) != NO_CATEGORY:
            steps.append((at_ms, items.category_name(code)))
    steps.sort(key=lambda step: -step[0])
    return tuple(dict.fromkeys(text for _, text in steps))[:MOST_STEPS]


def _kept_purchases(acts: Sequence[Act], items: ItemTable) -> tuple[Purchase, ...]:
    """The purchases that were not given back, newest first.

    A refund that names an order takes pieces from that order; any other from the newest purchases before it.
    """
    bought = [act for act in acts if act.kind in _TRADES]
    orders = {(act.order_id, act.item_id) for act in bought if act.kind == _PURCHASE and act.order_id is not None}
    returned: dict[tuple[str | None, str], int] = {}
    kept: list[Purchase] = []
    for act in bought:
        ordered: tuple[str | None, str] = (act.order_id, act.item_id)
        loose: tuple[str | None, str] = (None, act.item_id)
        if act.kind == _REFUND:
            key = ordered if ordered in orders else loose
            returned[key] = returned.get(key, 0) + act.quantity
            continue
        left = act.quantity
        for key in dict.fromkeys((ordered, loose)):
            back = min(left, returned.get(key, 0))
            if back:
                returned[key] -= back
                left -= back
        row = items.row(act.item_id)
        if left and row >= 0:
            kept.append(Purchase(row, act.at_ms))
    return tuple(kept)


def int32(rows: Iterable[int]) -> Rows:
    """The rows as an array."""
    known = list(rows)
    return np.array(known, dtype=np.int32) if known else NO_ROWS
