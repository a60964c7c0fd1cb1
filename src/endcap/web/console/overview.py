"""The first page: what recommendations do for the shop, where, since when, and what would not have been there without them."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from endcap.core.time import DAY_MS
from endcap.measurement.catalogue import GROUPS, METRICS
from endcap.measurement.export import csv_of
from endcap.measurement.formulas import Lift
from endcap.measurement.questions import Dimension, Report, ReportRow
from endcap.web.console.asking import CUTS, Asked, asked_of, value_name
from endcap.web.console.charts import Effect, EffectChart, LineChart, Point, Series, effect_chart, line_chart, spark
from endcap.web.console.frame import Address, Download, Page, Visit
from endcap.web.console.periods import COMPARISONS, PRESETS, iso_day, labels, period_of, shown
from endcap.web.console.steps import first_steps
from endcap.web.console.told import TABLE_ORDER, Told, interval, point, tick_writer, told, writer
from endcap.web.console.words import count_of

COLUMNS = ("shelf_impressions", "ctr", "conversion", "attributed_revenue")
"""The columns of the table, as a merchandiser's weekly sheet has them."""

CARDS = ("attributed_revenue", "incremental_revenue", "ctr", "conversion", "aov", "revenue_per_visitor")
_NOW = ("glance_views", "answers", "shelf_impressions", "shelf_clicks", "orders", "attributed_revenue")
_LINES = ("ctr", "conversion", "attributed_revenue", "revenue_share", "aov", "revenue_per_visitor", "shelf_impressions", "csat")
"""The metrics that are offered for the line first."""


_TRAFFIC = ("visits", "answers", "shelf_impressions", "orders", "views")
"""Without any of these there is nothing to be shown."""


