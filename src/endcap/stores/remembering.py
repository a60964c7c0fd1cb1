"""What becomes of a person's history with each event: pure functions from a history to the next.

Acts are remembered by kind, what was seen and searched for beside them, each with a bound of its own, so that no flood of one
pushes out another. A guest who logs in (``identify``) keeps all of it; of what was stated the newest word on each field counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from endcap.core.events import KIND, Event, LoggedEvent
from endcap.core.meaning import dwell_ms, is_taken_back, rating_share, stated, usage_share
from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.stores.ports import Act, History, Search, Seen, Stated

ACTS = frozenset({"view", "click", "add_to_cart", "remove_from_cart", "purchase", "refund", "rating", "dismiss", "own", "usage"})
REMEMBERED = ACTS | {"impression", "search", "preference", "survey"}
"""The event types that are part of a person's history, and those of them that are acts on products."""

KEEP_ACTS = 100
"""How many acts are remembered of a person that are neither purchases nor something said of a product."""

SLACK = 50
"""How many more may gather before a history is cut: cutting at every event would cost more than the event."""

KEEP_PURCHASES = 1_000
"""How many purchases and refunds are remembered, so that what was bought lately is known however much was viewed since."""

KEEP_SAID = 300
"""How many ratings, dismissals, "I own this" and usages are remembered: they hold for longer than a view."""

KEEP_SEEN = 1_000
KEEP_SEEN_DAYS = 7
"""How many products that were seen are remembered, and how long: the week that fatigue is counted in, and more than it allows."""

KEEP_SEARCHES = 5

KEPT = {
    "views, clicks, what went into the cart and out of it": KEEP_ACTS,
    "purchases and refunds, by line": KEEP_PURCHASES,
    "ratings, dismissals, what is owned and how far it is used up": KEEP_SAID,
    f"products seen in the last {KEEP_SEEN_DAYS} days": KEEP_SEEN,
    "searches": KEEP_SEARCHES,
}
"""How much is remembered of a person at least, where there is so much."""

_TRADED = frozenset({KIND["purchase"], KIND["refund"]})
_SAID = frozenset({KIND["rating"], KIND["dismiss"], KIND["own"], KIND["usage"]})
_VIEW = KIND["view"]

Shared = Callable[[str], str]
"""Gives the one copy of an item id that all histories share."""


def remembered(history: History, one: LoggedEvent, shared: Shared = str) -> History:
    """The history with one more event, which is newer than all in it and of a type that is :data:`REMEMBERED`."""
    event, seq = one.event, one.seq
    acts, seen, searches, said = history.acts, history.seen, history.searches, history.stated
    if event.type == "impression":
        seen = _with_seen(seen, event.at_ms, [shared(line.item_id) for line in event.lines])
    elif event.type == "search":
        searches = (*searches, Search(seq, event.at_ms, event.query or ""))[-KEEP_SEARCHES:]
    elif event.type in ACTS:
        lasted = dwell_ms(event)
        acts = _trimmed(acts + _acts(one, shared)) if lasted is None else _lasted(acts, event.item_id, lasted)
    else:
        said = _newest((*said, *(Stated(seq, field, value) for field, value in stated(event).items())))
    return History(seq, acts, seen, searches, said, history.user_id)


def joined(left: History, right: History, seq: int, user_id: str | None = None) -> History:
    """Both as one history, with the log up to ``seq``: each act, sighting and search once, of what was stated the newest.

    It is the history of ``user_id``, or of whom either of them is.
    """
    return History(
        seq, _trimmed(_merged_acts(left.acts, right.acts)), _merged_seen(left.seen, right.seen),
        _merged_searches(left.searches, right.searches), _newest(left.stated + right.stated),
        user_id or left.user_id or right.user_id,
    )  # fmt: skip


def sharing(history: History, shared: Shared) -> History:
    """The same history, its item ids those that all histories share."""
    acts = tuple(
        Act(one.seq, one.at_ms, one.kind, shared(one.item_id), one.quantity, one.order_id, one.value) for one in history.acts
    )
    seen = tuple(Seen(one.minute, tuple(map(shared, one.item_ids))) for one in history.seen)
    return History(history.last_seq, acts, seen, history.searches, history.stated, history.user_id)


