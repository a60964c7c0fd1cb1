"""The console as a merchandiser meets it, in a real browser: every page in light and dark, at a desk and on a phone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from endcap.app import Endcap
from endcap.core.experiment import EXPERIMENT_KIND, Arm, Change, Decided, Experiment, Factor
from endcap.core.layout import Layout
from endcap.core.time import DAY_MS, FixedClock, iso
from endcap.experiments.allotment import ALLOTMENT_KIND, Allotment
from endcap.measurement.follower import Follower
from endcap.serving.shop_experiments import decide_experiment, put_experiment, start_experiment
from endcap.stores import sqlite
from endcap.stores.ports import Documents
from endcap.web.application import Application
from endcap.web.server import Server
from endcap.web.site import Site
from tests.measurement.small_shops import DAYS, ITEMS, START, small_shop

NOW_MS = START + DAYS * DAY_MS - 1
SPAN = f"from={iso(START)[:10]}&to={iso(NOW_MS)[:10]}"
PAGES = (
    f"/console?{SPAN}", f"/console?{SPAN}&cut=shelf&metric=conversion", "/console/experiments", "/console/learning",
    "/console/plan?where=product&counts=4", "/console/plan?design=several&together=count", "/console/plan?design=mix",
    "/console/experiments/bandit", "/console/experiments/mixed", "/console/experiments/several", "/console/experiments/done",
    "/console/experiments/bandit/rehearsal", "/console/customers", "/console/audiences/new", "/console/models", "/console/health",
    "/console/try?placement=home", "/docs", "/console/login",
)  # fmt: skip


@dataclass
class Served:
    """A server that runs, and its shop."""

    url: str
    endcap: Endcap


def experiments_of_each_kind(documents: Documents) -> None:
    """One of each kind that runs, and one that was decided, on placements that the other tests leave alone."""
    other = Arm(name="two", title="2 products", changes={"search": Change(patch={"max_count": 2})})
    sellers = Arm(name="sellers", title="Bestsellers", changes={"checkout": Change(recommendations="standard")})
    grid = Arm(name="grid", title="A grid", changes={"order_status": Change(layout=Layout(display="grid"))})
    later = Arm(name="later", title="Later", changes={"order_status": Change(layout=Layout(delay_ms=5_000))})
    now = Arm(name="as_now", title="As now")
    for one in (
        Experiment(
            name="bandit", title="Two in the search?", hypothesis="Less is more.", kind="bandit", arms=(now, other), share=0.2,
        ),
        Experiment(name="mixed", hypothesis="What sells is liked.", kind="interleaving", arms=(now, sellers)),
        Experiment(
            name="several", hypothesis="Both help.",
            factors=(Factor(name="layout", levels=(now, grid)), Factor(name="time", levels=(now, later))),
        ),
        Experiment(name="done", title="Two after all?", hypothesis="Less is more.", arms=(now, other), share=0.5),
    ):  # fmt: skip
        if one.name == "done":
            running = msgspec.structs.replace(one, status="running", started_ms=START)
            documents.put(EXPERIMENT_KIND, one.name, msgspec.json.encode(running))
            decide_experiment(documents, one.name, Decided(at_ms=NOW_MS, outcome="lost", note="It cost orders."))
        else:
            put_experiment(documents, one)
            start_experiment(documents, one.name, START)
    for at in range(3):
        kept = Allotment(at_ms=START + at * DAY_MS, run=1, units=100, weights=(0.5 - at / 10, 0.5 + at / 10))
        documents.put(ALLOTMENT_KIND, "bandit", msgspec.json.encode(kept))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A measured shop behind a real server in a thread, which stands at the end of its data."""
    home = tmp_path_factory.mktemp("console")
    opened = sqlite.open_home(home)
    stores = opened.open("gifts", create=True)
    stores.catalog.put(ITEMS)
    small_shop(3).keep(stores)
    experiments_of_each_kind(stores.documents)
    Follower(stores).catch_up()
    opened.close()
    endcap = Endcap(sqlite.open_home(home), FixedClock(NOW_MS))
    addresses: list[str] = []
    answering = threading.Event()

    def say(address: str) -> None:
        addresses.append(address)
        answering.set()

    config = uvicorn.Config(Application(Site(endcap, open_console=True)), port=0, log_config=None, access_log=False)
    server = Server(config, say)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert answering.wait(60)
        yield Served(addresses[0], endcap)
    finally:
        server.should_exit = True
        thread.join(20)
        endcap.close()


