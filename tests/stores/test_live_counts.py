from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from endcap.core.events import Event, Line, LoggedEvent
from endcap.core.time import HOUR_MS, MINUTE_MS
from endcap.stores import live_counts
from endcap.stores.live_counts import HALF_LIFE_MS, LiveCounts
from endcap.stores.memory.log import MemoryLog
from tests.crawling import crawled

AT = 1_700_000_000_000


def event(number: int, item: str = "mug", kind: str = "view", session: str | None = "s", **facts: Any) -> Event:
    at = AT + number * 1_000
    return Event(**{"event_id": f"e{number}", "type": kind, "at": at, "item_id": item, "session_id": session, **facts})


def counted(*events: Event, counts: LiveCounts | None = None) -> LiveCounts:
    counts = counts or LiveCounts()
    counts.take([LoggedEvent(number, one) for number, one in enumerate(events, start=1)])
    return counts


def totals(counts: LiveCounts) -> dict[str, float]:
    """What each item counts as of the newest act."""
    return {one: float(counts.counted.totals[number]) * counts.scale for number, one in enumerate(counts.ids)}


def partners(counts: LiveCounts, item: str) -> set[str]:
    return {counts.ids[number] for number in counts.counted.partners[counts.ids.row(item)].tolist() if number >= 0}


def test_acts_count_by_their_strength_and_once_a_visit() -> None:
    same: dict[str, Any] = {"at": AT}
    lines = (Line(item_id="mug"), Line(item_id="pot", quantity=9))
    order = Event(event_id="o", type="purchase", at=AT, session_id="s", items=lines)
    assert totals(counted(event(1, **same), event(2, **same))) == {"mug": 1.0}, "a view again is no other visitor"
    assert totals(counted(event(1, **same), event(2, kind="add_to_cart", **same))) == {"mug": 3.0}
    assert totals(counted(event(1, **same), event(2, kind="add_to_cart", **same), order)) == {"mug": 5.0, "pot": 5.0}
    assert totals(counted(event(1, **same), event(2, session="t", **same))) == {"mug": 2.0}


def test_what_is_no_act_of_interest_does_not_count() -> None:
    kinds = ("click", "dismiss", "own", "impression", "remove_from_cart")
    others = [event(number, kind=kind) for number, kind in enumerate(kinds)]
    assert totals(counted(*others, event(9, context={"dwell_ms": 5_000}))) == {}


def test_counts_halve_in_their_half_life() -> None:
    counts = counted(event(0), event(1, "pot", session="t", at=AT + HALF_LIFE_MS))
    assert totals(counts) == {"mug": 0.5, "pot": 1.0}


def test_years_of_counting_overflow_nothing() -> None:
    counts, at = LiveCounts(), AT
    for number in range(300):
        at += 40 * HALF_LIFE_MS
        counted(event(number, f"i{number % 3}", at=at), event(number, "pot", at=at), counts=counts)
    assert totals(counts) == pytest.approx({"i0": 2.0**-80, "i1": 2.0**-40, "i2": 1.0, "pot": 1.0})
    assert np.isfinite(counts.counted.counts).all()


def test_what_a_visit_looks_at_belongs_together() -> None:
    counts = counted(event(1), event(2, "pot"), event(3, "jug", session="t"), event(4, "cup", session=None))
    assert (partners(counts, "mug"), partners(counts, "pot"), partners(counts, "jug")) == ({"pot"}, {"mug"}, set())
    rested = counted(event(1), event(2, "pot", at=AT + HOUR_MS))
    assert partners(rested, "mug") == set(), "another visit, after a rest"


def test_a_server_that_names_the_user_alone_is_followed_too() -> None:
    counts = counted(event(1, session=None, user_id="ann"), event(2, "pot", session=None, user_id="ann"))
    assert partners(counts, "mug") == {"pot"}


def test_the_visit_that_was_silent_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_counts, "MOST_VISITS", 2)
    counts = LiveCounts()
    looks = [("mug", "a"), ("pot", "b"), ("jug", "a"), ("cup", "c"), ("tin", "a"), ("box", "b")]
    counted(*[event(number, item, session=visit) for number, (item, visit) in enumerate(looks)], counts=counts)
    assert partners(counts, "tin") == {"mug", "jug"}
    assert partners(counts, "box") == partners(counts, "cup") == set(), "b was forgotten for c, and comes back in its place"


def test_ids_of_strangers_do_not_fill_the_memory() -> None:
    counts = LiveCounts(most_items=1_500)
    counted(*[event(number, f"i{number}", session=f"s{number}") for number in range(3_000)], counts=counts)
    assert (len(counts.ids), len(counts.counted.totals)) == (1_500, 2_048)
    assert totals(counts)["i7"] > 0


def test_a_restart_counts_the_same() -> None:
    log = MemoryLog()
    counts = LiveCounts()
    rng = np.random.default_rng(7)
    kinds, step_ms = ["view", "view", "view", "add_to_cart"], 10 * MINUTE_MS
    for start in range(0, 600, 25):
        events = [
            event(number, f"i{rng.zipf(1.5) % 90}", kinds[rng.integers(4)], f"s{rng.integers(40)}", at=AT + number * step_ms)
            for number in range(start, start + 25)
        ]
        counts.take(log.append(events).logged)
    again = LiveCounts.of_log(log, log.last_seq())
    assert list(again.ids) == list(counts.ids)
    for mine, other in zip(again.counted, counts.counted, strict=True):
        np.testing.assert_array_equal(mine[: len(again.ids)], other[: len(counts.ids)])
    assert again.scale == counts.scale
    newest = LiveCounts.of_log(log, log.last_seq(), most=100)
    assert 0 < len(newest.ids) < len(counts.ids)


def test_crawlers_make_nothing_trend_and_put_nothing_together() -> None:
    people = [event(number, f"i{number % 7}", session=f"s{number // 3}") for number in range(200)]
    items = [f"i{number}" for number in range(7)]
    bots = crawled(10_000, items, AT, AT + 200_000, session_id="s1")
    both = sorted([*people, *bots], key=lambda one: one.at_ms)
    alone, crowded = counted(*people), counted(*both)
    assert list(crowded.ids) == list(alone.ids)
    assert all((one == other).all() for one, other in zip(alone.counted, crowded.counted, strict=True))
    assert (crowded.position, crowded.scale) == (len(both), alone.scale)
