"""What a dashboard on paper holds: the figures that matter, beside those of the period before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from endcap.core.time import DAY_MS
from endcap.measurement.calendar import Step, zone_of
from endcap.measurement.catalogue import METRICS, Metric
from endcap.measurement.export import worded
from endcap.measurement.figures import Figure
from endcap.measurement.questions import Report, ReportQuery

Reporting = Callable[[ReportQuery], Report]

TILES = ("attributed_revenue", "incremental_revenue", "ctr", "conversion")
LINES = (
    "revenue", "orders", "aov", "revenue_per_visitor", "attributed_revenue", "incremental_revenue", "revenue_lift",
    "revenue_share", "ctr", "conversion", "add_to_cart_rate", "cart_abandonment", "return_rate", "latency_p95", "success_rate",
)  # fmt: skip
PLACED = ("shelf_impressions", "ctr", "conversion", "attributed_revenue")
DRAWN = ("attributed_revenue", "ctr")

_MOST_STEPS_DRAWN = 62
_MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A figure in words: ``value`` with its ``interval``, what it was ``before``, and the ``change``, which is ``good``, not, or
    neither. ``why`` says what is missing where there is no value."""

    title: str
    value: str
    interval: str
    before: str
    change: str
    good: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure over time: a label and a value a step, nothing where there is none."""

    title: str
    unit: str
    labels: tuple[str, ...]
    values: tuple[float | None, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that stands above all figures, such as an alarm that is on."""

    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything that is shown, in words. ``places`` are rows of text under ``place_titles``."""

    shop: str
    period: str
    compared: str
    tiles: tuple[Line, ...]
    lines: tuple[Line, ...]
    place_titles: tuple[str, ...]
    places: tuple[tuple[str, ...], ...]
    drawn: tuple[Drawn, ...]
    notices: tuple[Notice, ...]


def dashboard(shop: str, reporting: Reporting, since_ms: int, until_ms: int, notices: tuple[Notice, ...] = ()) -> Dashboard:
    """The dashboard of a period, compared with the one right before."""
    names = tuple(dict.fromkeys((*TILES, *LINES)))
    whole = reporting(ReportQuery(since_ms=since_ms, until_ms=until_ms, metrics=names, compare="previous"))
    places = reporting(ReportQuery(since_ms=since_ms, until_ms=until_ms, by=("placement",), metrics=PLACED))
    steps = reporting(ReportQuery(since_ms=since_ms, until_ms=until_ms, step=_step(since_ms, until_ms), metrics=DRAWN))
    zone = zone_of(whole.zone)
    return Dashboard(
        shop=shop, period=_period(since_ms, until_ms, zone),
        compared=_period(whole.compared_since_ms, whole.compared_until_ms, zone),
        tiles=tuple(_line(name, whole) for name in TILES),
        lines=tuple(_line(name, whole) for name in LINES),
        place_titles=("Placement", *(METRICS[name].title for name in PLACED)),
        places=tuple(_place(row.key.get("placement", ""), row.figures, places) for row in places.rows[:_MOST_PLACES]),
        drawn=tuple(_drawn(name, steps, zone) for name in DRAWN), notices=notices,
    )  # fmt: skip


def _line(name: str, report: Report) -> Line:
    metric, figure, before = METRICS[name], report.total.figures[name], report.total.compared.get(name)
    value, _, interval = worded(metric, figure, report.currency).partition(" (")
    change, good = _change(metric, figure, before)
    return Line(
        title=metric.title, value=value, interval=interval.removesuffix(")"),
        before=worded(metric, before, report.currency).partition(" (")[0] if before is not None else "–",
        change=change, good=good, why=(figure.reason or "") if figure.value is None else "",
    )  # fmt: skip


def _change(metric: Metric, figure: Figure, before: Figure | None) -> tuple[str, bool | None]:
    """How much more or less it is, relative to before, and whether that is what one wants."""
    if metric.unit == "change" or figure.value is None or before is None or not before.value:
        return "", None
    change = figure.value / before.value - 1 if before.value > 0 else None
    if change is None:
        return "", None
    if abs(change) < 0.000_5 or metric.direction == "none":
        return f"{100 * change:+.1f} %", None
    return f"{100 * change:+.1f} %", (change > 0) == (metric.direction == "up")


def _place(name: str, figures: dict[str, Figure], report: Report) -> tuple[str, ...]:
    words = (worded(METRICS[one], figures[one], report.currency).partition(" (")[0] for one in PLACED)
    return (name.replace("_", " ") or "not told", *words)


def _drawn(name: str, report: Report, zone: ZoneInfo) -> Drawn:
    metric = METRICS[name]
    figures = [row.figures[name] for row in report.rows]
    unit = {"share": "%", "money": report.currency or ""}.get(metric.unit, "")
    by = 100 if metric.unit == "share" else 1
    return Drawn(
        title=metric.title, unit=unit, labels=tuple(_day(row.at_ms or 0, zone) for row in report.rows),
        values=tuple(None if one.value is None else by * one.value for one in figures),
        words=tuple(worded(metric, one, report.currency).partition(" (")[0] for one in figures),
    )  # fmt: skip


def _step(since_ms: int, until_ms: int) -> Step:
    days = (until_ms - since_ms) / DAY_MS
    return "hour" if days <= 2 else "day" if days <= _MOST_STEPS_DRAWN else "week" if days <= 400 else "month"


def _local(at_ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def _day(at_ms: int, zone: ZoneInfo) -> str:
    at = _local(at_ms, zone)
    return f"{at:%H}h" if at.hour else f"{at.day} {at:%b}"


def _period(since_ms: int | None, until_ms: int | None, zone: ZoneInfo) -> str:
    """A period in words, its last day included."""
    if since_ms is None or until_ms is None:
        return ""
    first, last = _local(since_ms, zone), _local(until_ms - 1, zone)
    if first.date() == last.date():
        return f"{first.day} {first:%B %Y}"
    return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