@dataclass(frozen=True, slots=True)
class Card:
    """A figure with its little line."""

    told: Told
    line: Markup


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table: its name, the address that narrows the page to it, and its cells."""

    name: str
    link: str
    cells: list[Told]


@dataclass(frozen=True, slots=True)
class Worth:
    """What recommendations are credited with beside what would not be there without them, and what that means in a sentence."""

    chart: EffectChart
    sentence: str
    tone: str


def overview(visit: Visit) -> Page:
    """The page, or, live, how today goes."""
    asked = asked_of(visit)
    values: dict[str, object] = {"section": "overview", **_live(visit, asked)}
    if visit.live:
        return Page("overview.html", values)
    lines = tuple(dict.fromkeys((*filter(_has_line, CARDS), asked.metric)))
    by_step, whole = asked.report(lines, steps=True), asked.report()
    table = asked.report(COLUMNS, by=CUTS[asked.cut][0])
    nothing = not any(whole.total.sums.get(name) for name in _TRAFFIC)
    return Page(
        "overview.html",
        {
            **values, "nothing": nothing, "steps": first_steps(visit) if nothing else [], "period": asked.period,
            "presets": PRESETS, "comparisons": COMPARISONS,
            "when": shown(asked.period.since_ms, asked.period.until_ms, asked.zone), "zone": asked.zone.key,
            "then": _compared(whole, asked), "dates": _dates(asked), "cuts": CUTS, "cut": asked.cut,
            "chips": [(name, value_name(name, value)) for name, value in asked.where.items()],
            "cards": [_card(name, whole, by_step) for name in CARDS],
            "columns": [told(name, whole.total.figures[name], whole.currency) for name in COLUMNS],
            "rows": _rows(visit, asked, table), "total": _cells(table.total, table.currency, asked.placement),
            "worth": _worth(whole), "chart": _chart(by_step, asked), "metric": asked.metric,
            "choices": [(METRICS[name].title, name) for name in dict.fromkeys((*_LINES, asked.metric))],
            "groups": _groups(whole, asked), "late": _late(visit, asked),
        },
    )  # fmt: skip


def _live(visit: Visit, asked: Asked) -> dict[str, object]:
    """How today goes, and whether everything that came in is counted."""
    day = period_of({"period": "1"}, visit.now_ms, asked.zone)
    answer = asked.within(day, _NOW)
    waiting = max(0, visit.shop.service.stores.log.last_seq() - answer.measured_until)
    return {
        "now": [told(name, answer.total.figures[name], answer.currency) for name in _NOW],
        "waiting": count_of(waiting, "event") if waiting else "",
    }


def _late(visit: Visit, asked: Asked) -> dict[str, str] | None:
    """Where the newest data lie, if all of them are older than the period."""
    newest_ms = visit.shop.service.stores.log.last_at_ms()
    if not newest_ms or newest_ms >= asked.period.since_ms:
        return None
    return {
        "newest": shown(newest_ms, newest_ms + 1, asked.zone),
        "link": visit.link(
            "/console", **{"from": iso_day(newest_ms - 27 * DAY_MS, asked.zone), "to": iso_day(newest_ms, asked.zone)}
        ),
    }


def _compared(whole: Report, asked: Asked) -> str:
    if whole.compared_since_ms is None or whole.compared_until_ms is None:
        return ""
    return shown(whole.compared_since_ms, whole.compared_until_ms, asked.zone)


def _dates(asked: Asked) -> tuple[str, str]:
    return iso_day(asked.period.since_ms, asked.zone), iso_day(asked.period.until_ms - 1, asked.zone)


def _has_line(name: str) -> bool:
    """Whether a figure can be drawn by steps: what a few held-out people make of a single day is chance alone."""
    return not isinstance(METRICS[name].formula, Lift)


def _card(name: str, whole: Report, by_step: Report) -> Card:
    shown_line = spark([row.figures[name].value for row in by_step.rows]) if _has_line(name) else Markup("")
    return Card(told(name, whole.total.figures[name], whole.currency, whole.total.compared.get(name)), shown_line)


def _rows(visit: Visit, asked: Asked, table: Report) -> list[TableRow]:
    """The rows by size; placements in their usual order, the usual ones also where nothing happened there."""
    by = CUTS[asked.cut][0]
    found = {tuple(row.key.get(one, "") for one in by): row for row in table.rows}
    seen = {key: row for key, row in found.items() if row.sums.get("shelf_impressions") or any(key)}
    keys = sorted(seen, key=lambda key: -(seen[key].figures["shelf_impressions"].value or 0))
    if asked.cut == "placement":
        usual = [(name,) for name in TABLE_ORDER if not asked.where or (name,) in seen]
        keys = [*usual, *(key for key in keys if key not in usual)]
    return [_row(visit, asked, key, found.get(key), table.currency) for key in keys]


def _row(visit: Visit, asked: Asked, key: tuple[str, ...], row: ReportRow | None, currency: str | None) -> TableRow:
    by: tuple[Dimension, ...] = CUTS[asked.cut][0]
    name = " · ".join(value_name(one, value) for one, value in zip(by, key, strict=True))
    placement = key[by.index("placement")] if "placement" in by else asked.placement
    narrowed = dict(zip(by, key, strict=True)) | ({"cut": "shelf"} if asked.cut == "placement" else {})
    return TableRow(name, visit.here(**narrowed) if row else "", _cells(row, currency, placement))


def _cells(row: ReportRow | None, currency: str | None, placement: str) -> list[Told]:
    if row is None:
        return []
    return [told(name, row.figures[name], currency, row.compared.get(name), placement) for name in COLUMNS]


def _worth(whole: Report) -> Worth:
    metric, currency = METRICS["incremental_revenue"], whole.currency
    write = writer(metric, currency)
    credited, gained, lift = (whole.total.figures[name] for name in ("attributed_revenue", "incremental_revenue", "revenue_lift"))
    sure = gained.low is not None and gained.low > 0
    lost = gained.high is not None and gained.high < 0
    tone = "good" if sure else "bad" if lost else "open"
    by_clicks = told("attributed_revenue", credited, currency).value
    rows = [
        Effect("Credited to recommendations", credited.value, None, None, by_clicks),
        Effect(
            "Would not be there without them", gained.value, gained.low, gained.high,
            f"{write(gained.value)} {interval(gained, write)}" if gained.value is not None else "cannot be told yet", tone,
        ),
    ]  # fmt: skip
    chart = effect_chart("worth", "", rows, tick_writer(metric, currency))
    if gained.value is None:
        return Worth(chart, told("incremental_revenue", gained, currency).reason, tone)
    by_visitor = told("revenue_lift", lift, currency)
    each = f"A visitor who sees recommendations brings {by_visitor.value} {by_visitor.interval} against one who is held out."
    if sure:
        return Worth(chart, f"{each} That is more than chance explains.", tone)
    if lost:
        return Worth(chart, f"{each} That is less than chance explains: look at what is shown, and where.", tone)
    return Worth(chart, f"{each} So far that may be chance: the range holds zero. It narrows with time.", tone)


def _chart(by_step: Report, asked: Asked) -> LineChart:
    metric = METRICS[asked.metric]
    rows, step, currency = by_step.rows, asked.period.step, by_step.currency
    points = [point(metric, row.figures[metric.name], currency) for row in rows]
    series = [Series("This period", points)]
    before = [point(metric, row.compared.get(metric.name), currency) for row in rows]
    if any(one.value is not None for one in before):
        series.append(Series("Before", [Point(one.value, text=one.text) for one in before], "before"))
    marks = labels([row.at_ms or 0 for row in rows], step, asked.zone)
    note = (
        "The shaded band is where the true value lies with 95 % confidence." if any(one.low is not None for one in points) else ""
    )
    return line_chart("trend", f"{metric.title} by {step}", marks, series, tick_writer(metric, currency), note=note)


def _groups(whole: Report, asked: Asked) -> list[tuple[str, list[Told]]]:
    """Every figure of the catalogue, under its headings."""
    figures, compared, currency = whole.total.figures, whole.total.compared, whole.currency
    return [
        (title, [told(one.name, figures[one.name], currency, compared.get(one.name), asked.placement) for one in metrics])
        for title, metrics in GROUPS.items()
    ]


def as_csv(visit: Visit) -> Download:
    """The table of the page with every figure of the catalogue, for a spreadsheet."""
    asked = asked_of(visit)
    table = asked.report(by=CUTS[asked.cut][0])
    first, last = _dates(asked)
    name = f"endcap-{visit.shop.name}-{asked.cut}-{first}-{last}.csv"
    return Download(csv_of(table).encode(), "text/csv", name)


ADDRESSES = (Address("/console", overview), Address("/console/overview.csv", as_csv))
