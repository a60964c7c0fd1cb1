"""``endcap evaluate``: how well each algorithm, and Endcap as it would be published, answers on held-out data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from endcap.artifacts.base import Artifact
from endcap.cli._evaluation import show
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption
from endcap.core.interactions import Dataset
from endcap.core.time import SystemClock
from endcap.errors import BadOption
from endcap.replay import looks
from endcap.replay.baskets import BasketProtocol
from endcap.replay.evaluation import evaluate
from endcap.replay.held_out import EvaluationProtocol, Portion
from endcap.replay.layouts import find_layout, session_layout
from endcap.replay.layouts.base import BundleLayout, HistoryLayout, OrderLayout
from endcap.replay.prefixes import SessionProtocol
from endcap.replay.protocols.complement import ComplementProtocol
from endcap.replay.protocols.purchase import PurchaseProtocol
from endcap.training.job import fit_all

app = typer.Typer(help="Measure recommendations on held-out data, by task.", no_args_is_help=True)

DataOption = Annotated[
    Path | None, typer.Option("--data", help="A file, or a folder that holds one or a train and a test file. Or use --shop.")
]
ShopDataOption = Annotated[
    str | None, typer.Option("--shop", help="A shop of one's own: its log, cut by time. Or use --data.", show_default=False)
]
LayoutOption = Annotated[
    str | None,
    typer.Option("--layout", help="How the data are laid out. Default: detected. See the reference page on evaluation."),
]
PartOption = Annotated[
    Portion,
    typer.Option("--part", help="What is scored: the test part (recorded as a look), or validation inside the training part."),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything that is drawn.")]


@dataclass(frozen=True, slots=True)
class _How:
    """What all tasks are told alike."""

    part: Portion
    seed: int
    json: bool
    home: Path


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
    chosen = find_layout(OrderLayout, data, layout)
    protocol = BasketProtocol(chosen.read(data), seed)
    _evaluate(protocol, chosen.files(data), _name(data), _How(part, seed, json, home))


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
    protocol = SessionProtocol(session_layout(layout).read(train, test), seed)
    _evaluate(protocol, [train, test], _name(train.parent), _How(part, seed, json, home))


@app.command()
def complement(
    data: Annotated[Path, typer.Option("--data", help="A folder or file of sets of items.")],
    layout: LayoutOption = None,
    part: PartOption = "test",
    seed: SeedOption = 1,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Complete hand-made sets: which items belong together with this one?"""
    chosen = find_layout(BundleLayout, data, layout)
    protocol = ComplementProtocol(chosen.read(data), seed)
    _evaluate(protocol, chosen.files(data), _name(data), _How(part, seed, json, home))


@app.command()
def purchase(
    data: DataOption = None,
    layout: LayoutOption = None,
    part: PartOption = "test",
    seed: SeedOption = 1,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Next purchase: what does somebody buy, having acted on other things?"""
    if data is None:
        raise BadOption("no data are named", field="data", value=None, remedy="give --data")
    chosen = find_layout(HistoryLayout, data, layout)
    protocol = PurchaseProtocol(chosen.read(data), seed)
    _evaluate(protocol, chosen.files(data), _name(data), _How(part, seed, json, home))


def _evaluate(protocol: EvaluationProtocol, files: Sequence[Path], dataset: str, how: _How) -> None:
    def publish(known: Dataset) -> dict[str, Artifact]:
        return {name: made.artifact for name, made in fit_all(known, how.seed)[0].items()}

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("reading", total=1.0)
        found = evaluate(
            protocol, dataset, publish, portion=how.part, seed=how.seed,
            progress=lambda what, share: progress.update(bar, description=what, completed=share),
        )  # fmt: skip
    if how.part == "test":
        values = {row.name: {name: one.value for name, one in row.metrics.items()} for row in found.report.rows}
        journal = looks.record(
            SystemClock(), task=protocol.task, dataset=dataset, files=files, metrics=values, seed=how.seed, home=how.home
        )
        console.print(f"This look at the test part was recorded in {journal}.", style="dim", soft_wrap=True)
    if how.json:
        typer.echo(msgspec.json.encode(found.report).decode())
    else:
        show(found)


def _name(path: Path) -> str:
    """A data set's name: that of its folder or file, without the endings."""
    return path.resolve().name.split(".")[0]
