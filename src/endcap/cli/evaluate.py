"""``endcap evaluate``: how well each algorithm, and Endcap as it would be published, answers on held-out data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from endcap.cli._evaluation import show
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, WithOption, added
from endcap.core.interactions import Dataset
from endcap.core.time import SystemClock
from endcap.errors import BadOption
from endcap.replay import looks
from endcap.replay.evaluation import Published, evaluate
from endcap.replay.held_out import EvaluationProtocol, Portion
from endcap.replay.history import History
from endcap.replay.layouts import find_layout, history_layout, order_layout, session_layout
from endcap.replay.layouts.base import BundleLayout, OrderLayout
from endcap.replay.protocols.basket import BasketProtocol
from endcap.replay.protocols.cold_start import ColdStartProtocol
from endcap.replay.protocols.complement import ComplementProtocol
from endcap.replay.protocols.next_basket import NextBasketProtocol
from endcap.replay.protocols.purchase import PurchaseProtocol
from endcap.replay.protocols.ratings import RatingsProtocol
from endcap.replay.protocols.session import SessionProtocol
from endcap.replay.protocols.topn import TopNProtocol
from endcap.replay.protocols.upsell import UpsellProtocol
from endcap.replay.protocols.visits import VisitProtocol
from endcap.replay.rating_evaluation import evaluate_ratings
from endcap.replay.wanted import Wanted
from endcap.stores import sqlite
from endcap.training.job import fit_all

app = typer.Typer(help="Measure recommendations on held-out data, by task.", no_args_is_help=True)

DataOption = Annotated[
    Path | None, typer.Option("--data", help="A file, or a folder that holds one or a train and a test file.", show_default=False)
]
ShopOption = Annotated[
    str | None, typer.Option("--shop", help="A shop of one's own instead of --data: its log, cut by time.", show_default=False)
]
LayoutOption = Annotated[
    str | None,
    typer.Option("--layout", help="How the data are laid out. Default: detected. See the reference page on evaluation."),
]
PartOption = Annotated[
    Portion,
    typer.Option("--part", help="What is scored: the test part (recorded as a look), or validation inside the training part."),
]
PeersOption = Annotated[
    bool, typer.Option("--peers", help="Also try other libraries, those that are installed: the extra named peers installs them.")
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        help="Only this row, beside the baselines: an algorithm, another library, or endcap, what training would publish. "
        "May be given several times.",
        show_default=False,
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything that is drawn.")]


@dataclass(frozen=True, slots=True)
class _Run:
    """What all tasks are told alike."""

    part: Portion
    seed: int
    wanted: Wanted
    json: bool
    home: Path


def _run(
    part: PartOption = "test",
    peers: PeersOption = False,
    extras: WithOption = None,
    only: OnlyOption = None,
    seed: SeedOption = 1,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> _Run:
    """The options of every verb."""
    return _Run(part, seed, Wanted.of(only or (), added(extras), every_peer=peers), json, home)


@dataclass(frozen=True, slots=True)
class _Data:
    """What is evaluated on: its name, and the files that it was read from; the log of a shop is no file."""

    name: str
    files: Sequence[Path]


class _Asked(NamedTuple):
    """A task on data."""

    protocol: EvaluationProtocol
    data: _Data


def _verb(read: Callable[..., _Asked]) -> Callable[..., None]:
    """A verb that evaluates what ``read`` gives: its options are those of ``read``, after ``how``, and those of every verb."""
    _, *own = signature(read, eval_str=True).parameters.values()
    shared = signature(_run, eval_str=True).parameters

    @wraps(read)
    def run(**given: Any) -> None:
        how = _run(**{name: given.pop(name) for name in shared})
        _evaluate(read(how, **given), how)

    run.__signature__ = Signature([*own, *shared.values()])  # type: ignore[attr-defined]  # where Typer finds the options
    return run


@app.command()
@_verb
def basket(how: _Run, data: DataOption = None, shop: ShopOption = None, layout: LayoutOption = None) -> _Asked:
    """Complete baskets: items are taken from held-out orders and asked for with the rest."""
    if shop is not None:
        history, source = _history(how, data, shop, layout)
        return _Asked(BasketProtocol(history.orders(), how.seed), source)
    path = _given(data)
    chosen = order_layout(path, layout)
    return _Asked(BasketProtocol(chosen.read(path), how.seed), _Data(_name(path), chosen.files(path)))


@app.command()
@_verb
def session(
    how: _Run,
    train: Annotated[Path | None, typer.Option("--train", help="A file of sessions to learn from.", show_default=False)] = None,
    test: Annotated[
        Path | None, typer.Option("--test", help="A file of prefixes and the item that came next.", show_default=False)
    ] = None,
    data: DataOption = None,
    shop: ShopOption = None,
    layout: LayoutOption = None,
) -> _Asked:
    """Continue sessions: which item comes next? From --train and --test or a folder (--data) of both, or from acts (--data,
    --shop) cut by time."""
    pair = session_layout(None)
    if data is not None and train is None and test is None and layout is None and pair.recognises(data):
        train, test = pair.files(data)
    if train is not None and test is not None:
        clicks = session_layout(layout).read(train, test)
        return _Asked(SessionProtocol(clicks, how.seed), _Data(_name(train.parent), [train, test]))
    if train is not None or test is not None:
        missing = "test" if test is None else "train"
        raise BadOption(
            f"--{missing} is missing", field=missing, value=None, remedy="give both --train and --test, or --data, or --shop"
        )
    history, source = _history(how, data, shop, layout)
    return _Asked(VisitProtocol(history, how.seed), source)


@app.command()
@_verb
def complement(how: _Run, data: DataOption = None, layout: LayoutOption = None) -> _Asked:
    """Complete hand-made sets: which items belong together with this one?"""
    path = _given(data)
    chosen = find_layout(BundleLayout, path, layout)
    return _Asked(ComplementProtocol(chosen.read(path), how.seed), _Data(_name(path), chosen.files(path)))


def _of_history(protocol: Callable[[History, int], EvaluationProtocol], name: str, told: str) -> None:
    """Add the verb of a task that is asked of people's acts."""

    def read(how: _Run, data: DataOption = None, shop: ShopOption = None, layout: LayoutOption = None) -> _Asked:
        history, source = _history(how, data, shop, layout)
        return _Asked(protocol(history, how.seed), source)

    app.command(name, help=told)(_verb(read))