@pytest.fixture(params=[("light", 1360), ("dark", 390)], ids=["desk", "phone in the dark"])
def look(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    scheme, width = request.param
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    yield context
    context.close()


def opened(context: BrowserContext, url: str, complaints: list[str]) -> Page:
    """A new page that notes what the browser complains of."""
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("console", lambda said: complaints.append(f"console: {said.text}") if said.type in ("error", "warning") else None)
    page.on("response", lambda answer: complaints.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.goto(url)
    return page


def test_every_page_is_accessible_fits_and_nothing_complains(served: Served, look: BrowserContext) -> None:
    complaints: list[str] = []
    for path in PAGES:
        page = opened(look, served.url + path, complaints)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{path} scrolls sideways"
        found = [(one["id"], one["nodes"][0]["html"][:120]) for one in Axe().run(page).response["violations"]]
        assert found == [], path
        page.close()
    assert complaints == []


def test_a_merchandiser_plans_starts_and_decides_without_a_mouse(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/console")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.get_by_role("link", name="Experiments").press("Enter")
    page.get_by_role("link", name="Plan an experiment").press("Enter")
    page.get_by_label("The question").fill("Fewer on the product page?")
    page.get_by_label("What do you expect, and why?").fill("Less to choose from, more is chosen.")
    page.get_by_label("Page, or one shelf of it").select_option("product")
    page.get_by_label("4 products").press("Space")
    # What it takes is told while one types, before anything is sent.
    expect(page.locator("#outlook")).to_contain_text("4 products")
    expect(page.locator("#outlook")).to_contain_text("As now: up to 10")
    page.get_by_role("button", name="Start now").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("It runs")
    page.get_by_role("button", name="Stop it without a decision").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_label("How did it go?").select_option("no_difference")
    page.get_by_label("What did you learn?").fill("It does not matter.")
    page.get_by_role("button", name="Write it down").press("Enter")
    expect(page.get_by_role("heading", name="No difference")).to_be_visible()
    page.goto(f"{served.url}/console/learning?q=matter")
    expect(page.get_by_role("link", name="Fewer on the product page?")).to_be_visible()


def test_each_way_to_try_asks_for_what_it_needs(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/console/plan?where=cart&title=Both&hypothesis=Both+help")
    count, off = page.get_by_role("radio", name="How many products are shown"), page.get_by_role("radio", name="Nothing at all")
    expect(count).to_be_visible()
    page.get_by_role("radio", name="Mix two rankings").check()
    expect(count).to_be_hidden()
    expect(page.get_by_role("radio", name="Bestsellers instead")).to_be_visible()
    page.get_by_role("radio", name="Several things at once").check()
    expect(off).to_be_hidden()
    page.get_by_role("checkbox", name="How many products are shown").check()
    page.get_by_label("6 products").check()
    page.get_by_role("checkbox", name="How they are laid out").check()
    page.get_by_label("A grid, four across").check()
    # Every combination is told before anything is kept.
    expect(page.locator("#outlook")).to_contain_text("6 products · A grid, four across")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_role("heading", name="Both", exact=True)).to_be_visible()
    expect(page.locator("dt", has_text="6 products · A grid, four across")).to_be_visible()


def test_a_running_one_is_widened_and_a_decided_one_run_again(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/console/experiments/bandit")
    expect(page.get_by_text("does best so far").or_(page.get_by_text("No version is far ahead"))).to_be_visible()
    page.get_by_role("button", name="Show it to more visitors").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Who takes part").select_option("50")
    dialog.get_by_role("button", name="Show it to more").click()
    expect(page.get_by_role("status").first).to_contain_text("More shoppers see it")
    page.goto(f"{served.url}/console/experiments/done")
    page.get_by_role("button", name="Run it again").click()
    expect(page.get_by_role("dialog")).to_contain_text("It did no good the last time")
    page.get_by_role("dialog").get_by_role("button", name="Make the draft").click()
    expect(page.get_by_text("It tries again what")).to_be_visible()
    expect(page.get_by_role("button", name="Start it").first).to_be_visible()


def test_a_rehearsal_is_seen_to_finish(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/console/experiments/bandit/rehearsal")
    page.get_by_role("button", name="Rehearse").click()
    expect(page.get_by_role("heading", name="2 products")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("past answers were made again")).to_be_visible()
    expect(page.get_by_role("button", name="Rehearse again")).to_be_visible(timeout=60_000)


def test_today_goes_on_without_a_reload(served: Served, page: Page) -> None:
    page.clock.install()
    page.goto(f"{served.url}/console?{SPAN}")
    shown = page.locator("#today dd").first
    before = shown.inner_text()
    page.evaluate("window.here = true")
    stores = served.endcap.shop("gifts").stores
    seen = stores.log.read()[0].event
    stores.log.append(
        [type(seen)(event_id=f"now-{n}", type="view", at=NOW_MS - n, session_id="now", item_id="item 1") for n in range(50)]
    )
    Follower(stores).catch_up()
    page.clock.run_for(6_000)
    expect(shown).not_to_have_text(before)
    assert page.evaluate("window.here") is True


def test_colours_change_at_once_and_stay(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/console/models")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    with page.expect_response("**/console/theme"):
        page.get_by_role("button", name="Dark").click()
    assert page.evaluate(ground) != light
    page.reload()
    assert page.evaluate(ground) != light
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")


def test_a_word_is_explained_on_pointing_and_on_focus(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/console?{SPAN}")
    term = page.get_by_role("columnheader").get_by_role("button", name="Click-through rate")
    tip = page.locator(f"#{term.get_attribute('popovertarget')}")
    term.hover()
    expect(tip).to_be_visible()
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()
    page.keyboard.press("Tab")
    term.focus()
    expect(tip).to_be_visible()


def test_everything_works_without_scripts(served: Served, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served.url}/console?{SPAN}")
    page.get_by_role("link", name="Device").click()
    expect(page.get_by_role("columnheader", name="Device")).to_be_visible()
    page.goto(f"{served.url}/console/plan?where=product&counts=4&title=Plain")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_text("Write down what you expect")).to_be_visible()
    page.goto(f"{served.url}/console/try")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("How this answer came about")).to_be_visible()
    context.close()


def test_the_overview_prints_whole(served: Served, page: Page, tmp_path: Path) -> None:
    page.goto(f"{served.url}/console?{SPAN}")
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation", name="Console").is_visible()
    expect(page.get_by_role("heading", name="Where it comes from")).to_be_visible()
    made = page.pdf(path=tmp_path / "overview.pdf", format="A4")
    assert made.startswith(b"%PDF")
