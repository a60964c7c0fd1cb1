from __future__ import annotations

import pytest

from endcap.core.events import KIND
from endcap.core.exposure import UNEXPOSED, Exposure
from endcap.core.ids import IdMap
from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.serving.exposed import Exposed, exposed, visit_began
from endcap.stores.ports import Act, History, Search, Seen

IDS = IdMap(["mug", "pot", "jug"])
MINUTE = 28_333_333
NOW = MINUTE * MINUTE_MS + 30_000


def seen(minutes_ago: int, *items: str) -> Seen:
    return Seen(MINUTE - minutes_ago, items)


def act(kind: str, item: str, minutes_ago: int = 0, value: float | None = None) -> Act:
    return Act(1, NOW - minutes_ago * MINUTE_MS, KIND[kind], item, value=value)


def found(*acts: Act, saw: tuple[Seen, ...] = ()) -> Exposed:
    past = History(1, acts, saw)
    return exposed(past, IDS, visit_began(past, NOW), NOW)


def test_what_was_seen_is_counted_by_visit_and_week() -> None:
    day = DAY_MS // MINUTE_MS
    saw = (seen(8 * day, "mug"), seen(2 * day, "mug", "pot"), seen(20, "pot", "gone"), seen(1, "jug"))
    both = found(saw=saw)
    assert both.exposure == Exposure(session_seen=3, week_seen=5)
    assert both.rows == [2, 1, 0], "newest first, what the catalogue does not know left out"
    assert both.counts == pytest.approx([1.0, 1.5, 0.5], rel=1e-2), "half as much after two days"


def test_what_was_acted_on_afterwards_is_not_ignored() -> None:
    saw = (seen(20, "mug", "pot", "jug"), seen(5, "pot"))
    later = found(act("click", "mug", 10), act("view", "pot", 10), saw=saw)
    assert later.rows == [1, 2], "the pot was seen once more since"
    assert later.exposure == Exposure(session_seen=4, week_seen=4, week_taken=1), "a view alone takes nothing up"
    before = found(act("click", "mug", 30), saw=saw)
    assert before.rows == [1, 0, 2]
    assert before.exposure.week_taken == 0


def test_dismissals_and_thumbs_down_of_the_week_are_counted() -> None:
    acts = (
        act("dismiss", "mug"), act("dismiss", "pot", value=0.0), act("rating", "jug", value=0.0), act("rating", "mug", value=1.0),
        act("dismiss", "jug", 8 * 24 * 60),
    )  # fmt: skip
    assert found(*acts).exposure == Exposure(week_dismissed=2)


def test_nobody_was_shown_anything() -> None:
    assert found().exposure is UNEXPOSED


def test_a_visit_began_after_the_last_long_rest() -> None:
    past = History(1, (act("view", "mug", 90), act("view", "mug", 25)), (seen(50, "pot"),), (Search(1, NOW, "tea"),))
    assert visit_began(past, NOW) == (MINUTE - 50) * MINUTE_MS
    assert visit_began(past, NOW + 31 * MINUTE_MS) == NOW + 31 * MINUTE_MS, "this is another visit"
    assert visit_began(History(0), NOW) == NOW
