"""Answers are kept behind the answer: found at once, written soon, none given that could not be."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from endcap.errors import Busy
from endcap.ingest import decisions
from endcap.ingest.decisions import DecisionWriter
from endcap.stores import memory
from endcap.stores.ports import Decision, Decisions


def decision(name: str) -> Decision:
    return Decision(name, 1, b"{}", b'{"n":1}')


@pytest.fixture
def store() -> Decisions:
    return memory.open_home().open("gifts", create=True).decisions


def test_an_answer_is_found_before_and_after_it_is_written(store: Decisions) -> None:
    writer = DecisionWriter(store, report=lambda _what, error: pytest.fail(str(error)))
    writer.put(decision("a"))
    assert writer.find("a") == decision("a")
    assert store.count() == 0
    writer.start()
    writer.put(decision("b"))
    writer.stop()
    assert (store.count(), writer.waiting, writer.lost) == (2, 0, 0)
    assert writer.find("a") == decision("a")
    assert writer.find("z") is None


def test_where_too_many_wait_there_is_room_for_none(store: Decisions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "MAX_WAITING", 2)
    writer = DecisionWriter(store, report=lambda _what, _error: None)
    writer.check_room(2)
    writer.put(decision("a"))
    writer.check_room()
    with pytest.raises(Busy):
        writer.check_room(2)
    writer.put(decision("b"))
    with pytest.raises(Busy):
        writer.check_room()
    writer.start()
    writer.stop()
    writer.check_room()
    assert (store.count(), writer.lost) == (2, 0)


class Failing:
    """A store that refuses until it is mended."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self.broken = threading.Event()
        self.tried = threading.Event()
        self.broken.set()

    def __getattr__(self, name: str) -> object:
        return getattr(self._decisions, name)

    def append(self, batch: Sequence[Decision]) -> None:
        self.tried.set()
        if self.broken.is_set():
            raise OSError("disk")
        self._decisions.append(batch)


def test_what_a_store_refuses_is_kept_and_tried_again(store: Decisions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "RETRY_S", 0.01)
    failing = Failing(store)
    reported: list[str] = []
    writer = DecisionWriter(failing, report=lambda what, _error: reported.append(what))  # type: ignore[arg-type]
    writer.start()
    writer.put(decision("a"))
    assert failing.tried.wait(5)
    assert writer.find("a") == decision("a")
    failing.broken.clear()
    writer.put(decision("b"))
    writer.stop()
    assert (store.count(), writer.waiting, writer.lost) == (2, 0, 0)
    assert reported == ["decisions"], "said once, not at every try"


def test_what_is_refused_to_the_end_is_counted_as_lost(store: Decisions) -> None:
    writer = DecisionWriter(Failing(store), report=lambda _what, _error: None)  # type: ignore[arg-type]
    writer.start()
    writer.put(decision("a"))
    writer.stop()
    assert (store.count(), writer.lost) == (0, 1)
