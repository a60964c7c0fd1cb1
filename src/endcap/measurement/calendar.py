"""The steps of a report in the shop's calendar: hours, days, weeks and months as the clock on its wall counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from endcap.core.time import HOUR_MS
from endcap.errors import BadInput

Step = Literal["hour", "day", "week", "month"]
Comparison = Literal["previous", "year"]

MOST_STEPS = 2_000
"""How many steps a report may have."""


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name, such as ``Europe/Berlin``. Raises BadInput for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(
            f"no time zone is named {name!r}", field="time_zone", value=name,
            remedy="use a name of the IANA database, such as Europe/Berlin or UTC",
        ) from error  # fmt: skip


def starts(since_ms: int, until_ms: int, step: Step, zone: ZoneInfo) -> list[int]:
    """When the steps between two instants begin, in milliseconds, ascending; the first may begin before ``since_ms``.

    A day has 23 or 25 hours where the clocks change. Counts are kept by the hour in UTC, so that in a zone which is off by part
    of an hour a step begins with the full hour that its beginning lies in. Raises BadInput for more than 2,000 steps.

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> days = starts(1_774_652_400_000, 1_774_908_000_000, "day", berlin)
    >>> [(later - day) // HOUR_MS for day, later in zip(days, days[1:])]  # clocks went forward on 29 March 2026
    [24, 23]
    """
    if step == "hour":
        found = list(range(since_ms // HOUR_MS * HOUR_MS, until_ms, HOUR_MS)[: MOST_STEPS + 1])
    else:
        found = []
        day = _first(_local(since_ms, zone).date(), step)
        while (start := _midnight(day, zone)) < until_ms and len(found) <= MOST_STEPS:
            found.append(start // HOUR_MS * HOUR_MS)
            day = _next(day, step)
    if len(found) > MOST_STEPS:
        raise BadInput(
            f"there are more than {MOST_STEPS} steps of one {step} in that time", field="step", value=step,
            remedy="ask for larger steps or less time",
        )  # fmt: skip
    return found


def other_period(since_ms: int, until_ms: int, comparison: Comparison, zone: ZoneInfo) -> tuple[int, int]:
    """The period to compare with: as many calendar days right before, or the same dates of the year before.

    A period that is no whole number of days is compared with as much time right before it. 29 February is compared with the 28th.
    """
    first, last = _local(since_ms, zone), _local(until_ms, zone)
    if comparison == "year":
        return _to_ms(_year_before(first)), _to_ms(_year_before(last))
    if first.time() == last.time():
        return _to_ms(first - (last.replace(tzinfo=None) - first.replace(tzinfo=None))), since_ms
    return since_ms - (until_ms - since_ms), since_ms


def full_hours(since_ms: int, until_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """A period widened to full hours, by which things are counted; in a zone that is off by part of an hour an end at midnight
    is the full hour that midnight lies in, as the beginning of the next day is."""
    day_ends = _local(until_ms, zone).time() == time()
    return since_ms // HOUR_MS * HOUR_MS, (until_ms if day_ends else until_ms + HOUR_MS - 1) // HOUR_MS * HOUR_MS


def last_days(days: int, now_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """From the beginning of the local day ``days`` − 1 days ago until the end of today."""
    today = _local(now_ms, zone).date()
    return _midnight(today - timedelta(days=days - 1), zone), _midnight(today + timedelta(days=1), zone)


def _local(at_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def _to_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return _to_ms(datetime.combine(day, time(), zone))


def _first(day: date, step: Step) -> date:
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def _next(day: date, step: Step) -> date:
    if step == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=7 if step == "week" else 1)


def _year_before(at: datetime) -> datetime:
    try:
        return at.replace(year=at.year - 1)
    except ValueError:
        return at.replace(year=at.year - 1, day=28)
