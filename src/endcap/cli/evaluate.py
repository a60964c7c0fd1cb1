"""``endcap evaluate``: how well each algorithm, and Endcap as it would be published, answers on held-out data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from endcap.artifacts.base import Artifact
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption
from endcap.core.interactions import Dataset
from endcap.core.time import SystemClock
from endcap.replay import looks
from endcap.replay.baskets import BasketProtocol
from endcap.replay.evaluation import BASELINE, SHIPPED, evaluate
from endcap.replay.held_out import EvaluationProtocol, Portion
from endcap.replay.layouts import order_layout, session_layout
from endcap.replay.prefixes import SessionProtocol
from endcap.replay.report import Estimate, Evaluation, Row
from endcap.training.job import fit_all

app = typer.Typer(
    help="Measure recommendations on held-out data: baskets to complete, or sessions to continue.", no_args_is_help=True
)

LayoutOption = Annotated[
    str | None,
    typer.Option("--layout", help="How the data are laid out. Default: detected. See the reference page on evaluation."),
]
PartOption = Annotated[
    Portion,
    typer.Option("--part", help="What is scored: the test part (recorded as a look), or validation inside the training part."),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything that is drawn.")]


@app.command()
def basket(
    data: Annotated[Path, typer.Option("--data", help="A file of orders, or a folder that holds one.")],
    layout: LayoutOption = None,
    part: PartOption = "test",
    seed: SeedOption = 1,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Complete baskets: items are taken from held-out orders and asked for with the rest."""
    chosen = order_layout(data, layout)
    files = chosen.files(data)
    _evaluate(BasketProtocol(chosen.read(data), seed), files, _name(data), part=part, seed=seed, json=json, home=home)


@app.command()
def session(
    train: Annotated[Path, typer.Option("--train", help="A file of sessions to learn from.")],
    test: Annotated[Path, typer.Option("--test", help="A file of prefixes and the item that came next.")],
    layout: LayoutOption = None,
    part: PartOption = "test",
    seed: SeedOption = 1,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Continue sessions: which item comes next?"""
    clicks = session_layout(layout).read(train, test)
    _evaluate(SessionProtocol(clicks, seed), [train, test], _name(train.parent), part=part, seed=seed, json=json, home=home)


def _evaluate(
    protocol: EvaluationProtocol, files: Sequence[Path], dataset: str, *, part: Portion, seed: int, json: bool, home: Path
) -> None:
    def publish(known: Dataset) -> dict[str, Artifact]:
        return {name: made.artifact for name, made in fit_all(known, seed)[0].items()}

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("reading", total=1.0)
        found = evaluate(
            protocol, dataset, publish, portion=part, seed=seed,
            progress=lambda what, share: progress.update(bar, description=what, completed=share),
        )  # fmt: skip
    if part == "test":
        values = {row.name: {name: one.value for name, one in row.metrics.items()} for row in found.report.rows}
        journal = looks.record(
            SystemClock(), task=protocol.task, dataset=dataset, files=files, metrics=values, seed=seed, home=home
        )
        console.print(f"This look at the test part was recorded in {journal}.", style="dim", soft_wrap=True)
    if json:
        typer.echo(msgspec.json.encode(found.report).decode())
    else:
        _show(found)


def _name(path: Path) -> str:
    """A data set's name: that of its folder or file, without the endings."""
    return path.resolve().name.split(".")[0]


_SHOWN = ("hit_rate@10", "hit_rate@20", "mrr@10", "mrr@20", "ndcg@10", "coverage@10")
_WIDTH = 150  # what the table needs: a narrow terminal or a pipe gets long lines instead of cut figures


def _show(found: Evaluation) -> None:
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
