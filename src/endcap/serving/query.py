"""From a request to a query: who asks, in row numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from endcap.core.events import KIND
from endcap.core.preferences import UNSTATED, Preferences, bears, folded
from endcap.core.query import Purchase, Query, Rows
from endcap.core.request import RecommendRequest
from endcap.serving.exposed import exposed, visit_began
from endcap.serving.interest import Interest, interest
from endcap.serving.items import NO_CATEGORY, ItemTable
from endcap.serving.moment import MOST_STEPS, moment
from endcap.serving.segments import segments
from endcap.serving.verdicts import verdicts
from endcap.stores.ports import Act, History, Stated

NO_ROWS: Rows = np.empty(0, dtype=np.int32)

_NONE: frozenset[str] = frozenset()
_PURCHASE, _REFUND = KIND["purchase"], KIND["refund"]
_TRADES = frozenset({_PURCHASE, _REFUND})


def build_query(
    request: RecommendRequest, past: History, items: ItemTable, now_ms: int, *, with_segments: bool = True
) -> Query:  # fmt: skip
    """The query of a request and the shopper's past. Ids that nobody knows are left out.

    ``with_segments`` asks for the segments too, which only rules with an audience need. Whoever wants no personal
    recommendations is asked for by page and cart alone; what they bought, own or dismissed stays out all the same.
    """
    newest_first = past.acts[::-1]
    preferences = preferences_of(past.stated)
    said = verdicts(newest_first, items.ids)
    bought = _kept_purchases(newest_first, items)
    anchor = items.row(request.item_id) if request.item_id is not None else -1
    exclude = items.rows(request.exclude)
    cart = _int32(items.rows(request.cart))
    if preferences.recommendations != "personal":
        return Query(
            now_ms=now_ms, anchor=anchor, cart=cart, history=NO_ROWS, exclude=_int32([*exclude, *(one.row for one in bought)]),
            trail=_int32([anchor] if anchor >= 0 else []), dismissed=_int32(said.dismissed), owned=_int32(said.owned),
            preferences=preferences, context=moment(request.context, 0.0, ()),
        )  # fmt: skip
    began_ms = visit_began(past, now_ms)
    unwanted = said.unwanted() | _bearing(newest_first, items, preferences.dislikes)
    found = interest(newest_first, items.ids, unwanted)
    seen = exposed(past, items.ids, began_ms, now_ms)
    trail, here = found.trail, moment(request.context, (now_ms - began_ms) / 1000, _path(past, found, items))
    told = segments(request, past, items, began_ms=began_ms, buyer=bool(bought), device=here.device) if with_segments else _NONE
    return Query(
        now_ms=now_ms, anchor=anchor, cart=cart, history=_int32(found.history), exclude=_int32(exclude), purchases=bought,
        trail=_int32(trail if anchor in (-1, *trail[:1]) else [anchor, *trail]), weights=found.weights,
        dismissed=_int32(said.dismissed), owned=_int32(said.owned), liked=_int32(said.liked), disliked=_int32(said.disliked),
        shown=_int32(seen.rows), shown_counts=np.array(seen.counts, np.float32), preferences=preferences, exposure=seen.exposure,
        context=here, segments=told,
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


def _int32(rows: Iterable[int]) -> Rows:
    known = list(rows)
    return np.array(known, dtype=np.int32) if known else NO_ROWS
