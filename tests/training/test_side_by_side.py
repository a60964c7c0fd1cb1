from __future__ import annotations

import threading

import pytest

from endcap.training.side_by_side import THREADS, side_by_side


def test_results_come_in_the_order_of_the_jobs_whichever_is_done_first() -> None:
    second_done = threading.Event()

    def first() -> str:
        assert second_done.wait(10), "the second job runs beside the first"
        return "first"

    def second() -> str:
        second_done.set()
        return "second"

    assert list(side_by_side([first, second, lambda: "third"])) == ["first", "second", "third"]


def test_no_more_are_at_work_than_there_are_threads() -> None:
    at_work, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(THREADS, timeout=10)

    def job() -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        together.wait()
        with lock:
            at_work -= 1

    assert len(list(side_by_side([job] * (4 * THREADS)))) == 4 * THREADS
    assert most == THREADS


def test_what_a_job_raises_is_raised_in_its_turn() -> None:
    def fail() -> int:
        raise ValueError("the second")

    results = side_by_side([lambda: 1, fail])
    assert next(results) == 1
    with pytest.raises(ValueError, match="the second"):
        next(results)
