"""The period that a page is about, as its address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from endcap.core.time import DAY_MS, to_ms
from endcap.measurement.calendar import Comparison, Step, last_days
from endcap.web.console.words import day

PRESETS: Mapping[str, tuple[int, str]] = {
    "1": (1, "Today"), "7": (7, "7 days"), "28": (28, "28 days"), "90": (90, "90 days"), "365": (365, "12 months"),
}  # fmt: skip
"""How many days each choice has, and its name. All of them end with today."""

COMPARISONS: Mapping[str, str] = {"previous": "the time before", "year": "a year before", "none": "nothing"}
_USUAL = "28"
_LONGEST_DAYS = 3_660
_STEPS: tuple[tuple[int, Step], ...] = ((2, "hour"), (92, "day"), (400, "week"))


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since_ms`` until before ``until_ms``.

    ``preset`` is the choice it came from, or ``own``; ``error`` says what was wrong with dates that were given and not taken.
    """

    since_ms: int
    until_ms: int
    preset: str
    comparison: str
    error: str = ""

    @property
    def compare(self) -> Comparison | None:
        """What to compare with."""
        return "previous" if self.comparison == "previous" else "year" if self.comparison == "year" else None

    @property
    def days(self) -> int:
        """How many days it has, a begun one counted."""
        return -(-(self.until_ms - self.since_ms) // DAY_MS)

    @property
    def step(self) -> Step:
        """The step that makes a readable line of it."""
        return next((step for most, step in _STEPS if self.days <= most), "month")


def period_of(query: Mapping[str, str], now_ms: int, zone: ZoneInfo) -> Period:
    """The period of an address: a choice of :data:`PRESETS`, or dates of which the second is the last day.

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> period = period_of({"from": "2026-03-01", "to": "2026-03-28"}, 0, berlin)
    >>> period.days, period.step, period.preset
    (28, 'day', 'own')
    >>> period_of({"from": "2026-02-31", "to": "2026-03-28"}, 0, berlin).error
    '2026-02-31 is no day of the calendar'
    """
    comparison = query.get("compare", "")
    comparison = comparison if comparison in COMPARISONS else "previous"
    error = ""
    if query.get("from") or query.get("to"):
        try:
            return Period(*_own(query.get("from", ""), query.get("to", ""), zone), "own", comparison)
        except ValueError as wrong:
            error = str(wrong)
    preset = query.get("period", _USUAL)
    preset = preset if preset in PRESETS else _USUAL
    return Period(*last_days(PRESETS[preset][0], now_ms, zone), preset, comparison, error)


def _own(first: str, last: str, zone: ZoneInfo) -> tuple[int, int]:
    begin, end = _date(first), _date(last)
    if end < begin:
        raise ValueError("the last day is before the first")
    if (end - begin).days > _LONGEST_DAYS:
        raise ValueError("that is more than ten years")
    since, until = (to_ms(datetime.combine(one, time(), zone)) for one in (begin, end + timedelta(days=1)))
    return since, until


def _date(text: str) -> date:
    if not text:
        raise ValueError("give both days, the first and the last")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text} is no day of the calendar") from error


def shown(since_ms: int, until_ms: int, zone: ZoneInfo) -> str:
    """A period in words, its last day included.

    >>> shown(1_772_319_600_000, 1_774_738_800_000, ZoneInfo("Europe/Berlin"))
    '1 Mar to 28 Mar 2026'
    """
    first, last = _local(since_ms, zone), _local(until_ms - 1, zone)
    if first // DAY_MS == last // DAY_MS:
        return day(last)
    return f"{day(first, year=day(first)[-4:] != day(last)[-4:])} to {day(last)}"


def labels(at_ms: list[int], step: Step, zone: ZoneInfo) -> list[str]:
    """What stands below a line for each of its steps."""
    local = [_local(at, zone) for at in at_ms]
    if step == "hour":
        return [datetime.fromtimestamp(at / 1000, zone).strftime("%H:%M") for at in at_ms]
    return [day(at)[-8:] if step == "month" else day(at, year=False) for at in local]


def iso_day(at_ms: int, zone: ZoneInfo) -> str:
    """The day of an instant as a date field takes it."""
    return datetime.fromtimestamp(at_ms / 1000, zone).date().isoformat()


def _local(at_ms: int, zone: ZoneInfo) -> int:
    """The instant as the clock on the shop's wall shows it, as if that were UTC."""
    at = datetime.fromtimestamp(at_ms / 1000, zone)
    return to_ms(at.replace(tzinfo=None))