def _acts(one: LoggedEvent, shared: Shared) -> tuple[Act, ...]:
    event, kind = one.event, KIND[one.event.type]
    if event.items is None and event.item_id is not None:  # by far the most common: no need to make lines of it
        value = None
        if kind in _SAID:
            value = _said(event)
        return (Act(one.seq, event.at_ms, kind, shared(event.item_id), event.quantity or 1, None, value),)
    order, seq, at_ms = event.order_id, one.seq, event.at_ms
    return tuple(Act(seq, at_ms, kind, shared(line.item_id), line.quantity, order) for line in event.lines)


def _said(event: Event) -> float | None:
    """The value of what was said of a product."""
    if event.type == "rating":
        return rating_share(event)
    if event.type == "usage":
        return usage_share(event)
    return 0.0 if is_taken_back(event) else None


def _lasted(acts: tuple[Act, ...], item_id: str | None, ms: float) -> tuple[Act, ...]:
    """The acts, the newest view of the item lasting so long; one that was told longer before stays so."""
    for at in range(len(acts) - 1, -1, -1):
        act = acts[at]
        if act.kind == _VIEW and act.item_id == item_id:
            longer = Act(act.seq, act.at_ms, _VIEW, act.item_id, act.quantity, act.order_id, max(ms, act.value or 0.0))
            return (*acts[:at], longer, *acts[at + 1 :])
    return acts


def _with_seen(seen: tuple[Seen, ...], at_ms: int, item_ids: Iterable[str]) -> tuple[Seen, ...]:
    minute = at_ms // MINUTE_MS
    if seen and seen[-1].minute == minute:
        return (*seen[:-1], Seen(minute, tuple(dict.fromkeys((*seen[-1].item_ids, *item_ids)))))
    return _trimmed_seen((*seen, Seen(minute, tuple(dict.fromkeys(item_ids)))))


def _trimmed_seen(seen: tuple[Seen, ...]) -> tuple[Seen, ...]:
    since = max(one.minute for one in seen) - KEEP_SEEN_DAYS * DAY_MS // MINUTE_MS
    kept = seen if seen[0].minute >= since else tuple(one for one in seen if one.minute >= since)
    excess = sum(len(one.item_ids) for one in kept) - KEEP_SEEN
    while excess > 0:
        excess -= len(kept[0].item_ids)
        kept = kept[1:]
    return kept


def _merged_seen(left: tuple[Seen, ...], right: tuple[Seen, ...]) -> tuple[Seen, ...]:
    if not left or not right or left == right:
        return left or right
    minutes: dict[int, dict[str, None]] = {}
    for one in (*left, *right):
        minutes.setdefault(one.minute, {}).update(dict.fromkeys(one.item_ids))
    return _trimmed_seen(tuple(Seen(minute, tuple(minutes[minute])) for minute in sorted(minutes)))


def _merged_acts(left: tuple[Act, ...], right: tuple[Act, ...]) -> tuple[Act, ...]:
    if not left or not right or left == right:
        return left or right
    both = {(act.seq, act.item_id): act for act in left}
    for act in right:
        known = both.get((act.seq, act.item_id))
        if known is None or (known.value or 0.0) < (act.value or 0.0):  # one of them was told how long the view lasted
            both[act.seq, act.item_id] = act
    return tuple(sorted(both.values(), key=lambda act: act.seq))


def _merged_searches(left: tuple[Search, ...], right: tuple[Search, ...]) -> tuple[Search, ...]:
    both = {one.seq: one for one in (*left, *right)}
    return tuple(both[seq] for seq in sorted(both))[-KEEP_SEARCHES:]


def _newest(said: tuple[Stated, ...]) -> tuple[Stated, ...]:
    newest = {one.field: one for one in sorted(said, key=lambda one: one.seq)}
    return tuple(newest[field] for field in sorted(newest))


def _trimmed(acts: tuple[Act, ...]) -> tuple[Act, ...]:
    if len(acts) <= KEEP_ACTS + SLACK:
        return acts
    traded = [act for act in acts if act.kind in _TRADED]
    said = [act for act in acts if act.kind in _SAID]
    passing = len(acts) - len(traded) - len(said)
    if passing <= KEEP_ACTS + SLACK and len(traded) <= KEEP_PURCHASES + SLACK and len(said) <= KEEP_SAID + SLACK:
        return acts
    others = [act for act in acts if act.kind not in _TRADED and act.kind not in _SAID]
    return tuple(sorted(traded[-KEEP_PURCHASES:] + said[-KEEP_SAID:] + others[-KEEP_ACTS:], key=lambda act: act.seq))
