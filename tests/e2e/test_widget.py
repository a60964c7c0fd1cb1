"""``endcap.js`` in other people's pages: with answers that are hostile, late, empty or absent, and without storage.

The shop's page and the engine's answers are given by the test, so that they can be as bad as needed.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

WIDGET = (files("endcap.web") / "static" / "endcap.js").read_text(encoding="utf-8")
MORE = (files("endcap.web") / "static" / "endcap-more.js").read_text(encoding="utf-8")
TRIALS = (files("endcap.web") / "static" / "endcap-trials.js").read_text(encoding="utf-8")
SHOP, ENGINE = "https://shop.example", "https://engine.example"
SCRIPT = f'<script src="{ENGINE}/endcap.js" data-key="K" defer></script>'
SHELF = '<endcap-shelf placement="product" shelf="similar" item="mug" cart="tea  pot" count="3" add="Add"></endcap-shelf>'
ITEM = {
    "item_id": "cup", "position": 0, "score": 1.0, "price": 12.5, "currency": "EUR", "shelf": "similar", "title": "A cup",
    "reason": {"code": "similar", "text": "Like it"}, "url": "/p/cup", "image_url": "/cup.png",
}  # fmt: skip
ANSWER = {
    "recommendation_id": "R1", "placement": "product", "bundle": "b", "items": [ITEM],
    "shelves": [{"name": "similar", "title": "Similar products"}], "degraded": [], "notes": [],
}  # fmt: skip
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}


class Engine:
    """Answers for the engine, and remembers what it was asked and told."""

    def __init__(self, page: Page) -> None:
        self.asked: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.order: list[str] = []
        self.answer: dict[str, Any] = ANSWER
        self.answer_status = 200
        self.trials = TRIALS
        self.event_statuses: list[int] = []
        page.route(f"{ENGINE}/**", self._serve)

    def _serve(self, route: Route) -> None:
        request = route.request
        if request.url.endswith("/endcap.js"):
            route.fulfill(body=WIDGET, content_type="text/javascript")
        elif request.url.endswith("/endcap-more.js"):
            route.fulfill(body=MORE, content_type="text/javascript", headers=CORS)
        elif request.url.endswith("/endcap-trials.js"):
            route.fulfill(body=self.trials, content_type="text/javascript", headers=CORS)
        elif request.method == "OPTIONS":
            route.fulfill(status=204, headers=CORS)
        elif request.url.endswith("/v1/events"):
            self.told.append({"events": request.post_data_json, "authorization": request.headers.get("authorization")})
            self.order += [event["type"] for event in self.told[-1]["events"]]
            status = self.event_statuses.pop(0) if self.event_statuses else 202
            route.fulfill(status=status, headers=CORS, json={})
        else:
            body: dict[str, Any] = json.loads(request.post_data or "{}")
            self.asked.append(body)
            self.order.append("ask")
            several = request.url.endswith("/page")
            answer = {"answers": [self.answer for _ in body["requests"]]} if several else self.answer
            route.fulfill(status=self.answer_status, headers=CORS, json=answer)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for batch in self.told for event in batch["events"]]


Visit = Callable[..., Engine]


@pytest.fixture
def visit(page: Page) -> Visit:
    """Opens a shop's page with something in it and the script of an engine elsewhere."""
    engine = Engine(page)

    def go(body: str = SHELF, *, language: str = "en", script: str = "", **changes: Any) -> Engine:
        for name, value in changes.items():
            setattr(engine, name, value)
        tag = SCRIPT.replace("defer", f"{script} defer")
        html = f'<!doctype html><html lang="{language}"><meta charset="utf-8">{tag}{body}'
        page.route(
            f"{SHOP}/**",
            lambda route: route.fulfill(body=html if route.request.url == f"{SHOP}/" else "", content_type="text/html"),
        )
        page.goto(f"{SHOP}/")
        return engine

    return go


def test_it_is_small() -> None:
    assert len(gzip.compress(WIDGET.encode(), 9)) < 6_500


