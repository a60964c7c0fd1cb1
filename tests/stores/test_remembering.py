from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from endcap.core.events import KIND, Event, Line, LoggedEvent
from endcap.core.time import DAY_MS, MINUTE_MS
from endcap.stores.ports import NO_HISTORY, Act, History, Search, Seen, Stated
from endcap.stores.remembering import (
    KEEP_ACTS,
    KEEP_PURCHASES,
    KEEP_SAID,
    KEEP_SEARCHES,
    KEEP_SEEN,
    KEEP_SEEN_DAYS,
    REMEMBERED,
    SLACK,
    joined,
    remembered,
    sharing,
)

AT = 1_700_000_000_000
MINUTE = AT // MINUTE_MS


def told(*events: dict[str, Any], start: History = NO_HISTORY) -> History:
    """The history after these events, each a second after the one before."""
    history = start
    for number, facts in enumerate(events, start=start.last_seq + 1):
        event = Event(**{"event_id": f"e{number}", "at": AT + number * 1_000, "session_id": "s", **facts})
        history = remembered(history, LoggedEvent(number, event))
    return history


def view(item: str = "mug", **facts: Any) -> dict[str, Any]:
    return {"type": "view", "item_id": item, **facts}


def impression(*items: str, **facts: Any) -> dict[str, Any]:
    return {"type": "impression", "items": tuple(Line(item_id=one) for one in items), **facts}


def test_a_flood_of_impressions_pushes_out_nothing() -> None:
    flood = [impression(f"i{number}", at=AT + number * MINUTE_MS) for number in range(2 * KEEP_SEEN)]
    history = told(view(), {"type": "dismiss", "item_id": "lamp"}, {"type": "search", "query": "cup"}, *flood)
    assert [act.item_id for act in history.acts] == ["mug", "lamp"]
    assert [one.query for one in history.searches] == ["cup"]
    assert sum(len(one.item_ids) for one in history.seen) == KEEP_SEEN
    assert history.seen[-1].item_ids == (f"i{2 * KEEP_SEEN - 1}",)


def test_a_flood_of_views_pushes_out_nothing_that_was_said_or_bought() -> None:
    said: list[dict[str, Any]] = [{"type": "own", "item_id": "pot"}, {"type": "rating", "item_id": "jug", "rating": 5}]
    bought = {"type": "purchase", "items": (Line(item_id="lamp"),)}
    history = told(*said, bought, impression("bowl"), *[view() for _ in range(5 * KEEP_ACTS)])
    assert [act.item_id for act in history.acts[:3]] == ["pot", "jug", "lamp"]
    assert KEEP_ACTS <= len(history.acts) - 3 <= KEEP_ACTS + SLACK
    assert history.seen == (Seen(MINUTE, ("bowl",)),)


def test_everything_is_bounded() -> None:
    said = [{"type": "dismiss", "item_id": f"i{number}"} for number in range(3 * KEEP_SAID)]
    searches = [{"type": "search", "query": f"q{number}"} for number in range(30)]
    orders = [{"type": "purchase", "items": tuple(Line(item_id=f"{n}-{line}") for line in range(900))} for n in range(3)]
    history = told(*said, *searches, *orders)
    kinds = [act.kind for act in history.acts]
    assert KEEP_SAID <= kinds.count(KIND["dismiss"]) <= KEEP_SAID + SLACK
    assert KEEP_PURCHASES <= kinds.count(KIND["purchase"]) <= KEEP_PURCHASES + SLACK
    assert [one.query for one in history.searches] == [f"q{number}" for number in range(30)][-KEEP_SEARCHES:]


def test_what_was_seen_is_counted_once_a_minute_and_forgotten_after_a_week() -> None:
    history = told(impression("mug", "mug", "pot"), impression("mug", "jug"), impression("mug", at=AT + MINUTE_MS))
    assert history.seen == (Seen(MINUTE, ("mug", "pot", "jug")), Seen(MINUTE + 1, ("mug",)))
    later = told(impression("lamp", at=AT + (KEEP_SEEN_DAYS + 1) * DAY_MS), start=history)
    assert [one.item_ids for one in later.seen] == [("lamp",)]


def test_how_long_a_view_lasted_belongs_to_the_newest_view_of_the_item() -> None:
    history = told(view(), view(), view("pot"), view(context={"dwell_ms": 5_000}), view(context={"dwell_ms": 3_000}))
    assert [(act.seq, act.item_id, act.value) for act in history.acts] == [
        (1, "mug", None),
        (2, "mug", 5_000.0),
        (3, "pot", None),
    ]
    assert told(view("pot", context={"dwell_ms": 5_000})).acts == (), "of no view that is known"


