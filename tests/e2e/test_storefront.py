"""The demo as a visitor meets it: shelves on every page, and everything they do in the log."""

from __future__ import annotations

from collections import Counter

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from endcap.core.events import Event
from endcap.stores import sqlite
from tests.e2e.conftest import Demo

PAGES = ("/", "/c/camp-hike", "/c/tents-shelters?order=price_up", "/search?q=wool+throw", "/cart")


@pytest.fixture(scope="module")
def often_bought(demo: Demo) -> str:
    """The product that most orders hold, of those that can be bought now."""
    sold = Counter(line.item_id for event in demo.events() if event.type == "purchase" for line in event.lines)
    home = sqlite.open_home(demo.home)
    try:
        available = {item.item_id for item in home.open("larkfield").catalog.all() if item.available_at(demo.prepared.end_ms)}
    finally:
        home.close()
    return next(item_id for item_id, _ in sold.most_common() if item_id in available)


def shelf(page: Page, placement: str, name: str = "") -> Locator:
    """A shelf that has products; waits until they are there."""
    selector = f'endcap-shelf[placement="{placement}"]' + (f'[shelf="{name}"]' if name else "")
    found = page.locator(selector).first
    expect(found.locator(".item .link[href]").first).to_be_visible()
    return found


def test_the_home_page_has_shelves_with_titles_pictures_prices_and_reasons(page: Page, demo: Demo) -> None:
    page.goto(demo.url)
    found = shelf(page, "home")
    expect(found.locator(".title").first).to_have_text("Trending now")
    first = found.locator(".item").first
    expect(first.locator(".price")).to_contain_text("€")
    expect(first.locator(".reason")).not_to_be_empty()
    assert first.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_the_product_page_has_all_shelves_of_its_placement_and_no_product_twice(
    page: Page, demo: Demo, often_bought: str
) -> None:
    page.goto(f"{demo.url}/p/{often_bought}")
    links: list[str] = []
    for name in ("bought_together", "also_viewed", "similar"):
        links += shelf(page, "product", name).locator(".link").evaluate_all("links => links.map(link => link.pathname)")
    assert len(links) >= 10
    assert len(links) == len(set(links))
    assert f"/p/{often_bought}" not in links


def test_what_is_seen_clicked_added_and_bought_is_in_the_log_with_its_answer(page: Page, demo: Demo, often_bought: str) -> None:
    before = demo.last_seq()
    page.goto(f"{demo.url}/p/{often_bought}")
    shelf(page, "product", "bought_together").scroll_into_view_if_needed()
    impression = demo.wait_for(before, lambda event: event.type == "impression")
    assert impression.recommendation_id
    assert impression.placement == "product"
    assert impression.position is not None

    shelf(page, "product", "bought_together").locator(".link").first.click()
    page.wait_for_url("**/p/**")
    click = demo.wait_for(before, lambda event: event.type == "click")
    view = demo.wait_for(before, lambda event: event.type == "view" and event.item_id == click.item_id)
    assert (view.recommendation_id, view.placement) == (click.recommendation_id, "product")

    page.locator("#buy button").click()
    expect(page.locator("#count")).to_have_text("1")
    page.goto(f"{demo.url}/cart")
    shelf(page, "cart").locator(".add").first.click()
    expect(page.locator(".line")).to_have_count(2)
    from_cart = demo.wait_for(before, lambda event: event.type == "add_to_cart" and event.placement == "cart")

    page.goto(f"{demo.url}/checkout")
    page.locator("#order button").click()
    expect(page.locator("h1")).to_have_text("Thank you")
    shelf(page, "post_purchase")
    order = demo.wait_for(before, lambda event: event.type == "purchase")
    assert {line.item_id for line in order.lines} == {click.item_id, from_cart.item_id}
    assert order.recommendation_id == click.recommendation_id
    assert order.context is not None
    credited = {one["item_id"]: one["recommendation_id"] for one in order.context["recommended"]}
    assert credited == {click.item_id: click.recommendation_id, from_cart.item_id: from_cart.recommendation_id}
    sessions = {event.session_id for event in (impression, click, view, from_cart, order)}
    assert len(sessions) == 1


