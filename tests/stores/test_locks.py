from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from endcap.errors import Busy
from endcap.stores.locks import FileLock, Turnstile


def test_a_held_lock_is_busy(tmp_path: Path) -> None:
    with (
        closing(FileLock(tmp_path / "lock", timeout_s=0.01)) as one,
        closing(FileLock(tmp_path / "lock", timeout_s=0.01)) as other,
    ):
        with one, pytest.raises(Busy, match="lock"):
            other.__enter__()
        with other:
            pass


def test_who_waits_comes_before_who_was_there_already(tmp_path: Path) -> None:
    greedy, patient = Turnstile(tmp_path / "turn", timeout_s=5), Turnstile(tmp_path / "turn", timeout_s=5)
    taken = threading.Event()
    done = threading.Event()

    def take_again_and_again() -> None:
        while not done.is_set():
            with greedy:
                taken.set()
                time.sleep(0.01)

    thread = threading.Thread(target=take_again_and_again)
    thread.start()
    taken.wait()
    started = time.monotonic()
    for _ in range(20):
        with patient:
            pass
    waited_s = time.monotonic() - started
    done.set()
    thread.join()
    greedy.close()
    patient.close()
    # Twenty turns, one of the other's 10 ms before each; without the queue it takes seconds or never ends.
    assert waited_s < 2


def test_a_turn_that_never_comes_is_busy_and_holds_nobody_up(tmp_path: Path) -> None:
    one, other = Turnstile(tmp_path / "turn", timeout_s=0.01), Turnstile(tmp_path / "turn", timeout_s=0.01)
    with one, pytest.raises(Busy):
        other.__enter__()
    with other:
        pass
    one.close()
    other.close()
