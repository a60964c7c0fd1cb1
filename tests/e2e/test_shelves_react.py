"""The storefront follows its visitor: what they turn down, own, like and prefer changes the shelves at once."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Demo
from tests.e2e.test_storefront import often_bought, shelf  # noqa: F401


def paths(page: Page) -> list[str]:
    """Where all items of all shelves of the page lead, once the answers are there."""
    page.wait_for_load_state("networkidle")
    found: list[str] = page.locator("endcap-shelf .link[href]").evaluate_all("links => links.map(link => link.pathname)")
    return found


def path_of(item: Locator) -> str:
    path: str = item.locator(".link").evaluate("link => link.pathname")
    return path


def say(item: Locator, words: str) -> None:
    """Choose something in the menu of an item."""
    item.locator(".more").click()
    item.get_by_role("button", name=words).click()


def headings(page: Page) -> list[str]:
    page.wait_for_load_state("networkidle")
    return page.locator("endcap-shelf .title").all_inner_texts()


def test_what_is_turned_down_is_gone_everywhere_and_undo_brings_it_back(
    page: Page, demo: Demo, often_bought: str  # noqa: F811
) -> None:  # fmt: skip
    address = f"{demo.url}/p/{often_bought}"
    page.goto(address)
    item = shelf(page, "product", "bought_together").locator(".item").first
    path = path_of(item)
    say(item, "Not interested")
    expect(page.locator(".notice")).to_contain_text("will not be shown again")
    expect(page.locator(f'endcap-shelf .link[href$="{path}"]')).to_have_count(0)
    page.goto(address)
    shelf(page, "product", "bought_together")
    assert path not in paths(page)
    item = shelf(page, "product", "bought_together").locator(".item").first
    other = path_of(item)
    say(item, "Not interested")
    expect(page.locator(f'endcap-shelf .link[href$="{other}"]')).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f'endcap-shelf[shelf="bought_together"] .link[href$="{other}"]')).to_be_visible()
    expect(page.locator(".notice")).to_have_count(0)


def test_what_is_owned_is_not_offered_on_any_page(page: Page, demo: Demo, often_bought: str) -> None:  # noqa: F811
    before = demo.last_seq()
    page.goto(f"{demo.url}/p/{often_bought}")
    item = shelf(page, "product", "also_viewed").locator(".item").first
    path = path_of(item)
    say(item, "I own this")
    expect(page.locator(f'endcap-shelf .link[href$="{path}"]')).to_have_count(0)
    assert demo.wait_for(before, lambda event: event.type == "own").item_id == path.removeprefix("/p/")
    for address in ("/", f"/p/{often_bought}", "/search?q=tent"):
        page.goto(demo.url + address)
        assert path not in paths(page)


def test_a_thumb_up_makes_a_stranger_somebody(page: Page, demo: Demo) -> None:
    page.goto(demo.url)
    item = shelf(page, "home").locator(".item").first
    expect(page.get_by_role("heading", name="Recommended for you")).to_have_count(0)
    say(item, "More like this")
    expect(page.locator(".notice")).to_contain_text("We will look for more like")
    expect(page.get_by_role("heading", name="Recommended for you")).to_be_visible()


def test_stated_tastes_move_the_shelves_at_once(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.url}/preferences")
    shelf(page, "home")
    expect(page.get_by_role("heading", name="To your taste")).to_have_count(0)
    address = page.url
    for name in ("Cookware", "Knives & Boards", "Tableware", "Coffee & Tea", "Pantry"):
        with page.expect_response("**/v1/recommendations*"):
            page.locator(f'input[name="like:{name}"]').check()
    expect(page.get_by_role("heading", name="To your taste")).to_be_visible()
    page.wait_for_load_state("networkidle")
    wanted = page.locator("endcap-shelf .link[href]", has_text="Among what you said you like")
    liked: list[str] = wanted.evaluate_all("links => links.map(link => link.pathname)")
    assert len(liked) == 4
    for path in liked:  # of the kitchen's departments, by their pages
        text = page.request.get(demo.url + path).text()
        assert 'href="/c/kitchen-table"' in text[text.index('class="crumbs"') :][:200]
    page.goto(address)
    expect(page.locator('input[name="like:Cookware"]')).to_be_checked()


def test_whoever_wants_no_recommendations_has_none_and_impersonal_ones_know_nobody(
    page: Page, demo: Demo, often_bought: str  # noqa: F811
) -> None:  # fmt: skip
    page.goto(f"{demo.url}/p/{often_bought}")
    shelf(page, "product", "also_viewed")
    with page.expect_response("**/v1/events"):  # what was looked at is known before the next page asks
        page.evaluate("window.endcap.flush()")
    page.goto(f"{demo.url}/preferences")
    expect(page.get_by_role("heading", name="Recommended for you")).to_be_visible()
    page.get_by_label("leave me out of it").check()
    expect(page.get_by_role("heading", name="Recommended for you")).to_have_count(0)
    shelf(page, "home")
    page.get_by_label("No recommendations").check()
    expect(page.locator("endcap-shelf")).to_be_hidden()
    page.goto(f"{demo.url}/p/{often_bought}")
    assert paths(page) == []
    page.goto(f"{demo.url}/preferences")
    page.get_by_label("Go by what I look at").check()
    expect(page.get_by_role("heading", name="Recommended for you")).to_be_visible()


def test_a_customer_is_greeted_by_name(page: Page, demo: Demo) -> None:
    page.goto(demo.url)
    page.select_option("#who", demo.prepared.personas[0].user_id)
    expect(page.get_by_role("heading", name=f"Welcome back, {demo.prepared.personas[0].name}")).to_be_visible()


def test_sold_out_is_gone_from_the_next_answer_and_has_others_like_it(
    page: Page, browser: Browser, demo: Demo, often_bought: str  # noqa: F811
) -> None:  # fmt: skip
    page.goto(f"{demo.url}/p/{often_bought}")
    path = path_of(shelf(page, "product", "bought_together").locator(".item").first)
    elsewhere = browser.new_context()
    merchandiser = elsewhere.new_page()
    merchandiser.goto(demo.url + path)
    try:
        merchandiser.get_by_role("button", name="Sell it out").click()
        alike = shelf(merchandiser, "out_of_stock")
        expect(alike.locator(".title")).to_have_text("Sold out? These are like it")
        assert alike.locator(".item").count() >= 4
        page.evaluate("endcap.refresh()")
        expect(page.locator(f'endcap-shelf .link[href$="{path}"]')).to_have_count(0)
    finally:
        merchandiser.get_by_role("button", name="Put it back").click()
        elsewhere.close()
    page.evaluate("endcap.refresh()")
    expect(page.locator(f'endcap-shelf .link[href$="{path}"]').first).to_be_visible()


def test_what_goes_together_costs_less_at_the_till(page: Page, demo: Demo, often_bought: str) -> None:  # noqa: F811
    before = demo.last_seq()
    page.goto(f"{demo.url}/p/{often_bought}")
    page.locator("#buy button").click()
    expect(page.locator("#count")).to_have_text("1")
    page.goto(f"{demo.url}/cart")
    offer = shelf(page, "cart").locator("[part~=complete]")
    percent = int(re.findall(r"Save (\d+) %", offer.locator(".discount").inner_text())[0])
    offer.locator(".add").first.click()
    expect(page.locator(".line")).to_have_count(2)
    expect(page.locator(".bundled")).to_have_text([f"{percent} % off together"] * 2)
    page.goto(f"{demo.url}/checkout")
    page.locator("#order button").click()
    expect(page.locator("h1")).to_have_text("Thank you")
    order = demo.wait_for(before, lambda event: event.type == "purchase")
    full = {item.item_id: item.price or Decimal(0) for item in demo.items()}
    for line in order.lines:
        assert line.price == (full[line.item_id] * (100 - percent) / 100).quantize(Decimal("0.01"))


def test_the_shop_asks_once_whoever_is_about_to_leave_a_full_basket(page: Page, demo: Demo, often_bought: str) -> None:  # noqa: F811
    page.goto(f"{demo.url}/p/{often_bought}")
    page.locator("#buy button").click()
    expect(page.locator("#count")).to_have_text("1")
    page.goto(f"{demo.url}/cart")
    shelf(page, "cart")
    leave = "document.dispatchEvent(new MouseEvent('mouseout', { clientY: -1, bubbles: true }))"
    page.evaluate(leave)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator(".title")).to_contain_text("Still deciding?")
    page.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    page.reload()
    shelf(page, "cart")
    page.evaluate(leave)
    page.wait_for_load_state("networkidle")
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_spot_of_the_shop_has_its_shelf(browser: Browser, demo: Demo, often_bought: str, scheme: str) -> None:  # noqa: F811
    phone = browser.new_context(
        viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, color_scheme=scheme  # type: ignore[arg-type]
    )  # fmt: skip
    page = phone.new_page()
    for address, placement in (("/search?q=tent", "search"), (f"/p/{often_bought}", "product")):
        page.goto(demo.url + address)
        shelf(page, placement)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
    page.locator("#buy button").click()
    expect(page.locator("#count")).to_have_text("1")
    page.goto(f"{demo.url}/checkout")
    shelf(page, "checkout")
    page.locator("#order button").click()
    shelf(page, "post_purchase")
    page.get_by_role("link", name="Where is my order?").click()
    shelf(page, "order_status")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    phone.close()