def test_an_impression_counts_once_and_only_when_it_was_in_view(page: Page, demo: Demo, often_bought: str) -> None:
    before = demo.last_seq()
    page.set_viewport_size({"width": 1280, "height": 300})  # the shelves are below the edge
    page.goto(f"{demo.url}/p/{often_bought}")
    expect(page.locator('endcap-shelf[shelf="similar"] .item .link[href]').first).to_be_attached()
    page.wait_for_timeout(2_000)
    assert [event for event in demo.events(before) if event.type == "impression"] == []
    for _ in range(2):
        page.locator('endcap-shelf[shelf="similar"] .item').first.scroll_into_view_if_needed()
        page.wait_for_timeout(1_600)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(300)
    demo.wait_for(before, lambda event: event.type == "impression")
    page.wait_for_timeout(800)
    seen = Counter((event.recommendation_id, event.item_id) for event in demo.events(before) if event.type == "impression")
    assert set(seen.values()) == {1}


def test_a_viewed_product_changes_the_next_answer(page: Page, demo: Demo, often_bought: str) -> None:
    page.goto(demo.url)
    shelf(page, "home")
    expect(page.get_by_role("heading", name="Recommended for you")).to_have_count(0)
    before = demo.last_seq()
    page.goto(f"{demo.url}/p/{often_bought}")
    demo.wait_for(before, lambda event: event.type == "view" and event.item_id == often_bought)
    page.goto(demo.url)
    expect(page.get_by_role("heading", name="Recommended for you")).to_be_visible()


def test_shopping_as_a_customer_tells_the_engine_whose_session_it_is(page: Page, demo: Demo) -> None:
    persona = demo.prepared.personas[0]
    before = demo.last_seq()
    page.goto(demo.url)
    page.select_option("#who", persona.user_id)
    identified = demo.wait_for(before, lambda event: event.type == "identify")
    assert identified.user_id == persona.user_id
    expect(page.get_by_role("heading", name="Recommended for you")).to_be_visible()


def test_removing_and_counting_in_the_basket(page: Page, demo: Demo, often_bought: str) -> None:
    before = demo.last_seq()
    page.goto(f"{demo.url}/p/{often_bought}")
    page.locator("#buy button").click()
    expect(page.locator("#count")).to_have_text("1")
    page.goto(f"{demo.url}/cart")
    page.locator(".line__many input[type=number]").fill("3")
    page.locator(".line__many input[type=number]").blur()
    expect(page.locator("#count")).to_have_text("3")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".nothing")).to_be_visible()
    removed = demo.wait_for(before, lambda event: event.type == "remove_from_cart")
    assert removed.item_id == often_bought


def test_search_finds_by_words_and_is_reported(page: Page, demo: Demo) -> None:
    before = demo.last_seq()
    page.goto(demo.url)
    page.get_by_role("searchbox").fill("wool throw")
    page.keyboard.press("Enter")
    names = page.locator(".card__name")
    expect(names.first).to_contain_text("Wool Throw")
    assert demo.wait_for(before, lambda event: event.type == "search").query == "wool throw"


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_a_phone(browser: Browser, demo: Demo, path: str, often_bought: str) -> None:
    phone = browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    page = phone.new_page()
    for one in (path, f"/p/{often_bought}"):
        page.goto(demo.url + one)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    phone.close()


def test_the_page_does_not_jump_when_shelves_arrive(page: Page, demo: Demo, often_bought: str) -> None:
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const one of list.getEntries()) window.shift += one.value; })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    for path in ("/", f"/p/{often_bought}"):
        page.goto(demo.url + path)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(500)
        assert page.evaluate("window.shift") < 0.05, path


def test_the_demo_says_what_it_is_and_leads_to_the_console(page: Page, demo: Demo) -> None:
    page.goto(demo.url)
    expect(page.locator(".demo-bar")).to_contain_text("A shop that does not exist")
    page.locator(".demo-bar__console").click()
    expect(page).to_have_url(f"{demo.url}/console")


def test_without_scripts_one_can_still_buy(browser: Browser, demo: Demo, often_bought: str) -> None:
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    before = demo.last_seq()
    page.goto(f"{demo.url}/p/{often_bought}")
    page.locator("#buy button").click()
    page.goto(f"{demo.url}/checkout")
    page.locator("#order button").click()
    assert page.locator("h1").inner_text() == "Thank you"
    order: Event = demo.wait_for(before, lambda event: event.type == "purchase")
    assert [line.item_id for line in order.lines] == [often_bought]
    plain.close()
