"""An evaluation as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from endcap.replay.evaluation import BASELINE, SHIPPED
from endcap.replay.report import Estimate, Evaluation, Row

_SHOWN = ("hit_rate@10", "hit_rate@20", "mrr@10", "mrr@20", "ndcg@10", "coverage@10")
_WIDTH = 150  # what the table needs: a narrow terminal or a pipe gets long lines instead of cut figures


def show(found: Evaluation) -> None:
    """Print the table, the paired differences, what was chosen and what was left out."""
    console = Console(width=max(Console().width, _WIDTH), highlight=False)
    report = found.report
    names = [name for name in _SHOWN if name in report.rows[0].metrics]
    console.print(f"[bold]{report.dataset}[/]: {report.task}, {found.portion} part")
    console.print(f"{found.n_queries:,} queries in {found.n_clusters:,} clusters, {found.n_items:,} items. {report.protocol}.\n")
    console.print(_table(report.rows, names))
    console.print("± is half of the 95 % interval.\n", style="dim")
    for one in found.differences:
        if one.row == SHIPPED or one.against != BASELINE:
            gains = ", ".join(f"{name} {_signed(one.metrics[name])}" for name in names[:4])
            console.print(f"{one.row} − {one.against}: {gains}")
    for choice in found.chosen:
        options = ", ".join(f"{name}={value}" for name, value in {**choice.options, **choice.asking}.items())
        console.print(f"{choice.row}: best of {choice.trials} settings on validation: {options}", style="dim")
    for name, why in found.left_out.items():
        console.print(f"{name} is left out: {why}.", style="dim")


def _table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("method", no_wrap=True)
    for heading in (*names, "fit s", "peak MiB", "µs p50", "µs p99"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        cost = (f"{row.fit_seconds:.2f}", f"{row.peak_mb:.0f}", f"{row.query_us_p50:.0f}", f"{row.query_us_p99:.0f}")
        style = "bold" if row.name == SHIPPED else None
        table.add_row(row.name, *(_with_interval(row.metrics[name]) for name in names), *cost, style=style)
    return table


def _with_interval(one: Estimate) -> str:
    return f"{one.value:.4f} ±{(one.high - one.low) / 2:.4f}"


def _signed(one: Estimate) -> str:
    return f"{one.value:+.4f} [{one.low:+.4f}, {one.high:+.4f}]"
