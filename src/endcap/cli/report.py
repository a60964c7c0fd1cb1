"""``endcap report``: the figures of a shop."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap.app import shop_report
from endcap.cli._documents import shop_stores
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.time import SystemClock
from endcap.measurement.asking import DEFAULT_SINCE, FIELDS, query_of
from endcap.measurement.calendar import zone_of
from endcap.measurement.catalogue import GOALS, GROUPS, METRICS, Metric
from endcap.measurement.dashboard.contents import dashboard
from endcap.measurement.dashboard.mail import html_of
from endcap.measurement.dashboard.pdf import pdf_of
from endcap.measurement.export import csv_of, safe, step_of, worded
from endcap.measurement.follower import Follower
from endcap.measurement.questions import Report, ReportQuery, ReportRow
from endcap.measurement.settings import ShopGoal, settings_of
from endcap.measurement.watch.notes import standing
from endcap.measurement.watch.written import notices_of
from endcap.stores.ports import ShopStores

_FEW = 20_000
"""So many events are counted in a few seconds."""

_SHOWN = ("shelf_impressions", "ctr", "conversion", "attributed_revenue")
"""What a table by placement, or by anything else, has where no metrics are named."""


def run(
    shop: ShopOption,
    since: Annotated[str, typer.Option(help=FIELDS["since"])] = DEFAULT_SINCE,
    until: Annotated[str | None, typer.Option(help=FIELDS["until"])] = None,
    by: Annotated[str | None, typer.Option(help=FIELDS["by"])] = None,
    step: Annotated[str | None, typer.Option(help=FIELDS["step"])] = None,
    where: Annotated[str | None, typer.Option(help=FIELDS["where"])] = None,
    metrics: Annotated[str | None, typer.Option(help=FIELDS["metrics"])] = None,
    compare: Annotated[str | None, typer.Option(help=FIELDS["compare"])] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    pdf: Annotated[Path | None, typer.Option(help="Write the dashboard of the period as PDF to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write it as HTML that mail programs show to this file.")] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Tell what was seen, clicked, bought and earned.

    Without ``--by`` and ``--step`` it lists every metric, those of the shop's goal first; with them it is a table. What has not
    been counted yet is counted first, if it is little; else it says that ``endcap measure`` should.
    """
    told = {"since": since, "until": until, "by": by, "step": step, "where": where, "metrics": metrics, "compare": compare}
    with shop_stores(home, shop) as stores:
        settings = settings_of(stores.documents)
        _count_what_is_new(stores)
        asked = {name: text for name, text in told.items() if text}
        query = query_of(asked, SystemClock().now_ms(), zone_of(settings.time_zone))
        if (query.by or query.step) and not query.metrics and not (csv or json):
            query = msgspec.structs.replace(query, metrics=_SHOWN)
        if pdf is not None or html is not None:
            _write_dashboard(stores, query, pdf, html)
            return
        report = shop_report(stores, query)
    if json:
        typer.echo(msgspec.json.encode(report).decode())
    elif csv:
        typer.echo(csv_of(report), nl=False)
    elif query.by or query.step:
        _print_rows(report)
    else:
        _print_all(report, settings.goal)


def _write_dashboard(stores: ShopStores, query: ReportQuery, pdf: Path | None, html: Path | None) -> None:
    """The dashboard of the period of a query, beside the period before, as files."""
    notices = notices_of(standing(stores, SystemClock().now_ms()).open)
    found = dashboard(stores.shop, partial(shop_report, stores), query.since_ms, query.until_ms, notices)
    if pdf is not None:
        pdf.write_bytes(pdf_of(found))
    if html is not None:
        html.write_text(html_of(found), encoding="utf-8")
    for file in filter(None, (pdf, html)):
        typer.echo(f"{file}: {found.period}")


def _count_what_is_new(stores: ShopStores) -> None:
    follower = Follower(stores)
    behind = follower.behind()
    if behind <= _FEW:
        follower.catch_up()
    else:
        words = f"{behind:,} events are not counted yet; endcap measure --shop {stores.shop} counts them"
        Console(stderr=True, highlight=False, soft_wrap=True).print(words, markup=False)


def _print_rows(report: Report) -> None:
    """One line a row, and the total below."""
    table = Table(box=None, pad_edge=False)
    for dimension in report.query.by:
        table.add_column(dimension)
    if report.query.step is not None:
        table.add_column(report.query.step)
    for name in report.total.figures:
        table.add_column(METRICS[name].title, justify="right")
    for row in report.rows:
        at = [step_of(row, report)] if report.query.step is not None else []
        table.add_row(*(safe(value) or "not told" for value in row.key.values()), *at, *_cells(row, report))
    labels = ["TOTAL", *[""] * (len(report.query.by) + (report.query.step is not None) - 1)]
    table.add_row(*labels, *_cells(report.total, report), style="bold")
    Console().print(table)


def _cells(row: ReportRow, report: Report) -> list[str]:
    return [worded(METRICS[name], figure, report.currency) for name, figure in row.figures.items()]


def _print_all(report: Report, goal: ShopGoal) -> None:
    """Every metric under its heading, with the reason where there is no value."""
    console = Console(highlight=False)
    asked = report.total.figures
    groups = {"What the shop wants": [METRICS[name] for name in GOALS[goal]], **GROUPS}
    shown = {title: [metric for metric in metrics if metric.name in asked] for title, metrics in groups.items()}
    for title, metrics in shown.items():
        if metrics:
            console.print(f"[bold]{title}[/bold]")
            table = Table(box=None, pad_edge=False, show_header=False)
            table.add_column(width=max(len(METRICS[name].title) for name in asked))
            for metric in metrics:
                table.add_row(metric.title, _words(metric, report))
            console.print(table)
            console.print()


def _words(metric: Metric, report: Report) -> str:
    """A figure of the total and what it was in the other period, or why there is none."""
    figure = report.total.figures[metric.name]
    words = worded(metric, figure, report.currency)
    if figure.value is None:
        words += f"  {figure.reason}"
    before = report.total.compared.get(metric.name)
    return words if before is None else f"{words}  before: {worded(metric, before, report.currency)}"
