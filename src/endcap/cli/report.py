"""``endcap report``: the figures of a shop."""

from __future__ import annotations

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
from endcap.measurement.catalogue import GOALS, GROUPS, METRICS
from endcap.measurement.export import csv_of, safe, step_of, worded
from endcap.measurement.questions import Report, ReportRow
from endcap.measurement.settings import ShopGoal, settings_of

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
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Tell what was seen, clicked, bought and earned, from what was measured so far.

    Without ``--by`` and ``--step`` it lists every metric, those of the shop's goal first; with them it is a table.
    """
    told = {"since": since, "until": until, "by": by, "step": step, "where": where, "metrics": metrics, "compare": compare}
    with shop_stores(home, shop) as stores:
        settings = settings_of(stores.documents)
        asked = {name: text for name, text in told.items() if text}
        query = query_of(asked, SystemClock().now_ms(), zone_of(settings.time_zone))
        if (query.by or query.step) and not query.metrics and not (csv or json):
            query = msgspec.structs.replace(query, metrics=_SHOWN)
        report = shop_report(stores, query)
    if json:
        typer.echo(msgspec.json.encode(report).decode())
    elif csv:
        typer.echo(csv_of(report), nl=False)
    elif query.by or query.step:
        _print_rows(report)
    else:
        _print_all(report, settings.goal)


def _print_rows(report: Report) -> None:
    """One line a row, and the total below."""
    table = Table(box=None, pad_edge=False)
    for name in report.query.by:
        table.add_column(name)
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
    console = Console()
    first = {"What the shop wants": tuple(METRICS[name] for name in GOALS[goal])}
    for title, metrics in {**first, **GROUPS}.items():
        table = Table(box=None, pad_edge=False, show_header=False, title=title, title_justify="left", title_style="bold")
        for metric in metrics:
            figure = report.total.figures.get(metric.name)
            if figure is None:
                continue
            before = report.total.compared.get(metric.name)
            words = [metric.title, worded(metric, figure, report.currency)]
            words += [f"before: {worded(metric, before, report.currency)}"] if before is not None else []
            table.add_row(*words, figure.reason if figure.value is None else "")
        if table.row_count:
            console.print(table)
            console.print()
