"""Alarms open once, remind once a day, and close; nobody is flooded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from endcap.measurement.watch import watcher as watcher_module
from endcap.measurement.watch.alarms import Turn, turned
from endcap.measurement.watch.check import Check, Finding, Look, Verdict
from endcap.measurement.watch.notes import read_notes
from endcap.measurement.watch.settings import WatchSettings, Webhook
from endcap.measurement.watch.telling import put_watch
from endcap.measurement.watch.watcher import Watcher
from tests.measurement.watch.made_up import new_shop

HELD = Check(name="answers", title="Answers", look=lambda _: (), hold_ms=3 * MINUTE_MS)
AT_ONCE = Check(name="disk", title="Disk space", look=lambda _: ())


def _followed(check: Check, verdicts: list[tuple[int, Verdict]], subject: str = "") -> Iterator[Turn]:
    """What becomes of alarms by what was found at each time."""
    turn = Turn(standings={}, alarms=())
    for at_ms, verdict in verdicts:
        finding = Finding(verdict=verdict, subject=subject, sentence=f"{verdict} at {at_ms}")
        turn = turned(turn.standings, turn.alarms, {check.name: (check, (finding,))}, at_ms)
        yield turn


def _told(turns: list[Turn]) -> list[str]:
    return [
        f"{i} {what}" for i, turn in enumerate(turns) for what in ("opened", "reminded", "closed") for _ in getattr(turn, what)
    ]  # fmt: skip


def test_an_alarm_opens_once_and_closes_once() -> None:
    minutes: list[Verdict] = ["fine", "bad", "bad", "between", "unknown", "bad", "fine", "fine"]
    turns = list(_followed(AT_ONCE, [(i * MINUTE_MS, one) for i, one in enumerate(minutes)]))
    assert _told(turns) == ["1 opened", "6 closed"]
    alarm = turns[-1].alarms[0]
    assert (alarm.opened_ms, alarm.closed_ms) == (MINUTE_MS, 6 * MINUTE_MS)
    assert turns[3].standings["disk"].state == "alarm"


def test_what_does_not_last_opens_and_closes_nothing() -> None:
    letters: dict[str, Verdict] = {"f": "fine", "b": "bad"}
    turns = list(_followed(HELD, [(i * MINUTE_MS, letters[one]) for i, one in enumerate("fbbfbbbbfbffff")]))
    assert _told(turns) == ["7 opened", "13 closed"]


def test_somebody_is_reminded_once_a_day() -> None:
    turns = list(_followed(AT_ONCE, [(hour * HOUR_MS, "bad") for hour in range(73)]))
    assert _told(turns) == ["0 opened", "24 reminded", "48 reminded", "72 reminded"]


def test_what_flaps_is_one_alarm() -> None:
    verdicts: list[tuple[int, Verdict]] = [(i * 5 * MINUTE_MS, "bad" if i % 2 == 0 else "fine") for i in range(100)]
    turns = list(_followed(AT_ONCE, verdicts))
    assert sum(one.endswith("opened") for one in _told(turns)) == 1
    assert len(turns[-1].alarms) == 1


def test_a_check_that_sees_nothing_closes_nothing() -> None:
    bad = Finding(verdict="bad", subject="purchase", sentence="silent")
    blind = Finding(verdict="unknown", sentence="still counting")
    turn = turned({}, (), {"disk": (AT_ONCE, (bad,))}, 0)
    turn = turned(turn.standings, turn.alarms, {"disk": (AT_ONCE, (blind,))}, MINUTE_MS)
    assert (turn.closed, turn.alarms[0].closed_ms) == ((), None)
    turn = turned(turn.standings, turn.alarms, {"disk": (AT_ONCE, ())}, 2 * MINUTE_MS)
    assert [one.subject for one in turn.closed] == ["purchase"]  # what is found no more is over


def test_whatever_opens_in_one_look_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_at: Look) -> Iterator[Finding]:
        for number in range(50):
            yield Finding(verdict="bad", subject=f"type_{number}", sentence="silent")

    def fails(_at: Look) -> Iterator[Finding]:
        raise ValueError("nothing to divide")

    checks = (Check(name="quiet", title="Events have stopped", look=broken), Check(name="odd", title="Odd", look=fails))
    monkeypatch.setattr(watcher_module, "CHECKS", checks)
    stores = new_shop()
    hook = Webhook(name="ops", url="https://hooks.example/", secret="0123456789abcdef")
    put_watch(stores.documents, WatchSettings(webhooks=(hook,)))
    watcher = Watcher(stores)
    for minute in range(60):
        report = watcher.look(1_780_000_000_000 + minute * MINUTE_MS)
    assert len(read_notes(stores)[1].outbox) == 1
    assert len(report.open) == 50
    assert next(one.sentence for one in report.checks if one.check == "odd").startswith("It could not be looked at")
    put_watch(stores.documents, WatchSettings(ignore=("quiet:type_7", "odd")))
    report = watcher.look(1_780_000_000_000 + DAY_MS // 2)
    assert (len(report.open), {one.check for one in report.checks}) == (49, {"quiet"})