def test_a_shelf_asks_with_its_attributes_and_shows_the_answer(page: Page, visit: Visit) -> None:
    engine = visit()
    expect(page.get_by_role("heading", name="Similar products")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("link", name="A cup")).to_have_attribute("href", f"{SHOP}/p/cup")
    expect(page.locator(".price")).to_have_text("€12.50")
    expect(page.locator(".reason")).to_have_text("Like it")
    [asked] = engine.asked
    assert asked.pop("session_id")
    assert asked == {
        "placement": "product", "shelf": "similar", "item_id": "mug", "cart": ["tea", "pot"], "count": 3,
        "context": {"device": "desktop", "language": "en"},
    }  # fmt: skip


def test_shelves_of_one_page_are_asked_for_together(page: Page, visit: Visit) -> None:
    engine = visit(SHELF + '<endcap-shelf placement="home"></endcap-shelf>')
    expect(page.get_by_role("heading")).to_have_count(2)
    assert [request["placement"] for request in engine.asked[0]["requests"]] == ["product", "home"]


def test_a_changed_attribute_asks_again(page: Page, visit: Visit) -> None:
    engine = visit()
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.evaluate("document.querySelector('endcap-shelf').setAttribute('cart', 'saucer')")
    page.wait_for_timeout(200)
    assert engine.asked[-1]["cart"] == ["saucer"]


def test_texts_of_the_catalogue_are_never_markup(page: Page, visit: Visit) -> None:
    evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    item = ITEM | {"title": evil, "reason": {"code": "x", "text": evil}, "currency": evil}
    visit(answer=ANSWER | {"items": [item], "shelves": [{"name": "similar", "title": evil}]})
    expect(page.locator(".name").first).to_have_text(evil)
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize(
    "address", ["javascript:window.hacked=1", "data:text/html,<script>1</script>", "vbscript:x", "blob:x", " javascript:1"]
)
def test_an_address_that_is_none_of_a_page_is_not_linked(page: Page, visit: Visit, address: str) -> None:
    visit(answer=ANSWER | {"items": [ITEM | {"url": address, "image_url": address}]})
    expect(page.locator(".name").first).to_have_text("A cup")
    assert page.locator(".link").get_attribute("href") is None
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("answer", [ANSWER | {"items": [], "shelves": []}, {"items": None}, {"items": [ITEM], "shelves": 3}, {}])
def test_an_empty_or_broken_answer_hides_the_shelf(page: Page, visit: Visit, answer: dict[str, Any]) -> None:
    visit(answer=answer)
    expect(page.locator("endcap-shelf")).to_be_hidden()


