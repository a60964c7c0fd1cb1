"""Crawlers that look at pages are marked on the way in, so that whoever counts can leave them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from endcap.measurement.components import NUMBER
from endcap.measurement.follower import Follower
from tests.web.served import ORIGIN, Served, serving, view

CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def send(served: Served, kind: str, agent: str, **facts: Any) -> dict[str, Any] | None:
    headers = {"user-agent": agent, "origin": ORIGIN}
    assert served.post("/v1/events", view(**facts), kind, **headers).status_code == 202
    return served.stores.log.read()[-1].event.context


def test_a_crawlers_event_says_whose_it_is(served: Served) -> None:
    assert send(served, "browser", CRAWLER) == {"user_agent": CRAWLER}
    assert send(served, "browser", CRAWLER, event_id="e2", context={"page": 3}) == {"user_agent": CRAWLER, "page": 3}


def test_a_browsers_event_stays_as_it_was_sent(served: Served) -> None:
    assert send(served, "browser", PERSON) is None


def test_a_shops_server_is_no_crawler_whatever_it_calls_itself(served: Served) -> None:
    assert send(served, "server", "python-requests/2.32") is None


def test_what_a_shop_says_of_the_shopper_stays(served: Served) -> None:
    assert send(served, "browser", CRAWLER, context={"user_agent": "Mozilla/5.0"}) == {"user_agent": "Mozilla/5.0"}


def test_a_crawlers_answer_says_whose_it_is(served: Served) -> None:
    for agent in (CRAWLER, PERSON):
        body = {"placement": "home", "session_id": "s"}
        served.post("/v1/recommendations", body, "browser", **{"user-agent": agent, "origin": ORIGIN})
    served.site.shops["gifts"].decisions.stop()
    first, second = (one.request for _, one in served.stores.decisions.written())
    assert (CRAWLER.encode() in first, b"user_agent" in second) == (True, False)


def test_crawlers_are_in_no_sum_but_their_own(served: Served) -> None:
    send(served, "browser", CRAWLER)
    send(served, "browser", PERSON, event_id="e2")
    Follower(served.stores).catch_up()
    read = served.stores.measures.cells("day", 0, 10**14, [NUMBER["bots"], NUMBER["views"]])
    assert read.values.sum(axis=0).tolist() == [1, 1]
