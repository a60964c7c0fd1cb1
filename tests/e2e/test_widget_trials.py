"""``endcap.js`` where an experiment changes how a shelf looks, where it stands and when it comes."""

from __future__ import annotations

import gzip
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.test_widget import ANSWER, ITEM, SHELF, TRIALS, Engine, Visit, visit  # noqa: F401

MANY = ANSWER | {"items": [ITEM | {"item_id": f"cup{n}", "title": f"Cup {n}", "position": n} for n in range(8)]}


def laid(**layout: Any) -> dict[str, Any]:
    return MANY | {"arms": {"look": "other"}, "layout": layout}


def columns(page: Page) -> int:
    tops: list[int] = page.locator(".item").evaluate_all(
        "items => items.map((item) => Math.round(item.getBoundingClientRect().top))"
    )
    return tops.count(tops[0])


def test_it_is_small_and_fetched_only_where_an_answer_says_so(page: Page, visit: Visit) -> None:  # noqa: F811
    assert len(gzip.compress(TRIALS.encode(), 9)) < 2_500
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    visit()
    expect(page.get_by_role("listitem")).to_have_count(1)
    assert not any("endcap-trials" in url for url in fetched)


def test_a_grid_of_four_by_two(page: Page, visit: Visit) -> None:  # noqa: F811
    engine = visit(answer=laid(display="grid", columns=4))
    expect(page.get_by_role("listitem")).to_have_count(8)
    assert columns(page) == 4
    assert len(engine.asked) == 1


def test_a_carousel_turns_by_hand_by_itself_and_not_when_paused(page: Page, visit: Visit) -> None:  # noqa: F811
    visit(answer=laid(display="carousel", columns=3, turn_ms=1_000))
    expect(page.get_by_role("listitem")).to_have_count(8)
    place = "document.querySelector('endcap-shelf').shadowRoot.querySelector('.list').scrollLeft"
    page.wait_for_function(f"{place} > 100")
    page.get_by_role("button", name="Pause").click()
    page.mouse.move(0, 700)
    page.wait_for_timeout(700)
    stands = page.evaluate(place)
    page.wait_for_timeout(1_500)
    assert page.evaluate(place) == stands
    page.get_by_role("button", name="Back").click()
    page.wait_for_function(f"{place} < {stands}")


def test_a_carousel_stands_still_for_whom_motion_is_unwanted(page: Page, visit: Visit) -> None:  # noqa: F811
    page.emulate_media(reduced_motion="reduce")
    visit(answer=laid(display="carousel", columns=3, turn_ms=1_000))
    expect(page.get_by_role("button", name="Next")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)


def test_a_shelf_moves_to_the_place_that_its_arm_names_and_asks_once(page: Page, visit: Visit) -> None:  # noqa: F811
    engine = visit(SHELF + '<aside data-endcap-spot="sidebar"></aside>', answer=laid(position="sidebar"))
    expect(page.locator("aside endcap-shelf").get_by_role("listitem")).to_have_count(8)
    assert len(engine.asked) == 1
    expect(page.get_by_role("heading", name="Similar products")).to_be_visible()


def test_a_shelf_comes_later_and_with_other_words(page: Page, visit: Visit) -> None:  # noqa: F811
    visit(answer=laid(delay_ms=1_200, add="Take it"))
    page.wait_for_timeout(400)
    expect(page.locator("endcap-shelf")).to_be_hidden()
    expect(page.get_by_role("button", name="Take it: Cup 0")).to_be_visible()


def test_a_shelf_waits_until_the_shopper_leaves(page: Page, visit: Visit) -> None:  # noqa: F811
    engine = visit(answer=laid(when="leaving"))
    page.wait_for_timeout(300)
    expect(page.locator("endcap-shelf")).to_be_hidden()
    page.evaluate("document.dispatchEvent(new MouseEvent('mouseout', { clientY: -1 }))")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert len(engine.asked) == 2


def test_the_shops_own_pages_learn_the_arm(page: Page, visit: Visit) -> None:  # noqa: F811
    page.add_init_script("addEventListener('endcap:layout', (event) => (window.told = event.detail))")
    visit(answer=laid(own={"tone": "warm"}))
    page.wait_for_function("window.told")
    assert page.evaluate("window.told") == {"arms": {"look": "other"}, "layout": {"own": {"tone": "warm"}}}


def test_without_the_second_script_the_shelf_is_as_it_was(page: Page, visit: Visit) -> None:  # noqa: F811
    visit(answer=laid(display="grid"), trials="export const other = 1;")
    expect(page.get_by_role("listitem")).to_have_count(8)


def test_a_visitor_is_known_again_only_where_the_shop_says_so(page: Page, visit: Visit) -> None:  # noqa: F811
    def asked(script: str = "") -> str | None:
        engine: Engine = visit(script=script)
        expect(page.get_by_role("listitem")).to_have_count(1)
        told: str | None = engine.asked[-1]["context"].get("visitor_id")
        return told

    assert asked() is None
    assert asked('data-visitor="own-7"') == "own-7"
    kept = asked('data-visitor="keep"')
    assert kept == asked('data-visitor="keep"')
    assert kept is not None
    assert len(kept) == 26
