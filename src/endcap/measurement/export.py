"""A report as a table of text: for spreadsheets, and for people."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from endcap.core.time import MINUTE_MS, SECOND_MS
from endcap.measurement.calendar import zone_of
from endcap.measurement.catalogue import Metric
from endcap.measurement.figures import Figure
from endcap.measurement.questions import Report, ReportRow

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula: a shopper's browser may say such a word, and it must stay one."""


def csv_of(report: Report) -> str:
    """The rows of a report as comma-separated values with a heading.

    One column a dimension, one for the beginning of the step in the shop's time zone, and for each metric its value, in the unit
    of the catalogue (shares from 0 to 1, money in the major unit). A metric that has an interval anywhere also has ``_low`` and
    ``_high``, one that lacks a value somewhere ``_reason``, and one that is compared ``_before``. The total is not a row.
    """
    zone = zone_of(report.zone)
    stepped = report.query.step is not None
    names = list(report.total.figures)
    columns = [(name, part) for name in names for part in _parts(report, name)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*report.query.by, *(["at"] if stepped else []), *(name + part for name, part in columns)])
    for row in report.rows:
        at = [_local(row.at_ms, zone)] if stepped else []
        writer.writerow([*(safe(value) for value in row.key.values()), *at, *(_cell(row, *column) for column in columns)])
    return out.getvalue()


def safe(text: str) -> str:
    """The text as a cell that no spreadsheet computes.

    >>> safe("=1+1"), safe("mobile")
    ("'=1+1", 'mobile')
    """
    return "'" + text if text.startswith(_FORMULA) else text


def worded(metric: Metric, figure: Figure, currency: str | None) -> str:
    """A figure as a person reads it, its interval in brackets; a dash where there is no value.

    >>> from endcap.measurement.catalogue import METRICS
    >>> worded(METRICS["ctr"], Figure(value=0.1, low=0.0435, high=0.2136), None)
    '10.0 % (4.3 to 21.4)'
    """
    if figure.value is None:
        return "–"
    text = _written(metric, figure.value, currency)
    if figure.low is None or figure.high is None:
        return text
    low, high = (_bare(metric, end) for end in (figure.low, figure.high))
    return f"{text} ({low} to {high})"


def step_of(row: ReportRow, report: Report) -> str:
    """When the step of a row begins in the shop's time zone, as briefly as the step allows."""
    at = _local(row.at_ms, zone_of(report.zone))
    return at.replace("T", " ")[:16] if report.query.step == "hour" else at[:10]


def _written(metric: Metric, value: float, currency: str | None) -> str:
    if metric.unit == "ms":
        return _bare(metric, value)
    unit = {"share": " %", "change": " %", "multiple": " ×", "money": f" {currency}" if currency else ""}
    return _bare(metric, value) + unit.get(metric.unit, "")


def _bare(metric: Metric, value: float) -> str:
    match metric.unit:
        case "share":
            return f"{100 * value:.1f}"
        case "change":
            return f"{100 * value:+.1f}"
        case "count":
            return f"{value:,.0f}"
        case "ms":
            return _time(value)
        case _:
            return f"{value:,.2f}"


def _time(ms: float) -> str:
    """A length of time in the unit that people would say it in."""
    if abs(ms) < SECOND_MS:
        return f"{ms:,.0f} ms"
    return f"{ms / SECOND_MS:,.1f} s" if abs(ms) < 2 * MINUTE_MS else f"{ms / MINUTE_MS:,.1f} min"


def _parts(report: Report, name: str) -> list[str]:
    figures = [row.figures[name] for row in report.rows]
    parts = [""]
    if any(figure.low is not None for figure in figures):
        parts += ["_low", "_high"]
    if any(figure.value is None for figure in figures):
        parts += ["_reason"]
    if report.query.compare is not None:
        parts += ["_before"]
    return parts


def _cell(row: ReportRow, name: str, part: str) -> str | float | None:
    if part == "_before":
        other = row.compared.get(name)
        return other.value if other is not None else None
    figure = row.figures[name]
    if part == "_reason":
        return safe(figure.reason or "") if figure.value is None else ""
    return {"": figure.value, "_low": figure.low, "_high": figure.high}[part]


def _local(at_ms: int | None, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp((at_ms or 0) / 1000, UTC).astimezone(zone).isoformat(timespec="minutes")
