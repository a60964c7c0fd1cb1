"""What a training did, on the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from endcap.core.time import iso
from endcap.training.report import TASKS_IN_WORDS, CandidateReport, FitReport, TaskReport, TrainingReport

WIDTH = 130
"""What the tables need: a narrow terminal or a pipe gets long lines instead of cut figures."""

SHOWN = 8
"""How many candidates of a task the terminal shows; the report has all."""


def show(console: Console, made: TrainingReport, shop: str, page: Path) -> None:
    """Print the report of a training."""
    until = f" up to {iso(made.data_until_ms - 1)}" if made.interactions else ""
    console.print(
        f"[bold]{shop}[/]: {made.interactions:,} acts on {made.items:,} products, {made.baskets:,} orders and "
        f"{made.sessions:,} visits{until}",
        highlight=False,
    )
    console.print(f"Goal: {made.goal.replace('_', ' ')} ({made.worth}).", highlight=False)
    for task in made.tasks:
        _show_task(console, task)
    if made.fitted:
        _show_fits(console, made)
    for one in made.fitted:
        if one.warming_up:
            console.print(f"[yellow]Warming up:[/] {one.label}: few data yet; see endcap check --shop {shop}")
    for missing in made.left_out:
        figures = "no shelf asks for it" if missing.ready else f"{missing.value:,} of {missing.at_least:,} {missing.unit}"
        console.print(f"[yellow]Left out:[/] {missing.label}: {figures}", highlight=False)
    for cut in made.cut:
        console.print(f"[yellow]Cut by the budget:[/] {cut}", highlight=False)
    console.print(made.gate.why, highlight=False)
    if made.version is not None:
        console.print(
            f"bundle {made.version} published in {made.seconds:.1f} s, {made.peak_mb:,.0f} MiB at the most", highlight=False
        )
    console.print(f"report: {page}", highlight=False, soft_wrap=True)


def _show_task(console: Console, task: TaskReport) -> None:
    console.print(f"\n[bold]{TASKS_IN_WORDS[task.task]}[/]: {task.why}", highlight=False)
    if not task.candidates:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("candidate", "value", "95 % interval", "to the pick", "HR@20", "MRR@20", "warm", "cold"):
        table.add_column(heading, justify="left" if heading == "candidate" else "right", no_wrap=True)
    for one in task.candidates[:SHOWN]:
        table.add_row(*_candidate(one), style="bold" if one.picked else None)
    console.print(table)
    rest = len(task.candidates) - SHOWN
    console.print(f"judged by {task.judged_by:,} questions" + (f"; {rest} more in the report" if rest > 0 else ""), style="dim")


def _candidate(one: CandidateReport) -> tuple[str, ...]:
    slices = ("-" if part.value is None else f"{part.value:.3f}" for part in (one.warm, one.cold))
    against = "picked" if one.picked else f"{one.against_picked.value:+.4f}"
    measures = (f"{one.metrics[name].value:.3f}" for name in ("hit_rate@20", "mrr@20"))
    return (one.name, f"{one.value.value:.4f}", f"{one.value.low:.4f} – {one.value.high:.4f}", against, *measures, *slices)


def _show_fits(console: Console, made: TrainingReport) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("artifact", "entries", "seconds", "MiB", "HR@10", "MRR@20", "asked for", "options chosen"):
        left = heading in {"artifact", "asked for", "options chosen"}
        table.add_column(heading, justify="left" if left else "right", no_wrap=heading == "artifact")
    for one in made.fitted:
        table.add_row(*_fit(one))
    console.print()
    console.print(table)


def _fit(one: FitReport) -> tuple[str, ...]:
    figures = ("-", "-", "too few to hold some out")
    if one.quality:
        figures = (f"{one.quality.hit_rate_10:.3f}", f"{one.quality.mrr_20:.3f}", TASKS_IN_WORDS[one.quality.task])
    chosen = ", ".join(f"{name} {one.options[name]}" for name in one.tuned)
    return (one.name, f"{one.entries:,}", f"{one.seconds:.1f}", f"{one.mb:.1f}", *figures, chosen)