def test_what_a_rating_gave_and_what_was_taken_back() -> None:
    history = told(
        {"type": "rating", "item_id": "mug", "rating": 4},
        {"type": "rating", "item_id": "mug", "rating": 1, "context": {"scale": 1}},
        {"type": "dismiss", "item_id": "mug"}, {"type": "dismiss", "item_id": "mug", "context": {"undo": True}},
        {"type": "own", "item_id": "mug", "context": {"undo": True}},
    )  # fmt: skip
    assert [act.value for act in history.acts] == [0.8, 1.0, None, 0.0, 0.0]


def test_the_newest_word_counts_field_by_field() -> None:
    first = {"type": "survey", "context": {"likes": ["Oak"], "recommendations": "none", "nps": 9}}
    second = {"type": "preference", "context": {"likes": ["Ash", "Elm"], "name": "Kim"}}
    assert told(first, second).stated == (
        Stated(2, "likes", ("Ash", "Elm")), Stated(2, "name", "Kim"), Stated(1, "recommendations", "none"),
    )  # fmt: skip


def test_a_guest_who_logs_in_keeps_what_they_saw_said_and_prefer() -> None:
    opted_out = {"type": "preference", "context": {"recommendations": "impersonal", "likes": ["Oak"]}}
    user = told(opted_out, impression("mug"), view("pot"))
    guest = told(
        view("jug"), impression("mug", "cup"), {"type": "rating", "item_id": "jug", "rating": 5},
        {"type": "preference", "context": {"likes": ["Ash"]}}, {"type": "search", "query": "tea"}, start=History(10),
    )  # fmt: skip
    both = joined(user, guest, 99)
    assert both == joined(guest, user, 99)
    assert (both.last_seq, [act.item_id for act in both.acts]) == (99, ["pot", "jug", "jug"])
    assert both.acts[-1].value == 1.0
    assert both.seen == (Seen(MINUTE, ("mug", "cup")),)
    assert both.searches == (Search(15, AT + 15_000, "tea"),)
    assert both.stated == (Stated(14, "likes", ("Ash",)), Stated(1, "recommendations", "impersonal"))


def test_what_two_hold_in_common_counts_once() -> None:
    history = told(view(), impression("mug"), {"type": "search", "query": "tea"}, {"type": "survey", "context": {"name": "Kim"}})
    assert joined(history, history, history.last_seq) == history
    longer = told(view(context={"dwell_ms": 5_000}), start=history)
    assert joined(history, longer, 9).acts == joined(longer, history, 9).acts == longer.acts


def test_histories_of_an_older_version_are_read() -> None:
    older = msgspec.msgpack.encode([7, [[3, AT, KIND["view"], "mug"], [7, AT, KIND["purchase"], "pot", 2, "A-1"]]])
    assert msgspec.msgpack.decode(older, type=History) == History(
        7, (Act(3, AT, KIND["view"], "mug"), Act(7, AT, KIND["purchase"], "pot", 2, "A-1"))
    )


_ids = st.sampled_from(["mug", "pot", "jug"])
_events = st.one_of(
    st.builds(view, _ids, context=st.sampled_from([None, {"dwell_ms": 700}])),
    st.builds(impression, _ids, _ids),
    st.builds(lambda kind, item, undo: {"type": kind, "item_id": item, "context": {"undo": undo}},
              st.sampled_from(["dismiss", "own"]), _ids, st.booleans()),
    st.builds(lambda item, stars: {"type": "rating", "item_id": item, "rating": stars}, _ids, st.integers(0, 5)),
    st.builds(lambda words: {"type": "preference", "context": {"likes": words}}, st.lists(_ids)),
    st.builds(lambda text: {"type": "search", "query": text}, _ids),
)  # fmt: skip


@given(st.lists(_events, max_size=30))
def test_what_is_kept_comes_back_as_it_was(events: list[dict[str, Any]]) -> None:
    history = told(*events)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(history), type=History) == history == sharing(history, str)
    assert history.last_seq == len([one for one in events if one["type"] in REMEMBERED])


@given(st.lists(_events, max_size=20), st.integers(0, 20))
def test_a_visit_in_two_halves_is_the_whole_visit(events: list[dict[str, Any]], cut: int) -> None:
    events = [one for one in events if "dwell_ms" not in (one.get("context") or {})]  # which is told of a view in the other half
    first, whole = told(*events[:cut]), told(*events)
    second = told(*events[cut:], start=History(len(events[:cut])))
    assert joined(first, second, len(events)) == whole
