"""``endcap.js`` where shoppers talk back: the menu on an item, undoing, bundles, the dialog on the way out, time on a page."""

from __future__ import annotations

import gzip

from playwright.sync_api import Page, expect

from tests.e2e.test_widget import ANSWER, ITEM, MORE, SCRIPT, SHELF, SHOP, Engine, Visit, visit  # noqa: F401

OPEN_SHELF = SHELF.replace("add=", 'feedback discount="Save {percent} % together" add=')
LEAVING = '<endcap-shelf placement="abandoned_cart" cart="tea" when="leaving" add="Add"></endcap-shelf>'
OTHER = ITEM | {"item_id": "pot", "title": "A pot"}


def told(engine: Engine, page: Page, kind: str) -> list[dict[str, object]]:
    """The events of a kind that arrived, after those on their way had time to."""
    page.wait_for_timeout(700)
    return [event for event in engine.events if event["type"] == kind]


def go_on(page: Page) -> None:
    """To another page of the shop, which sends what the closed one could not."""
    page.route(f"{SHOP}/next", lambda route: route.fulfill(body=SCRIPT, content_type="text/html"))
    page.goto(f"{SHOP}/next")


def test_it_is_small_and_fetched_only_where_it_is_needed(page: Page, visit: Visit) -> None:  # noqa: F811
    assert len(gzip.compress(MORE.encode(), 9)) < 4_000
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    visit()
    expect(page.get_by_role("listitem")).to_have_count(1)
    assert not any("endcap-more" in url for url in fetched)
    expect(page.locator(".more")).to_have_count(0)


def test_not_interested_is_reported_before_the_shelf_asks_again_and_can_be_undone(page: Page, visit: Visit) -> None:  # noqa: F811
    engine = visit(OPEN_SHELF)
    page.get_by_role("button", name="Your opinion of A cup").click()
    engine.answer = ANSWER | {"items": [OTHER]}
    page.get_by_role("button", name="Not interested").click()
    expect(page.get_by_role("link", name="A pot")).to_be_visible()
    [dismissed] = told(engine, page, "dismiss")
    assert {name: dismissed[name] for name in ("item_id", "recommendation_id", "placement", "position")} == {
        "item_id": "cup", "recommendation_id": "R1", "placement": "product", "position": 0,
    }  # fmt: skip
    assert engine.order.index("dismiss") < len(engine.order) - 1 - engine.order[::-1].index("ask")
    expect(page.locator(".notice")).to_contain_text("A cup will not be shown again.")
    engine.answer = ANSWER
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="A cup")).to_be_visible()
    expect(page.locator(".notice")).to_have_count(0)
    assert [event.get("context") for event in told(engine, page, "dismiss")] == [None, {"undo": True}]


def test_a_thumb_is_a_rating_between_nought_and_one(page: Page, visit: Visit) -> None:  # noqa: F811
    engine = visit(OPEN_SHELF)
    for choice in ("More like this", "Less like this"):
        page.get_by_role("button", name="Your opinion of A cup").click()
        page.get_by_role("button", name=choice).click()
        expect(page.locator(".panel")).to_be_hidden()
    ratings = told(engine, page, "rating")
    assert [(event["rating"], event["context"]) for event in ratings] == [(1, {"scale": 1}), (0, {"scale": 1})]


def test_the_menu_works_by_keyboard_and_says_why(page: Page, visit: Visit) -> None:  # noqa: F811
    visit(OPEN_SHELF)
    button = page.get_by_role("button", name="Your opinion of A cup")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".why")).to_have_text("Why this?Like it")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_be_hidden()
    expect(button).to_be_focused()
    for key in ("Enter", "Tab", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".notice")).to_contain_text("A cup is yours already")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()


def test_words_are_in_the_language_of_the_page_or_the_shops_own(page: Page, visit: Visit) -> None:  # noqa: F811
    engine = visit(OPEN_SHELF, language="de-AT", script='data-labels=\'{"dismiss": "Weg damit"}\'')
    page.get_by_role("button", name="Ihre Meinung zu A cup").click()
    expect(page.get_by_role("button", name="Weg damit")).to_be_visible()
    expect(page.get_by_role("button", name="Habe ich schon")).to_be_visible()
    assert engine.asked[0]["context"]["language"] == "de-AT"


def test_a_bundle_discount_is_told_only_by_shops_that_give_it(page: Page, visit: Visit) -> None:  # noqa: F811
    answer = ANSWER | {"shelves": [{"name": "similar", "title": "Similar products", "bundle_discount": 7.5}]}
    visit(OPEN_SHELF + SHELF, answer=answer)
    expect(page.get_by_role("heading")).to_have_text(["Similar productsSave 7.5 % together", "Similar products"])


def test_on_the_way_out_one_dialog_a_visit(page: Page, visit: Visit) -> None:  # noqa: F811
    engine = visit(LEAVING)
    page.wait_for_timeout(300)
    assert engine.asked == []
    page.evaluate("endcap.refresh()")
    leave = "document.dispatchEvent(new MouseEvent('mouseout', { clientY: -1, bubbles: true }))"
    page.evaluate(leave)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert [asked["placement"] for asked in engine.asked] == ["abandoned_cart"]
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.evaluate(leave)
    page.goto(f"{SHOP}/")
    page.wait_for_timeout(300)
    page.evaluate(leave)
    page.wait_for_timeout(300)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert len(engine.asked) == 1


def test_how_long_a_product_was_looked_at_is_told_when_its_page_is_left(page: Page, visit: Visit) -> None:  # noqa: F811
    engine = visit("")
    page.evaluate("endcap.view('cup')")
    page.wait_for_timeout(1_300)
    go_on(page)
    first, left = told(engine, page, "view")
    assert (first["item_id"], first.get("context")) == ("cup", None)
    assert left["item_id"] == "cup"
    assert 1_200 < left["context"]["dwell_ms"] < 5_000  # type: ignore[index]


def test_a_glance_is_not_told_twice(page: Page, visit: Visit) -> None:  # noqa: F811
    engine = visit("")
    page.evaluate("endcap.view('cup')")
    go_on(page)
    assert len(told(engine, page, "view")) == 1


def test_a_category_narrows_the_answer(page: Page, visit: Visit) -> None:  # noqa: F811
    engine = visit(SHELF.replace("count=", 'category="Tea & Co" count='))
    expect(page.get_by_role("listitem")).to_have_count(1)
    assert engine.asked[0]["filters"] == {"categories": ["Tea & Co"]}
