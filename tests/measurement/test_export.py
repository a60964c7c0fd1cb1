"""Tables for spreadsheets: no cell computes, and the numbers are those of the report."""

from __future__ import annotations

import csv
import io

import pytest

from endcap.measurement.catalogue import METRICS
from endcap.measurement.export import csv_of, safe, worded
from endcap.measurement.figures import Figure
from endcap.measurement.questions import Report, ReportQuery, ReportRow

START = 1_772_409_600_000


def told(*rows: ReportRow, by: tuple[str, ...] = ("device",), **query: object) -> Report:
    asked = ReportQuery(since_ms=START, until_ms=START + 1, by=by, **query)  # type: ignore[arg-type]
    names = rows[0].figures if rows else {}
    return Report(query=asked, rows=rows, total=ReportRow(figures=names), measured_until=0, zone="Europe/Berlin")


@pytest.mark.parametrize("word", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\tx", "\rx", 'a"b,c', "naïve\nline", ""])
def test_a_word_stays_a_word(word: str) -> None:
    report = told(ReportRow(key={"device": word}, figures={"ctr": Figure(value=-0.5)}))
    heading, cells = csv.reader(io.StringIO(csv_of(report), newline=""))
    assert heading == ["device", "ctr"]
    assert cells[0].removeprefix("'") == word
    assert not cells[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cells[1] == "-0.5"  # a number is none of them


def test_columns_are_there_for_what_there_is() -> None:
    some = {"ctr": Figure(value=0.1, low=0.05, high=0.2), "aov": Figure(value=1)}
    none = {"ctr": Figure(reason="=none"), "aov": Figure(value=2)}
    rows = (
        ReportRow(key={"device": "a"}, at_ms=START, figures=some),
        ReportRow(key={"device": "b"}, at_ms=START, figures=none, compared={"aov": Figure(value=3)}),
    )
    table = list(csv.reader(io.StringIO(csv_of(told(*rows, step="day", compare="year")))))
    assert table == [
        ["device", "at", "ctr", "ctr_low", "ctr_high", "ctr_reason", "ctr_before", "aov", "aov_before"],
        ["a", "2026-03-02T01:00+01:00", "0.1", "0.05", "0.2", "", "", "1", ""],
        ["b", "2026-03-02T01:00+01:00", "", "", "", "'=none", "", "2", "3"],
    ]


def test_no_rows_are_a_heading() -> None:
    assert csv_of(told()) == "device\r\n"


@pytest.mark.parametrize(
    ("metric", "figure", "words"),
    [
        ("revenue", Figure(value=1234.5), "1,234.50 EUR"),
        ("revenue_lift", Figure(value=0.123, low=-0.01, high=0.25), "+12.3 % (-1.0 to +25.0)"),
        ("roi", Figure(value=8.2), "8.20 ×"),
        ("orders", Figure(value=1e6), "1,000,000"),
        ("latency_p95", Figure(value=180.2), "180 ms"),
        ("time_to_click", Figure(value=12_000, low=9_000, high=600_000), "12.0 s (9.0 s to 10.0 min)"),
        ("ctr", Figure(reason="no shelf impressions in this period"), "–"),
    ],
)
def test_figures_in_words(metric: str, figure: Figure, words: str) -> None:
    assert worded(METRICS[metric], figure, "EUR") == words


def test_what_is_safe_is_left_alone() -> None:
    assert [safe(word) for word in ("mobile", "a=b", "'=1", "")] == ["mobile", "a=b", "'=1", ""]
