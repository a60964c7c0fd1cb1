from __future__ import annotations

import msgspec
import pytest

from endcap.core.events import Event, Line, LoggedEvent
from endcap.core.placement import Exploration
from endcap.core.request import Reason, Recommendation, RecommendResponse
from endcap.core.time import DAY_MS
from endcap.serving.allocation import HALF_LIFE_MS, Allocation
from tests.crawling import CRAWLER

AT_MS = 1_700_000_000_000


def answer(recommendation_id: str = "r", **sources: str) -> RecommendResponse:
    items = [
        Recommendation(
            item_id=item_id, position=n, score=1.0, price=None, reason=Reason("popular", "Popular"), shelf="shelf", source=source
        )
        for n, (item_id, source) in enumerate(sources.items())
    ]
    return RecommendResponse(
        recommendation_id=recommendation_id, placement="spot", bundle=None, items=items, shelves=[], degraded=[], notes=[]
    )


def event(kind: str, *item_ids: str, n: int = 0, recommendation_id: str = "r", at_ms: int = AT_MS) -> LoggedEvent:
    items = tuple(Line(item_id=one) for one in item_ids)
    return LoggedEvent(
        n, Event(event_id=f"e{n}", type=kind, at=at_ms, items=items, item_id=item_ids[0], recommendation_id=recommendation_id)  # type: ignore[arg-type]
    )  # fmt: skip


def counting(*answers: RecommendResponse) -> Allocation:
    kept = {one.recommendation_id: one for one in answers}
    return Allocation(kept.get)


def test_what_is_seen_and_taken_is_credited_to_its_source() -> None:
    shelf = counting(answer(mug="near", cup="near", lamp="popular"))
    shelf.take([event("impression", "mug", "cup", "lamp"), event("click", "mug", n=1)])
    assert shelf.counts("spot", "shelf", "near") == (2.0, 1.0)
    assert shelf.counts("spot", "shelf", "popular") == (1.0, 0.0)


def test_late_repeated_and_shuffled_events_count_once() -> None:
    events = [event("impression", "mug", "cup"), event("click", "mug", n=1), event("add_to_cart", "mug", n=2),
              event("click", "mug", n=3), event("impression", "mug", n=4)]  # fmt: skip
    forwards, backwards = counting(answer(mug="near", cup="near")), counting(answer(mug="near", cup="near"))
    forwards.take(events)
    backwards.take(events[::-1])
    assert forwards.counts("spot", "shelf", "near") == backwards.counts("spot", "shelf", "near") == (2.0, 1.0)


def test_what_nobody_answered_is_credited_to_nobody() -> None:
    shelf = counting(answer(mug="near"))
    shelf.take([event("click", "mug", recommendation_id="other"), event("click", "lamp", n=1)])
    assert shelf.counts("spot", "shelf", "near") == (0.0, 0.0)


def test_the_better_source_is_asked_more_and_none_less_than_the_floor() -> None:
    answers = [answer(f"r{n}", mug="near", lamp="popular") for n in range(200)]
    shelf = counting(*answers)
    equal = shelf.draws("spot", "shelf", ("near", "popular"), 0.05)
    assert equal.tolist() == pytest.approx([0.5, 0.5])
    for n in range(200):
        shelf.take([event("impression", "mug", "lamp", n=2 * n, recommendation_id=f"r{n}")])
        if n % 5 == 0:
            shelf.take([event("click", "mug", n=2 * n + 1, recommendation_id=f"r{n}")])
    found = shelf.draws("spot", "shelf", ("near", "popular"), 0.05)
    assert found[0] > 0.9
    assert found[1] == pytest.approx(0.05, abs=1e-3)
    assert Exploration().floor == 0.05


def test_what_was_long_ago_counts_less() -> None:
    shelf = counting(answer("old", mug="near"), answer("new", lamp="popular"))
    shelf.take([event("impression", "mug", recommendation_id="old", at_ms=AT_MS)])
    shelf.take([event("impression", "lamp", n=1, recommendation_id="new", at_ms=AT_MS + HALF_LIFE_MS)])
    assert shelf.counts("spot", "shelf", "near")[0] == pytest.approx(0.5)
    # And an event that comes late counts as old as it is.
    late = counting(answer("old", mug="near"), answer("new", lamp="popular"))
    late.take([event("impression", "lamp", n=1, recommendation_id="new", at_ms=AT_MS + HALF_LIFE_MS)])
    late.take([event("impression", "mug", recommendation_id="old", at_ms=AT_MS)])
    assert late.counts("spot", "shelf", "near")[0] == pytest.approx(0.5)
    assert HALF_LIFE_MS % DAY_MS == 0


def test_a_crawlers_clicks_are_credited_to_no_source() -> None:
    shelf = counting(answer(mug="near"))
    clicks = [event(kind, "mug", n=number) for number, kind in enumerate(("impression", "click", "purchase"))]
    agent = {"user_agent": CRAWLER}
    shelf.take([LoggedEvent(one.seq, msgspec.structs.replace(one.event, context=agent)) for one in clicks])
    assert shelf.counts("spot", "shelf", "near") == (0.0, 0.0)
