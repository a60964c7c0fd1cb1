"""A browser, and the demo as its visitors find it."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from endcap.core.catalog import Item
from endcap.core.events import Event
from endcap.demo.state import SHOP, Prepared, load_prepared
from endcap.stores import sqlite

# Nothing of the browser's own may reach for the network.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
FIRST_START_S, START_S = 500, 60


@dataclass
class Demo:
    """A demo that runs as a process of its own, as ``endcap demo`` starts it."""

    home: Path
    url: str
    process: subprocess.Popen[str]

    @property
    def prepared(self) -> Prepared:
        found = load_prepared(self.home)
        assert found is not None
        return found

    def events(self, after: int = 0) -> list[Event]:
        """What the log has behind a place, read as another process beside the server."""
        home = sqlite.open_home(self.home)
        try:
            return [one.event for one in home.open(SHOP).log.read(after)]
        finally:
            home.close()

    def items(self) -> list[Item]:
        """What the shop sells now."""
        home = sqlite.open_home(self.home)
        try:
            return home.open(SHOP).catalog.all()
        finally:
            home.close()

    def last_seq(self) -> int:
        home = sqlite.open_home(self.home)
        try:
            return home.open(SHOP).log.last_seq()
        finally:
            home.close()

    def wait_for(self, after: int, wanted: Callable[[Event], bool]) -> Event:
        """The first event behind a place that is wanted; events are sent in batches, so it may take a moment."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            for event in self.events(after):
                if wanted(event):
                    return event
            time.sleep(0.2)
        raise AssertionError(f"no such event among {[(event.type, event.item_id) for event in self.events(after)]}")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


def start_demo(home: Path, timeout_s: float, *options: str) -> Demo:
    """Start the demo on a free port and wait for its line."""
    command = [sys.executable, "-m", "endcap", "demo", "--home", str(home), "--port", "0", "--visitors", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ))
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_pass_on, args=(process, lines), daemon=True).start()
    try:
        line = lines.get(timeout=timeout_s)
    except queue.Empty:
        process.kill()
        raise AssertionError(f"the demo did not answer within {timeout_s} s") from None
    url = next(word for word in line.split() if word.startswith("http://"))
    return Demo(home, url, process)


def _pass_on(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    with process.stdout or nullcontext(()) as output:
        for line in output:
            lines.put(line)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = start_demo(tmp_path_factory.mktemp("demo") / "home", FIRST_START_S, "--seed", "7")
    yield running
    running.stop()


# A module's own: while a browser of this interface runs, no test in the same process could use asyncio.
@pytest.fixture(scope="module")
def browser(need_program: Callable[[str, str], str]) -> Iterator[Browser]:
    program = need_program("chromium", "chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor who was never here."""
    fresh = browser.new_context(viewport={"width": 1280, "height": 900})
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that must not complain: errors of scripts, of the console and of requests fail the test."""
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    opened.on("console", lambda said: complaints.append(f"console: {said.text}") if said.type in ("error", "warning") else None)
    opened.on("response", lambda answer: complaints.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    yield opened
    assert complaints == []
