from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.connectors.base import cells
from endcap.core.time import to_ms


@pytest.mark.parametrize(
    ("text", "comma", "number"),
    [
        ("2.55", False, "2.55"),
        ("-3", False, "-3"),
        (" 1 234,50 €", True, "1234.50"),
        ("1.234.567", False, "1234567"),
        ("EUR 12.00", False, "12.00"),
        ("(4.20)", False, "-4.20"),
        ("1,234", False, "1234"),
        ("1,234", True, "1.234"),
        (".5", False, "0.5"),
    ],
)
def test_numbers_in_the_ways_that_shops_write_them(text: str, comma: bool, number: str) -> None:
    assert cells.parse_number(text, decimal_comma=comma) == Decimal(number)


@pytest.mark.parametrize("text", ["", "abc", "1e5", "--2", "1-2", "NaN", "inf", "2x"])
def test_what_is_no_number(text: str) -> None:
    assert cells.parse_number(text) is None


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_money_reads_back_what_it_wrote(amount: Decimal) -> None:
    text = cells.money_text(amount)
    assert text is not None
    assert cells.parse_number(text) == amount
    assert cells.money_text(Decimal(text)) == text


def test_money_beyond_its_bounds_is_none() -> None:
    assert cells.money_text(Decimal("1e13")) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04 10:00:00",
        "2026-03-04T10:00",
        "2026/3/4 10:00",
        "2026-03-04T11:00:00+01:00",
        "2026-03-04 05:00:00 -0500",
        "2026-03-04 10:00:00 UTC",
        "3/4/2026 10:00 AM",
        "3/4/2026 10:00",
        "1772618400",
        "1772618400000",
        "2026-03-04 10:00:00.000000",
    ],
)
def test_times_in_the_ways_that_shops_write_them(text: str) -> None:
    assert cells.parse_time(text, UTC) == to_ms(datetime(2026, 3, 4, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "31/31/2026", "2026-03-04 25:00", "4/3/26", "13:00 PM", "12", "1/2/2026 13:00 PM"]
)
def test_what_is_no_time(text: str) -> None:
    assert cells.parse_time(text, UTC) is None


def test_a_time_without_an_offset_is_read_in_the_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert cells.parse_time("2026-07-01 12:00", berlin) == to_ms(datetime(2026, 7, 1, 10, tzinfo=UTC))
    # The clocks go forward over 02:30 and back over 02:30: neither loses the row.
    assert cells.parse_time("2026-03-29 02:30", berlin) is not None
    assert cells.parse_time("2026-10-25 02:30", berlin) == to_ms(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))


@given(st.datetimes(min_value=datetime(1981, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_iso_times_read_back(moment: datetime) -> None:
    assert cells.parse_time(moment.isoformat(), UTC) == pytest.approx(to_ms(moment), abs=1)


@given(st.text(max_size=30))
def test_no_cell_breaks_a_reader(text: str) -> None:
    cells.parse_number(text)
    cells.parse_time(text, UTC)
    cells.parse_list(text, ",")
    cells.is_day_first([text])
    cells.may_be_day_first([text])


def test_map_cells_keeps_what_is_empty() -> None:
    found = cells.map_cells(pl.Series(["1", None, "x", "1"]), lambda text: int(text) if text.isdigit() else None, pl.Int64)
    assert found.to_list() == [1, None, None, 1]
    assert cells.map_cells(pl.Series([None, None], dtype=pl.String), int, pl.Int64).to_list() == [None, None]
