from __future__ import annotations

from decimal import Decimal
from typing import Any

from endcap.core.events import Event, Line, LoggedEvent
from endcap.replay.outcomes import Outcome, Outcomes
from tests.crawling import CRAWLER

AT = 1_700_000_000_000


def taken(*told: tuple[str, dict[str, Any]]) -> Outcome:
    """What comes of an answer "r" that showed a mug of 3, told of these types of events and fields."""
    outcomes = Outcomes({"r": (AT, {"mug": Decimal(3)})})
    events = [
        Event(**{"event_id": f"e{n}", "type": kind, "at": AT + 1, "item_id": "mug", "recommendation_id": "r", **facts})
        for n, (kind, facts) in enumerate(told)
    ]
    outcomes.take([LoggedEvent(n, one) for n, one in enumerate(events, start=1)])
    return outcomes.of("r")


BUYS: dict[str, Any] = {"items": (Line(item_id="mug", quantity=2), Line(item_id="pot"))}


def test_what_is_done_with_what_was_shown_comes_of_the_answer() -> None:
    found = taken(("click", {}), ("click", {}), ("add_to_cart", {}), ("purchase", BUYS), ("view", {}))
    assert (found.clicked, found.carted, found.earned("mug"), found.earned("pot")) == ({"mug"}, {"mug"}, Decimal(6), Decimal(0))


def test_what_a_crawler_does_comes_of_no_answer() -> None:
    crawler = {"context": {"user_agent": CRAWLER}}
    assert taken(("click", crawler), ("add_to_cart", crawler), ("purchase", {**BUYS, **crawler})) == Outcome()
