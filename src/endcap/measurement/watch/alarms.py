"""How alarms open, stay and close: from what checks find, look after look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from endcap.core.time import DAY_MS, HOUR_MS
from endcap.measurement.watch.check import Check, Finding, Shown

State = Literal["fine", "alarm", "unknown"]

REMIND_MS = DAY_MS
AGAIN_MS = HOUR_MS
"""What is bad again so soon after an alarm closed is the same alarm, of which nobody is told anew."""

MOST_ALARMS = 300
"""How many alarms are kept, the newest."""


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one subject of a check stands: ``fine`` or in ``alarm`` since ``since_ms``, or ``unknown``, and what was found last.

    ``turning_ms`` is since when what is found says otherwise than the state; the state follows when that has lasted.
    """

    check: str
    title: str
    state: State
    since_ms: int
    looked_ms: int
    sentence: str
    subject: str = ""
    value: float | None = None
    limit: float | None = None
    shown: Shown = "count"
    turning_ms: int | None = None

    @property
    def name(self) -> str:
        """The check with its subject, as in ``quiet:purchase``."""
        return named(self.check, self.subject)


class Alarm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alarm from its opening to its closing, if it is closed. ``sentence`` is what was found when it opened, or newer.
    ``told_ms`` is when somebody was told last."""

    id: str
    check: str
    title: str
    opened_ms: int
    sentence: str
    subject: str = ""
    value: float | None = None
    limit: float | None = None
    shown: Shown = "count"
    closed_ms: int | None = None
    told_ms: int = 0

    @property
    def name(self) -> str:
        """The check with its subject."""
        return named(self.check, self.subject)


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What a look changes: how everything stands, all alarms (the oldest first), and those that somebody is to be told of."""

    standings: dict[str, Standing]
    alarms: tuple[Alarm, ...]
    opened: tuple[Alarm, ...] = ()
    reminded: tuple[Alarm, ...] = ()
    closed: tuple[Alarm, ...] = ()


def named(check: str, subject: str) -> str:
    """The name of a check with its subject.

    >>> named("quiet", "purchase"), named("disk", "")
    ('quiet:purchase', 'disk')
    """
    return f"{check}:{subject}" if subject else check


def turned(
    before: Mapping[str, Standing], alarms: Iterable[Alarm], found: Mapping[str, tuple[Check, tuple[Finding, ...]]], now_ms: int
) -> Turn:
    """What becomes of standings and alarms by the findings of the checks that looked, by the check's name.

    A check that did not look, or could see nothing, leaves its standings alone. What it finds no more, such as an experiment that
    ended, is closed.
    """
    seen = {check.name for check, findings in found.values() if not _blind(findings)}
    standings = {name: one for name, one in before.items() if one.check not in seen}
    for check, findings in found.values():
        for finding in findings:
            name = named(check.name, finding.subject)
            standings[name] = _standing(check, finding, before.get(name), now_ms)
    return _alarms(standings, tuple(alarms), now_ms)


def _blind(findings: tuple[Finding, ...]) -> bool:
    """Whether a check can say nothing of any subject."""
    return any(one.verdict == "unknown" and not one.subject for one in findings)


def _standing(check: Check, finding: Finding, before: Standing | None, now_ms: int) -> Standing:
    state, since_ms = (before.state, before.since_ms) if before is not None else ("unknown", now_ms)
    turning_ms = before.turning_ms if before is not None else None
    wanted: State | None = {"bad": "alarm", "fine": "fine"}.get(finding.verdict)  # type: ignore[assignment]
    if state == "unknown" and finding.verdict == "between":
        wanted = "fine"
    if wanted is None or wanted == state:
        turning_ms = None
    else:
        turning_ms = turning_ms if turning_ms is not None else now_ms
        settles = state == "unknown" and wanted == "fine"
        if settles or now_ms - turning_ms >= check.hold_ms:
            state, since_ms, turning_ms = wanted, now_ms, None
    if finding.verdict == "unknown" and state == "fine":
        state, since_ms = "unknown", now_ms
    return Standing(
        check=check.name, title=check.title, subject=finding.subject, state=state, since_ms=since_ms, looked_ms=now_ms,
        sentence=finding.sentence, value=finding.value, limit=finding.limit, shown=finding.shown, turning_ms=turning_ms,
    )  # fmt: skip


def _alarms(standings: dict[str, Standing], alarms: tuple[Alarm, ...], now_ms: int) -> Turn:
    on = {name: one for name, one in standings.items() if one.state == "alarm"}
    kept, opened, reminded, closed = list[Alarm](), list[Alarm](), list[Alarm](), list[Alarm]()
    for alarm in alarms:
        standing = on.get(alarm.name)
        is_open = alarm.closed_ms is None
        if standing is not None and (is_open or now_ms - (alarm.closed_ms or 0) <= AGAIN_MS):
            del on[alarm.name]
            alarm = _goes_on(alarm, standing)
            if now_ms - alarm.told_ms >= REMIND_MS:
                alarm = msgspec.structs.replace(alarm, told_ms=now_ms)
                reminded.append(alarm)
        elif is_open:
            alarm = msgspec.structs.replace(alarm, closed_ms=now_ms)
            closed.append(alarm)
        kept.append(alarm)
    for name, standing in on.items():
        opened.append(_opened(f"{name}@{now_ms}", standing, now_ms))
    return Turn(
        standings=standings, alarms=(*kept, *opened)[-MOST_ALARMS:], opened=tuple(opened), reminded=tuple(reminded),
        closed=tuple(closed),
    )  # fmt: skip


def _goes_on(alarm: Alarm, standing: Standing) -> Alarm:
    if standing.turning_ms is not None:  # it is fine by now, and only waits for its closing
        return msgspec.structs.replace(alarm, closed_ms=None)
    return msgspec.structs.replace(alarm, closed_ms=None, sentence=standing.sentence, value=standing.value)


def _opened(alarm_id: str, standing: Standing, now_ms: int) -> Alarm:
    return Alarm(
        id=alarm_id, check=standing.check, title=standing.title, subject=standing.subject, opened_ms=now_ms, told_ms=now_ms,
        sentence=standing.sentence, value=standing.value, limit=standing.limit, shown=standing.shown,
    )  # fmt: skip
