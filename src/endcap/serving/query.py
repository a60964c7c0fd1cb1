"""From a request to a query: who asks, in row numbers."""

from __future__ import annotations

import numpy as np

from endcap.core.query import Query, Rows
from endcap.core.request import RecommendRequest
from endcap.serving.items import ItemTable
from endcap.serving.moment import moment
from endcap.serving.person import NO_ROWS, People, Person, int32, person_of
from endcap.serving.segments import habits, segments
from endcap.stores.ports import History

_NONE: frozenset[str] = frozenset()


def build_query(
    request: RecommendRequest, past: History, items: ItemTable, now_ms: int, *, with_segments: bool = True,
    people: People | None = None, labels: frozenset[str] = _NONE,
) -> Query:  # fmt: skip
    """The query of a request and the shopper's past. Ids that nobody knows are left out.

    ``with_segments`` asks for the segments too, which only rules with an audience need; ``people`` remembers what was made of a
    past before; ``labels`` are segments that are known already. Whoever wants no personal recommendations is asked for by page
    and cart alone, and has no segments; what they bought, own or dismissed stays out all the same.
    """
    person = people.person(past, items, now_ms) if people is not None else person_of(past, items, now_ms)
    anchor = items.row(request.item_id) if request.item_id is not None else -1
    exclude = int32(items.rows(request.exclude)) if request.exclude else NO_ROWS
    cart = int32(items.rows(request.cart)) if request.cart else NO_ROWS
    if person.preferences.recommendations != "personal":
        bought = int32(one.row for one in person.purchases)
        return Query(
            now_ms=now_ms, anchor=anchor, cart=cart, history=NO_ROWS, exclude=np.concatenate([exclude, bought]),
            trail=int32([anchor] if anchor >= 0 else []), dismissed=person.dismissed, owned=person.owned,
            preferences=person.preferences, context=moment(request.context, 0.0, ()),
        )  # fmt: skip
    here = moment(request.context, max(0, now_ms - person.began_ms) / 1000, person.path)
    told = _NONE
    if with_segments:
        known = people.habits(past, items) if people is not None else _habits(past, items, person)
        told = segments(request, known, here.device) | labels
    return Query(
        now_ms=now_ms, anchor=anchor, cart=cart, history=person.history, exclude=exclude, purchases=person.purchases,
        trail=_led_by(anchor, person), weights=person.weights, dismissed=person.dismissed, owned=person.owned,
        liked=person.liked, disliked=person.disliked, shown=person.shown, shown_counts=person.shown_counts,
        preferences=person.preferences, exposure=person.exposure, context=here, segments=told,
    )  # fmt: skip


def _habits(past: History, items: ItemTable, person: Person) -> frozenset[str]:
    return habits(past, items, began_ms=person.began_ms, buyer=bool(person.purchases))


def _led_by(anchor: int, person: Person) -> Rows:
    """The trail, with the product of the page as its newest step."""
    if anchor < 0 or anchor == person.newest:
        return person.trail
    led = person.room_to_lead.copy()
    led[0] = anchor
    return led
