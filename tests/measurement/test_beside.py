"""The process that measures beside a server: it keeps up, comes back, tells what fails, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import apsw
import pytest

from endcap.core.events import Event
from endcap.core.failure import Failure
from endcap.measurement import process
from endcap.measurement.behind import Behind, behind
from endcap.measurement.beside import LONGEST_PAUSE_S, MeasuringBeside, pause_after
from endcap.measurement.pace import Pace
from endcap.measurement.process import NICENESS
from endcap.stores import sqlite
from endcap.stores.ports import Home, ShopStores
from tests.measurement.story import T0
from tests.measurement.test_stories import found, sums

T = TypeVar("T")

PATIENCE_S = 120.0
"""After so long a test gives up; what it waits for takes a second or two."""


@dataclass
class Beside:
    """The process, and what it was said to have failed at."""

    measuring: MeasuringBeside
    said: list[tuple[str | None, Failure]] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return soon(lambda: self.measuring.pid)


def soon(look: Callable[[], T | None]) -> T:
    """What is found as soon as something is."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = sqlite.open_home(tmp_path / "home")
    yield opened
    opened.close()


@contextmanager
def beside(home: Home, *shops: ShopStores) -> Iterator[Beside]:
    said: list[tuple[str | None, Failure]] = []
    assert home.folder is not None
    measuring = MeasuringBeside(home.folder, lambda failure, shop: said.append((shop, failure)))
    for shop in shops:
        measuring.follow(shop)
    try:
        yield Beside(measuring, said)
    finally:
        measuring.stop()


def log_views(shop: ShopStores, first: int, count: int) -> None:
    numbers = range(first, first + count)
    shop.log.append(
        [
            Event(event_id=f"e{n}", type="view", at=T0 + 60_000 * (n % 10), session_id=f"s{n // 10}", item_id="mug")
            for n in numbers
        ]
    )


def measured(shop: ShopStores) -> bool:
    return behind(shop) == Behind(events=0, answers=0)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_follows_shops_that_were_there_and_shops_that_come(home: Home) -> None:
    gifts = home.open("gifts", create=True)
    log_views(gifts, 0, 10)
    with beside(home, gifts) as found_beside:
        soon(lambda: measured(gifts))
        pid = found_beside.pid
        toys = home.open("toys", create=True)
        log_views(toys, 0, 7)
        found_beside.measuring.follow(toys)
        soon(lambda: measured(toys))
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS)
        threads = sorted(int(one.name) for one in Path(f"/proc/{pid}/task").iterdir())
        policies = [os.sched_getscheduler(one) for one in threads]
        assert (policies[0], policies.count(os.SCHED_IDLE)) == (os.SCHED_OTHER, 1)  # only who works out
        assert (found_beside.pid, found_beside.said) == (pid, [])
    assert not is_alive(pid)
    assert (found(sums(gifts), "views"), found(sums(toys), "views")) == (10, 7)


def test_killed_it_comes_back_and_says_so_and_nothing_counts_twice(home: Home) -> None:
    gifts = home.open("gifts", create=True)
    log_views(gifts, 0, 600)
    with beside(home, gifts) as found_beside:
        soon(lambda: gifts.measures.progress().log_seq)
        first = found_beside.pid
        os.kill(first, signal.SIGKILL)
        second = soon(lambda: pid if (pid := found_beside.measuring.pid) != first else None)
        log_views(gifts, 600, 100)
        soon(lambda: measured(gifts))
        assert [(shop, one.error, one.message) for shop, one in found_beside.said] == [
            (None, "ProcessEnded", "the process that measures ended with -9")
        ]
    assert not is_alive(first)
    assert not is_alive(second)
    assert found(sums(gifts), "views") == 700


