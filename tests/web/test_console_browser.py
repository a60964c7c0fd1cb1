"""The console in a browser: search as you type, an answer in place, nothing that the browser complains of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from endcap.app import Endcap
from endcap.stores import sqlite
from endcap.web.application import Application
from endcap.web.server import Server
from endcap.web.site import Site
from tests.web.served import SHOP, product


@contextmanager
def running(home: Path) -> Iterator[str]:
    """The address of a real server in a thread."""
    opened = sqlite.open_home(home)
    opened.open(SHOP, create=True).catalog.put([product("mug"), product("spoon"), product("lamp", title="Desk lamp")])
    opened.close()
    endcap = Endcap.open(home)
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
        assert answering.wait(30)
        yield addresses[0]
    finally:
        server.should_exit = True
        thread.join(20)
        endcap.close()


def test_a_product_is_found_by_typing_and_the_engine_answers_in_place(
    tmp_path: Path, need_program: Callable[[str, str], str]
) -> None:
    chromium = need_program("chromium", "chromium")
    with running(tmp_path) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}/console/try")
        page.locator("[name=item_id]").press_sequentially("desk", delay=20)
        page.locator(".found li").first.click()
        assert page.locator("[name=item_id]").input_value() == "lamp"
        page.locator("[name=cart]").press_sequentially("mu", delay=20)
        page.locator("[name=cart] + .found li").first.wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.locator("[name=cart]").input_value() == "mug "
        page.get_by_role("button", name="Ask").click()
        page.locator(".shelf li").first.wait_for()
        assert page.locator(".shelf li strong").all_inner_texts() == ["Spoon"]
        assert page.locator(".trace").is_visible()
        assert complaints == []
        browser.close()


@pytest.mark.parametrize("path", ["/console/login", "/docs"])
def test_other_pages_are_whole(tmp_path: Path, need_program: Callable[[str, str], str], path: str) -> None:
    chromium = need_program("chromium", "chromium")
    with running(tmp_path) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        refused: list[str] = []
        page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
        page.goto(address + path)
        assert page.locator("h1").is_visible()
        assert refused == []
        browser.close()
