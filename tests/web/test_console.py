"""The console: who may see it, what it shows, and that it asks the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import msgspec
import pytest
from starlette.testclient import TestClient

from endcap.core.time import HOUR_MS
from endcap.measurement.watch.alarms import Alarm
from endcap.measurement.watch.notes import WatchReport
from endcap.web.console.health import alarms
from tests.web.served import NOW_MS, Served, serving, view


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.fixture
def open_here() -> Iterator[Served]:
    with serving(open_console=True) as running:
        yield running


def log_in(served: Served, kind: str = "admin") -> int:
    answer = served.client.post("/console/login", data={"key": served.key[kind]}, follow_redirects=False)
    return answer.status_code


def test_without_a_session_the_console_asks_for_an_admin_key(served: Served) -> None:
    page = served.client.get("/console")
    assert page.url.path == "/console/login"
    assert "Overview" not in page.text
    assert served.client.get("/console/items?q=mug").status_code == 401


def test_an_admin_key_opens_it_and_others_do_not(served: Served) -> None:
    assert log_in(served, "server") == 403
    assert log_in(served, "browser") == 403
    answer = served.client.post("/console/login", data={"key": served.key["admin"]}, follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert (answer.status_code, "httponly" in cookie, "samesite=strict" in cookie) == (303, True, True)
    assert served.key["admin"] not in answer.headers["set-cookie"]
    assert "Overview</h1>" in served.client.get("/console").text
    served.client.post("/console/logout")
    assert served.client.get("/console").url.path == "/console/login"


def test_a_revoked_key_ends_the_session(served: Served) -> None:
    assert log_in(served) == 303
    for info in served.keys.list():
        if info.kind == "admin":
            served.keys.revoke(info.fingerprint)
    served.client.portal.call(served.site.refresh)  # type: ignore[union-attr]
    assert served.client.get("/console").url.path == "/console/login"


def test_wrong_keys_are_slowed_down(served: Served) -> None:
    for _ in range(10):
        assert served.client.post("/console/login", data={"key": "guess"}).status_code == 401
    assert log_in(served) == 429


def test_the_open_console_is_open_on_this_machine_alone(open_here: Served) -> None:
    assert "Overview</h1>" in open_here.client.get("/console").text
    # Another site may let its own name point at this machine; then the name gives it away.
    assert open_here.client.get("/console", headers={"host": "evil.example"}).url.path == "/console/login"
    far = TestClient(open_here.client.app, client=("10.0.0.9", 5), base_url="http://127.0.0.1")
    assert far.get("/console").url.path == "/console/login"


def test_it_shows_the_state_of_the_data(open_here: Served) -> None:
    open_here.post("/v1/events", [view("e1", user_id="ann"), {"event_id": "o", "type": "purchase", "at": 1_699_000_000_000,
                                  "user_id": "bob", "items": [{"item_id": "mug"}]}])  # fmt: skip
    open_here.post("/v1/events", view("e1", item_id="spoon"))
    page = " ".join(open_here.client.get("/console/health").text.split())
    for name, value in {"Events": 2, "Orders": 1, "Customers": 2, "Products": 3, "Quarantine": 1, "Time span": "12 days"}.items():
        assert f'<span class="name">{name}</span><strong>{value}</strong>' in page
    assert "Nothing was trained yet" in page
    assert "<code>e1</code>" in page, "what was set aside is shown"


def test_it_asks_the_engine_and_shows_reasons_and_the_trace(open_here: Served) -> None:
    page = open_here.client.get(
        "/console/try", params={"placement": "home", "session_id": "s", "cart": "mug, spoon", "count": "1"}
    ).text
    assert '<span class="reason"' in page
    assert '<option value="home" selected>Home page</option>' in page
    assert "How this answer came about" in page
    assert open_here.stores.decisions.count() == 0
    refused = open_here.client.get("/console/try", params={"placement": "nope"})
    assert (refused.status_code, "no placement is named" in refused.text) == (200, True)
    assert open_here.client.get("/console/try", params={"placement": "home", "count": "x"}).status_code == 200


def test_an_empty_page_offers_products_to_begin_with(open_here: Served) -> None:
    page = open_here.client.get("/console/try").text
    offered = re.findall(r'href="(/console/try\?[^"]*item_id=[^"]*)"', page)
    assert offered
    answer = open_here.client.get(unescape(offered[0])).text
    assert "How this answer came about" in answer
    assert "begin with one of these" not in answer


def test_a_search_tells_prices_as_all_pages_do(open_here: Served) -> None:
    open_here.post("/v1/items", {"item_id": "jug", "title": "Jug", "price": "81.72", "currency": "EUR"})
    found = open_here.client.get("/console/items", params={"q": "jug"}).json()
    assert found == [{"item_id": "jug", "title": "Jug", "price": "€81.72"}]


def test_it_says_why_a_product_is_not_in_the_answer(open_here: Served) -> None:
    def asked(**query: str) -> str:
        page = open_here.client.get("/console/try", params={"placement": "home", "cart": "mug", **query}).text
        return " ".join(page.split())

    assert 'aria-label="Why not"' not in asked()
    assert "Already in the cart or on the page" in asked(why_not="mug")
    assert "Nobody knows a product of this id" in asked(why_not="saucer")
    assert '<input name="why_not" value="mug"' in asked(why_not="mug")


def test_a_heading_is_in_the_language_that_is_asked_for(open_here: Served) -> None:
    page = open_here.client.get("/console/try", params={"placement": "home", "language": "de"}).text
    assert "Beliebt bei unseren Kunden" in page


def test_what_shops_write_is_shown_as_text(open_here: Served) -> None:
    open_here.post("/v1/items", {"item_id": "x", "title": "<script>alert(1)</script>", "price": 1, "currency": "EUR"})
    page = open_here.client.get("/console/try", params={"placement": "home", "user_id": '"><script>alert(2)</script>'})
    assert "<script>alert" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_products_are_found_by_id_and_by_words_of_the_title(open_here: Served) -> None:
    open_here.post("/v1/items", {"item_id": "85123A", "title": "White hanging heart", "price": 2.55, "currency": "GBP"})

    def found(text: str) -> list[str]:
        return [one["item_id"] for one in open_here.client.get("/console/items", params={"q": text}).json()]

    assert found("851") == found("heart white") == ["85123A"]
    assert found("") == found("nothing like it") == []


def test_the_pages_load_nothing_from_elsewhere(open_here: Served) -> None:
    for path in ("/console", "/console/login", "/docs", "/console/console.css", "/console/console.js"):
        text = open_here.client.get(path).text.replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text.replace("http://127.0.0.1", "").split("/*")[0] or "http" not in text.split("<main>")[0]


def test_the_documentation_names_every_operation(served: Served) -> None:
    page = served.client.get("/docs").text
    for path in ("/v1/events", "/v1/recommendations/page", "/v1/placements/{name}", "/metrics"):
        assert f"<code>{path}</code>" in page


def test_the_widget_is_cached_and_compressed(served: Served) -> None:
    whole = served.client.get("/endcap.js", headers={"accept-encoding": "identity"})
    zipped = served.client.get("/endcap.js", headers={"accept-encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.text == whole.text
    assert "max-age" in whole.headers["cache-control"]
    assert served.client.get("/endcap.js", headers={"if-none-match": whole.headers["etag"]}).status_code == 304


def test_it_tells_of_open_alarms_and_of_those_alone() -> None:
    quiet = Alarm(id="1", check="quiet", title="Events came", opened_ms=NOW_MS - 2 * HOUR_MS, sentence="No purchase for 9 h.")
    closed = msgspec.structs.replace(quiet, id="2", sentence="No view for 9 h.", closed_ms=NOW_MS)
    told = alarms(WatchReport(looked_ms=NOW_MS, stale=False, alarms=(quiet, closed)), NOW_MS)
    assert [(one.name, one.value.replace("\u202f", " "), one.note) for one in told] == [
        ("Events came", "2 h ago", "No purchase for 9 h.")
    ]