_of_history(PurchaseProtocol, "purchase", "Next purchase: what does somebody buy, having acted on other things?")
_of_history(NextBasketProtocol, "next_basket", "Next order: what will be in a customer's next basket, repeats included?")
_of_history(TopNProtocol, "topn", "Top N: what will somebody take up that is new to them?")
_of_history(RatingsProtocol, "ratings", "Ratings: how many stars will somebody give?")
_of_history(ColdStartProtocol, "cold_start", "New products: are items found that nobody has touched yet?")
_of_history(UpsellProtocol, "upsell", "Upsell: which dearer item is bought instead of the one looked at?")


def _history(how: _Run, data: Path | None, shop: str | None, layout: str | None) -> tuple[History, _Data]:
    """What people did, from a file of acts or orders or from a shop's log."""
    if shop is not None:
        if data is not None:
            raise BadOption("both --data and --shop are given", field="shop", value=shop, remedy="give one of them")
        opened = sqlite.open_home(how.home)
        try:
            return History.of_shop(opened.open(shop)), _Data(shop, ())
        finally:
            opened.close()
    path = _given(data)
    chosen = history_layout(path, layout)
    history = History.of_orders(chosen.read(path)) if isinstance(chosen, OrderLayout) else chosen.read(path)
    return history, _Data(_name(path), chosen.files(path))


def _given(data: Path | None) -> Path:
    if data is None:
        raise BadOption("no data are named", field="data", value=None, remedy="give --data with a file or folder")
    return data


def _evaluate(asked: _Asked, how: _Run) -> None:
    protocol, data = asked

    def publish(known: Dataset) -> Published:
        made, choices, _ = fit_all(known, how.seed)
        return Published({name: one.artifact for name, one in made.items()}, choices)

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("reading", total=1.0)

        def told(what: str, share: float) -> None:
            progress.update(bar, description=what, completed=share)

        if protocol.task == "ratings":
            found = evaluate_ratings(protocol, data.name, portion=how.part, seed=how.seed, wanted=how.wanted, progress=told)
        else:
            found = evaluate(
                protocol, data.name, publish, portion=how.part, seed=how.seed, wanted=how.wanted, progress=told
            )  # fmt: skip
    if how.part == "test":
        values = {row.name: {name: one.value for name, one in row.metrics.items()} for row in found.report.rows}
        journal = looks.record(
            SystemClock(), task=protocol.task, dataset=data.name, files=data.files, metrics=values, seed=how.seed, home=how.home
        )
        console.print(f"This look at the test part was recorded in {journal}.", style="dim", soft_wrap=True)
    if how.json:
        typer.echo(msgspec.json.encode(found.report).decode())
    else:
        show(found)


def _name(path: Path) -> str:
    """A data set's name: that of its folder or file, without the endings."""
    return path.resolve().name.split(".")[0]
