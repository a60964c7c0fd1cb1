"""A report: the figures of the catalogue, by dimensions and steps, from the sums that were measured."""

from __future__ import annotations

import msgspec

from endcap.errors import UnknownName
from endcap.measurement.calendar import other_period, zone_of
from endcap.measurement.catalogue import COMPANIONS, METRICS, Metric
from endcap.measurement.facts import NO_FACTS, Facts
from endcap.measurement.period import Period
from endcap.measurement.questions import Report, ReportQuery, ReportRow
from endcap.measurement.view import View
from endcap.stores.measures import Measures

__all__ = ["NO_FACTS", "Facts", "Report", "ReportQuery", "ReportRow", "report"]


def report(measures: Measures, query: ReportQuery, facts: Facts = NO_FACTS) -> Report:
    """The figures that a query asks for.

    Raises UnknownName for a metric that is not in the catalogue, BadInput for a time zone that is not known and for more steps or
    rows than a report may have. Time grows with the cells of the period, not with its events.
    """
    metrics = _metrics(query.metrics)
    rows, total = _told(measures, query, facts, metrics)
    answer = Report(
        query=query, rows=rows, total=total, measured_until=measures.progress().log_seq, currency=facts.currency, zone=facts.zone
    )
    if query.compare is None:
        return answer
    since, until = other_period(query.since_ms, query.until_ms, query.compare, zone_of(facts.zone))
    other = msgspec.structs.replace(query, since_ms=since, until_ms=until, compare=None)
    their_rows, their_total = _told(measures, other, facts, metrics)
    return msgspec.structs.replace(
        answer, compared_since_ms=since, compared_until_ms=until, total=_beside(total, their_total),
        rows=_side_by_side(rows, their_rows),
    )  # fmt: skip


def _metrics(names: tuple[str, ...]) -> tuple[Metric, ...]:
    for name in names:
        if name not in METRICS:
            raise UnknownName(
                f"no metric is named {name!r}", field="metrics", value=name, remedy="GET /v1/metrics lists all of them"
            )
    wanted = [*names, *(COMPANIONS[name] for name in names if name in COMPANIONS)]
    return tuple(METRICS[name] for name in dict.fromkeys(wanted)) if names else tuple(METRICS.values())


def _told(
    measures: Measures, query: ReportQuery, facts: Facts, metrics: tuple[Metric, ...]
) -> tuple[tuple[ReportRow, ...], ReportRow]:
    """The rows of one period and its total."""
    period = Period(measures, query, facts, metrics)
    total = View(period, ()).row((), None)
    if not query.by and query.step is None:
        return (total,), total
    return View(period, query.by).rows(), total


def _beside(row: ReportRow, other: ReportRow) -> ReportRow:
    return msgspec.structs.replace(row, compared=other.figures)


def _side_by_side(rows: tuple[ReportRow, ...], others: tuple[ReportRow, ...]) -> tuple[ReportRow, ...]:
    """Each row with the figures of the one of the same key and the same step of the other period, where there is one."""
    known = dict(_placed(others))
    return tuple(_beside(row, known[place]) if place in known else row for place, row in _placed(rows))


def _placed(rows: tuple[ReportRow, ...]) -> list[tuple[tuple[tuple[str, ...], int], ReportRow]]:
    """Rows by their key and the number of their step."""
    counts: dict[tuple[str, ...], int] = {}
    placed = []
    for row in rows:
        key = tuple(row.key.values())
        counts[key] = counts.get(key, -1) + 1
        placed.append(((key, counts[key]), row))
    return placed
