"""Steps follow the clock on the shop's wall."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from endcap.core.time import DAY_MS, HOUR_MS, to_ms
from endcap.errors import BadInput
from endcap.measurement.calendar import MOST_STEPS, Step, last_days, other_period, starts, zone_of

BERLIN = ZoneInfo("Europe/Berlin")
UTC = ZoneInfo("UTC")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham")


def at(text: str, zone: ZoneInfo = UTC) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=zone))


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_steps_cover_a_year_without_gap_and_begin_at_local_midnight(name: str, step: Step) -> None:
    zone = zone_of(name)
    since, until = at("2026-01-01", zone), at("2027-01-01", zone)
    found = starts(since, until, step, zone)
    assert found[0] <= since < found[1]
    assert found == sorted(set(found))
    assert found[-1] < until
    for start in found[1:]:
        local = datetime.fromtimestamp(start / 1000, zone)
        # Where the zone is off by part of an hour, a day begins with the full hour that midnight lies in.
        assert (local.hour * 60 + local.minute) % (24 * 60) in {0, *range(24 * 60 - 59, 24 * 60)}
        assert start % HOUR_MS == 0
    wanted = {"day": 365, "week": 53, "month": 12}[step]
    assert len(found) == wanted


def test_the_days_on_which_clocks_change_have_23_and_25_hours() -> None:
    for first, hours in (("2026-03-29", 23), ("2026-10-25", 25)):
        day = at(first, BERLIN)
        found = starts(day, day + 2 * DAY_MS, "day", BERLIN)
        assert (found[1] - found[0]) // HOUR_MS == hours


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    since, until = at("2026-02-27", BERLIN), at("2026-03-17", BERLIN)
    mondays = ("2026-02-23", "2026-03-02", "2026-03-09", "2026-03-16")
    assert starts(since, until, "week", BERLIN) == [at(day, BERLIN) for day in mondays]
    assert starts(since, until, "month", BERLIN) == [at(day, BERLIN) for day in ("2026-02-01", "2026-03-01")]


def test_hours_are_hours() -> None:
    found = starts(at("2026-03-01T00:30"), at("2026-03-01T03:00"), "hour", UTC)
    assert found == [at(f"2026-03-01T0{hour}:00") for hour in range(3)]


def test_too_many_steps_are_refused_at_once() -> None:
    assert len(starts(0, MOST_STEPS * HOUR_MS, "hour", UTC)) == MOST_STEPS
    with pytest.raises(BadInput, match="more than 2000 steps"):
        starts(0, at("2200-01-01"), "hour", UTC)
    with pytest.raises(BadInput, match="step"):
        starts(0, at("2200-01-01"), "day", BERLIN)


def test_the_period_before_has_as_many_days_whatever_the_clocks_did() -> None:
    since, until = at("2026-03-23", BERLIN), at("2026-03-30", BERLIN)  # a week with a short Sunday
    assert other_period(since, until, "previous", BERLIN) == (at("2026-03-16", BERLIN), since)


def test_part_of_a_day_is_compared_with_as_long_right_before() -> None:
    since, until = at("2026-03-01"), at("2026-03-02T06:00")
    assert other_period(since, until, "previous", UTC) == (since - 30 * HOUR_MS, since)


def test_the_year_before_has_the_same_dates_and_leap_day_the_day_before() -> None:
    assert other_period(at("2026-03-01"), at("2026-04-01"), "year", UTC) == (at("2025-03-01"), at("2025-04-01"))
    assert other_period(at("2028-02-29"), at("2028-03-01"), "year", UTC) == (at("2027-02-28"), at("2027-03-01"))


def test_the_last_days_end_with_today() -> None:
    assert last_days(2, at("2026-03-29T12:00", BERLIN), BERLIN) == (at("2026-03-28", BERLIN), at("2026-03-30", BERLIN))


def test_an_unknown_zone_is_refused_by_name() -> None:
    for name in ("Mars/Olympus", "", "../etc/passwd", "/etc/passwd"):
        with pytest.raises(BadInput) as caught:
            zone_of(name)
        assert caught.value.field == "time_zone"
