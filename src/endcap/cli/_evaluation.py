"""An evaluation as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from endcap.replay.report import Difference, Estimate, Evaluation, Report, Row
from endcap.replay.wanted import SHIPPED

_SHOWN = ("hit_rate@10", "hit_rate@20", "mrr@10", "mrr@20", "ndcg@10", "coverage@10")
_INSTEAD = {
    "upsell": ("hit_rate@10", "mrr@10", "revenue_weighted_hit@10", "revenue_weighted_hit@20", "coverage@10"),
    "next_basket": ("hit_rate@10", "recall@10", "recall@20", "ndcg@10", "mrr@10", "coverage@10"),
    "topn": ("hit_rate@10", "recall@10", "recall@20", "ndcg@10", "mrr@10", "coverage@10"),
    "ratings": ("rmse", "mae"),
}
"""The metrics that a task's table shows; the JSON report has all of them."""
_WIDTH = 150  # what the table needs: a narrow terminal or a pipe gets long lines instead of cut figures
_IN_SLICES = 2
_LONG, _SHORT = "revenue_weighted_hit", "rwh"


def show(found: Evaluation) -> None:
    """Print the table, its slices, the paired differences, what was chosen and what was left out."""
    console = Console(width=max(Console().width, _WIDTH), highlight=False)
    report = found.report
    names = [name for name in _INSTEAD.get(report.task, _SHOWN) if name in report.rows[0].metrics]
    console.print(f"[bold]{report.dataset}[/]: {report.task}, {found.portion} part")
    console.print(f"{found.n_queries:,} queries in {found.n_clusters:,} clusters, {found.n_items:,} items. {report.protocol}.\n")
    console.print(_table(report.rows, names))
    console.print("± is half of the 95 % interval." + _shortened(names) + _peers(report.rows) + "\n", style="dim")
    if report.rows[0].slices:
        console.print(_sliced(report, names[:_IN_SLICES]))
        console.print()
    for one in found.differences:
        if one.row == SHIPPED or one.against == report.strongest:
            gains = ", ".join(f"{name} {_signed(one.metrics[name])}{_unsure(one, name)}" for name in names[:4])
            console.print(f"{one.row} − {one.against}: {gains}")
    if any(one.against == report.strongest for one in found.differences):
        console.print("? marks what chance may explain: p ≥ .05, allowing for how many rows are compared.", style="dim")
    for choice in found.chosen:
        options = ", ".join(f"{name}={value}" for name, value in {**choice.options, **choice.asking}.items())
        console.print(f"{choice.row}: best of {choice.trials} settings on validation: {options}", style="dim")
    for why, names in _by_reason(found.left_out).items():
        console.print(f"left out: {', '.join(names)}: {why}.", style="dim", markup=False)


def _by_reason(left_out: Mapping[str, str]) -> dict[str, list[str]]:
    """What was left out by the reason why."""
    found: dict[str, list[str]] = {}
    for name, why in left_out.items():
        found.setdefault(why, []).append(name)
    return found


def _table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("method", no_wrap=True)
    for heading in (*names, "fit s", "peak MiB", "µs p50", "µs p99"):
        table.add_column(heading.replace(_LONG, _SHORT), justify="right", no_wrap=True)
    for row in rows:
        cost = (f"{row.fit_seconds:.2f}", f"{row.peak_mb:.0f}", f"{row.query_us_p50:.0f}", f"{row.query_us_p99:.0f}")
        style = "bold" if row.name == SHIPPED else "italic" if row.peer else None
        name = f"{row.name} *" if row.peer else row.name
        table.add_row(name, *(_with_interval(row.metrics[metric]) for metric in names), *cost, style=style)
    return table


def _sliced(report: Report, names: Sequence[str]) -> Table:
    """The metrics of the slices, a column for each metric and slice, with the number of its queries."""
    slices = list(report.rows[0].slices)
    table = Table(box=None, pad_edge=False)
    table.add_column("of which", no_wrap=True)
    for part in slices:
        for name in names:
            table.add_column(f"{part} {name} ({report.sizes[part]:,})", justify="right", no_wrap=True)
    for row in report.rows:
        table.add_row(row.name, *(f"{row.slices[part][name]:.4f}" for part in slices for name in names))
    return table


def _shortened(names: Sequence[str]) -> str:
    return f" {_SHORT} is {_LONG}." if any(name.startswith(_LONG) for name in names) else ""


def _peers(rows: Sequence[Row]) -> str:
    return " * is another library, one thread." if any(row.peer for row in rows) else ""


def _unsure(one: Difference, metric: str) -> str:
    return "?" if one.p[metric] >= 0.05 else ""


def _with_interval(one: Estimate) -> str:
    return f"{one.value:.4f} ±{(one.high - one.low) / 2:.4f}"


def _signed(one: Estimate) -> str:
    return f"{one.value:+.4f} [{one.low:+.4f}, {one.high:+.4f}]"
