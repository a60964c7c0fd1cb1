"""What a shopper was shown lately, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from endcap.core.events import KIND
from endcap.core.exposure import UNEXPOSED, Exposure
from endcap.core.ids import IdMap
from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.serving.interest import VISIT_GAP_MS
from endcap.serving.verdicts import DISLIKED_UNTIL
from endcap.stores.ports import History

WEEK_MS = 7 * DAY_MS
FADES_MS = 2 * DAY_MS
"""How far back fatigue looks, and after how long having been seen counts half."""

MOST_SHOWN = 200
"""Of how many sightings it is asked what was passed over, the newest: every answer waits for it."""

_TAKEN = frozenset({KIND["click"], KIND["add_to_cart"], KIND["purchase"]})
_ACTED = _TAKEN | {KIND["view"], KIND["rating"]}
_DISMISS, _RATING = KIND["dismiss"], KIND["rating"]


@dataclass(frozen=True, slots=True)
class Exposed:
    """The rows that were seen in the last week without being acted on afterwards, newest first, how often (see Query), and the
    sums."""

    rows: list[int]
    counts: list[float]
    exposure: Exposure


def exposed(past: History, ids: IdMap, visit_began_ms: int, now_ms: int) -> Exposed:
    """What the shopper saw since a week before ``now_ms``. A sighting is known to the minute."""
    if not past.seen and not past.acts:
        return Exposed([], [], UNEXPOSED)
    since_ms = now_ms - WEEK_MS
    last_act, last_taken, dismissed = _answers(past, since_ms)
    ignored: dict[str, float] = {}
    taken: set[str] = set()
    in_session = in_week = 0
    for one in reversed(past.seen):
        at_ms, item_ids = one.minute * MINUTE_MS, one.item_ids
        if at_ms + MINUTE_MS <= since_ms:
            continue
        if in_week < MOST_SHOWN:
            fresh = 0.5 ** (max(now_ms - at_ms, 0) / FADES_MS)
            for item_id in _passed_over(item_ids, at_ms, last_act):
                ignored[item_id] = ignored.get(item_id, 0.0) + fresh
        if not last_taken.keys().isdisjoint(item_ids):
            taken.update(item_id for item_id in item_ids if last_taken.get(item_id, -1) >= at_ms)
        in_week += len(item_ids)
        if at_ms + MINUTE_MS > visit_began_ms:
            in_session += len(item_ids)
    known = [(row, count) for row, count in zip(ids.rows(ignored), ignored.values(), strict=True) if row >= 0]
    exposure = Exposure(session_seen=in_session, week_seen=in_week, week_taken=len(taken), week_dismissed=dismissed)
    return Exposed([row for row, _ in known], [count for _, count in known], exposure)


def _passed_over(item_ids: Sequence[str], at_ms: int, last_act: Mapping[str, int]) -> Sequence[str]:
    """What was seen at a time and not acted on since."""
    if last_act.keys().isdisjoint(item_ids):  # true of most, and much quicker than to look at each
        return item_ids
    return [item_id for item_id in item_ids if last_act.get(item_id, -1) < at_ms]


def visit_began(past: History, now_ms: int) -> int:
    """When the present visit began, in milliseconds: now, where the shopper rested too long since the last sign of life."""
    began = now_ms
    for at_ms in sorted(_signs(past), reverse=True):
        if began - at_ms > VISIT_GAP_MS:
            break
        began = min(began, at_ms)
    return began


def _signs(past: History) -> Sequence[int]:
    # A minute is as long as it lasts: what was seen in it may have been seen at its end.
    return [act.at_ms for act in past.acts] + [one.minute * MINUTE_MS for one in past.seen] + [one.at_ms for one in past.searches]


def _answers(past: History, since_ms: int) -> tuple[dict[str, int], dict[str, int], int]:
    """When each item was acted on last and taken up last, and how many dismissals there were."""
    last_act: dict[str, int] = {}
    last_taken: dict[str, int] = {}
    dismissed = 0
    for act in past.acts:
        if act.at_ms < since_ms:
            continue
        if act.kind in _ACTED:
            last_act[act.item_id] = act.at_ms
            if act.kind in _TAKEN:
                last_taken[act.item_id] = act.at_ms
        if (act.kind == _DISMISS and act.value != 0.0) or (
            act.kind == _RATING and act.value is not None and act.value <= DISLIKED_UNTIL
        ):
            dismissed += 1
    return last_act, last_taken, dismissed