def test_an_unreachable_engine_hides_the_shelf_and_leaves_the_page_whole(browser_page: Page) -> None:
    page = browser_page
    engine = Engine(page)
    engine.answer_status = 503
    html = f"{SCRIPT}<h1>Shop</h1>{SHELF}"
    page.route(f"{SHOP}/", lambda route: route.fulfill(body=html, content_type="text/html"))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{SHOP}/")
    expect(page.locator("endcap-shelf")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    assert errors == []


@pytest.fixture
def browser_page(context: Any) -> Page:
    """A page whose failed requests are the point of the test."""
    opened: Page = context.new_page()
    return opened


def test_without_a_key_nothing_is_asked_or_told(page: Page, visit: Visit) -> None:
    page.add_init_script(
        "document.addEventListener('readystatechange', () => document.querySelector('script').removeAttribute('data-key'))"
    )
    engine = visit()
    page.evaluate("endcap.track('view', {item_id: 'x'})")
    page.wait_for_timeout(800)
    assert engine.asked == engine.told == []
    expect(page.locator("endcap-shelf")).to_be_hidden()


def test_events_carry_the_answer_and_ids_that_sort_by_time(page: Page, visit: Visit) -> None:
    engine = visit()
    page.get_by_role("button", name="Add: A cup").click()
    page.evaluate("for (let i = 0; i < 40; i++) endcap.track('view', {item_id: 'x' + i}); endcap.flush()")
    page.wait_for_timeout(1_600)
    added = next(event for event in engine.events if event["type"] == "add_to_cart")
    assert {name: added[name] for name in ("item_id", "recommendation_id", "placement", "position", "quantity")} == {
        "item_id": "cup", "recommendation_id": "R1", "placement": "product", "position": 0, "quantity": 1,
    }  # fmt: skip
    assert [event["type"] for event in engine.events].count("impression") == 1
    ids = [event["event_id"] for event in engine.events]
    assert ids == sorted(ids)
    assert len(ids) == len(set(ids))
    assert {len(one) for one in ids} == {26}
    assert {batch["authorization"] for batch in engine.told} == {"Bearer K"}
    assert page.evaluate("endcap.attribution('cup').recommendation_id") == "R1"
    assert page.evaluate("endcap.attribution('other')") is None


def test_a_listener_can_take_the_adding_over(page: Page, visit: Visit) -> None:
    engine = visit()
    page.evaluate("addEventListener('endcap:add', event => { event.preventDefault(); window.added = event.detail; })")
    page.get_by_role("button", name="Add: A cup").click()
    page.evaluate("endcap.flush()")
    page.wait_for_timeout(700)
    assert page.evaluate("window.added") == {"item_id": "cup", "recommendation_id": "R1", "placement": "product", "position": 0}
    assert "add_to_cart" not in [event["type"] for event in engine.events]


def test_what_a_busy_engine_refused_is_sent_again_with_the_same_ids(browser_page: Page) -> None:
    page = browser_page
    engine = Engine(page)
    engine.event_statuses = [503, 429]
    html = f"{SCRIPT}"
    page.route(f"{SHOP}/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{SHOP}/")
    page.evaluate("endcap.track('view', {item_id: 'x'}); endcap.flush()")
    page.wait_for_timeout(8_000)
    batches = [[event["event_id"] for event in batch["events"]] for batch in engine.told]
    assert len(batches) == 3
    assert batches[0] == batches[1] == batches[2]


def test_what_a_closed_page_could_not_send_the_next_one_sends(browser_page: Page) -> None:
    page = browser_page
    engine = Engine(page)
    engine.event_statuses = [503] * 3
    html = f"{SCRIPT}"
    page.route(f"{SHOP}/**", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{SHOP}/")
    page.evaluate("endcap.track('view', {item_id: 'x'}); endcap.flush()")
    page.wait_for_timeout(300)
    engine.event_statuses = []
    page.goto(f"{SHOP}/next")
    page.wait_for_timeout(1_200)
    assert len(engine.told) >= 2
    assert engine.told[-1]["events"][0]["event_id"] == engine.told[0]["events"][0]["event_id"]


def test_a_hundred_events_travel_in_batches_that_a_closing_page_may_send(page: Page, visit: Visit) -> None:
    engine = visit("")
    page.evaluate("for (let i = 0; i < 120; i++) endcap.track('view', {item_id: 'x' + i}); endcap.flush()")
    page.wait_for_timeout(1_000)
    assert len(engine.events) == 120
    assert max(len(batch["events"]) for batch in engine.told) <= 50
    assert max(len(json.dumps(batch["events"])) for batch in engine.told) < 64_000


def test_it_works_without_storage(page: Page, visit: Visit) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } })"
    )
    engine = visit()
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Add: A cup").click()
    page.wait_for_timeout(700)
    assert "add_to_cart" in [event["type"] for event in engine.events]
    assert page.evaluate("endcap.session === endcap.session")
    assert page.evaluate("endcap.attribution('cup').position") == 0


def test_a_session_ends_after_half_an_hour_without_an_act(page: Page, visit: Visit) -> None:
    visit("")
    first = page.evaluate("endcap.session")
    assert page.evaluate("endcap.session") == first
    page.evaluate(
        """localStorage.setItem('endcap:session', JSON.stringify({id: endcap.session, at: Date.now() - 31 * 60 * 1000}))"""
    )
    assert page.evaluate("endcap.session") != first


def test_it_can_be_used_by_keyboard(page: Page, visit: Visit) -> None:
    visit()
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "link"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Add: A cup")
