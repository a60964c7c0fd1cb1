"""Answers are kept behind the answer: found at once, written soon, counted where they had to be dropped."""

from __future__ import annotations

import pytest

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
    assert (store.count(), writer.waiting, writer.dropped) == (2, 0, 0)
    assert writer.find("a") == decision("a")
    assert writer.find("z") is None


def test_what_does_not_fit_is_counted(store: Decisions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "MAX_WAITING", 1)
    writer = DecisionWriter(store, report=lambda _what, _error: None)
    writer.put(decision("a"))
    writer.put(decision("b"))
    assert (writer.waiting, writer.dropped) == (1, 1)


def test_a_store_that_fails_is_reported_and_counted(store: Decisions, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_batch: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr(store, "append", fail)
    reported: list[str] = []
    writer = DecisionWriter(store, report=lambda what, _error: reported.append(what))
    writer.put(decision("a"))
    writer.start()
    writer.stop()
    assert (reported, writer.dropped, writer.waiting) == (["decisions"], 1, 0)
