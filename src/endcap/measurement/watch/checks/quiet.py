"""Whether a type of event has stopped coming: a webhook that was switched off, a script that is gone from a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from endcap.measurement.watch.check import WEEK_HOURS, Check, Finding, Look, unknown

REFERENCE_HOURS = 4 * WEEK_HOURS
LEAST_A_WEEK = 50
"""A type that is rarer has gaps that say nothing."""

_LONGEST_HOURS = 2 * WEEK_HOURS


def look(at: Look) -> Iterator[Finding]:
    """How many usual gaps long the silence of each type is."""
    if not at.caught_up:
        yield from unknown("The log is still being counted.")
        return
    for name, newest_ms in sorted(at.newest.items()):
        end = newest_ms // HOUR_MS  # the hour of the newest event is not over
        counts = {key.hour: count for key, count in at.tallies("type", end - REFERENCE_HOURS, end).items() if key.value == name}
        weeks = (end - min(counts, default=end)) / WEEK_HOURS
        if weeks >= 1 and sum(counts.values()) >= LEAST_A_WEEK * weeks:
            yield _of_type(at, name, newest_ms, usual(counts, end))


def usual(counts: dict[int, int], end: int) -> list[float]:
    """How many events an hour of the week has on average, by its number since the epoch modulo a week.

    ``counts`` are of the weeks that end at hour ``end``, by the number of the hour.
    """
    sums, hours = Counter[int](), Counter[int]()
    for hour in range(min(counts), end):
        sums[hour % WEEK_HOURS] += counts.get(hour, 0)
        hours[hour % WEEK_HOURS] += 1
    return [sums[hour] / max(1, hours[hour]) for hour in range(WEEK_HOURS)]


def expected(rates: list[float], since_ms: int, until_ms: int) -> float:
    """How many events are usual between two instants: how many usual gaps the time is long.

    >>> expected([2.0] * 168, 0, 90 * MINUTE_MS)
    3.0
    """
    total, at_ms = 0.0, max(since_ms, until_ms - _LONGEST_HOURS * HOUR_MS)
    while at_ms < until_ms:
        hour = at_ms // HOUR_MS
        ends_ms = min((hour + 1) * HOUR_MS, until_ms)
        total += rates[hour % WEEK_HOURS] * (ends_ms - at_ms) / HOUR_MS
        at_ms = ends_ms
    return total


def _of_type(at: Look, name: str, newest_ms: int, rates: list[float]) -> Finding:
    silent_ms = max(0, at.now_ms - newest_ms)
    times, limit = expected(rates, newest_ms, at.now_ms), at.limits.quiet_times
    bad = times >= limit and silent_ms >= at.limits.quiet_minutes * MINUTE_MS
    told = name.replace("_", " ")
    if bad:
        sentence = (
            f"No {told} event has come for {_long(silent_ms)}; at these hours {times:,.0f} are usual. Check the webhook, the tag "
            "or the connector that sends them: shops switch a webhook off after a few failures."
        )
    else:
        sentence = f"The newest {told} event is {_long(silent_ms)} old."
    return Finding(
        verdict="bad" if bad else "fine" if times < limit else "between", subject=name, value=round(times, 1), limit=limit,
        shown="times", sentence=sentence,
    )  # fmt: skip


def _long(ms: int) -> str:
    if ms < 2 * HOUR_MS:
        return f"{ms // MINUTE_MS} minutes"
    return f"{ms // HOUR_MS} hours" if ms < 3 * DAY_MS else f"{ms // DAY_MS} days"


CHECK = Check(name="quiet", title="Events have stopped", look=look)