def test_a_clean_stop_in_the_midst_loses_nothing(home: Home) -> None:
    gifts = home.open("gifts", create=True)
    log_views(gifts, 0, 600)
    with beside(home, gifts):
        soon(lambda: gifts.measures.progress().log_seq)
    with beside(home, gifts) as found_beside:
        soon(lambda: measured(gifts))
        assert found_beside.said == []
    assert found(sums(gifts), "views") == 600


def test_what_a_terminal_or_a_service_manager_sends_to_all_does_not_end_it(home: Home) -> None:
    gifts = home.open("gifts", create=True)
    log_views(gifts, 0, 1)
    with beside(home, gifts) as found_beside:
        soon(lambda: measured(gifts))
        pid = found_beside.pid
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(pid, number)
        log_views(gifts, 1, 1)
        soon(lambda: measured(gifts))
        assert (found_beside.pid, found_beside.said) == (pid, [])


def test_what_fails_in_it_is_said_once_with_the_shop(home: Home, tmp_path: Path) -> None:
    gifts = home.open("gifts", create=True)
    file = apsw.Connection(str(tmp_path / "home" / "shops" / "gifts" / "measured.sqlite"))
    file.execute("ALTER TABLE measuring RENAME TO hidden")
    log_views(gifts, 0, 1)
    with beside(home, gifts) as found_beside:
        ((shop, failure),) = soon(lambda: found_beside.said)
        assert (shop, failure.error, failure.code) == ("gifts", "StoreError", "store_error")
        assert "no such table" in str(failure.message)
        file.execute("ALTER TABLE hidden RENAME TO measuring")
        soon(lambda: measured(gifts))
        assert len(found_beside.said) == 1
    file.close()


def test_a_shop_that_cannot_be_opened_is_told_once_and_holds_up_no_other(home: Home, tmp_path: Path) -> None:
    elsewhere = sqlite.open_home(tmp_path / "elsewhere")
    toys = home.open("toys", create=True)
    log_views(toys, 0, 7)
    with beside(home, elsewhere.open("gifts", create=True), toys) as found_beside:
        soon(lambda: measured(toys))
        ((shop, failure),) = soon(lambda: found_beside.said)
        gifts = home.open("gifts", create=True)
        log_views(gifts, 0, 3)
        soon(lambda: measured(gifts))
        assert len(found_beside.said) == 1
    elsewhere.close()
    assert (shop, failure.error) == ("gifts", "UnknownName")


def test_how_it_ended_is_told_with_its_last_words(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    said: list[tuple[str | None, Failure]] = []
    measuring = MeasuringBeside(tmp_path / "file", lambda failure, shop: said.append((shop, failure)))
    measuring.follow(home.open("gifts", create=True))
    ((shop, failure),) = soon(lambda: said)
    measuring.stop()
    assert (shop, failure.error) == (None, "ProcessEnded")
    assert str(failure.message).startswith("the process that measures ended with 1: endcap.errors.StoreError: ")


def test_where_time_is_rationed_it_pauses_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "has_quota", lambda: True)
    steps: list[object] = []
    thread = threading.Thread(target=lambda: steps.append(process._give_way()))  # which is idle from then on
    thread.start()
    thread.join()
    assert isinstance(steps[0], Pace)


def test_the_pause_before_it_begins_again_grows_and_begins_anew_after_a_long_life() -> None:
    pauses = [0.0]
    for _ in range(12):
        pauses.append(pause_after(pauses[-1], lasted_s=0.1))
    assert pauses[1:] == sorted(pauses[1:])
    assert (pauses[2], pauses[-1]) == (2 * pauses[1], LONGEST_PAUSE_S)
    assert pause_after(LONGEST_PAUSE_S, lasted_s=LONGEST_PAUSE_S) == pauses[1]


def test_it_loads_neither_the_engine_nor_its_kernels(home: Home) -> None:
    heavy = {"numba", "scipy", "polars", "starlette", "typer", "jinja2", "endcap.kernels", "endcap.serving", "endcap.ranking"}
    code = f"import sys, endcap.measurement.process; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
