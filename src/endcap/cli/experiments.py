"""``endcap experiments``: comparing what is shown, from the plan to the decision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap.cli._documents import decoded, pretty, shop_stores
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.cli._trials import print_trial
from endcap.core.experiment import Experiment, Outcome, Recommendations
from endcap.core.time import SystemClock, iso
from endcap.errors import BadInput
from endcap.experiments.learning import search
from endcap.measurement.follower import Follower
from endcap.measurement.planning import PlanQuestion, planned
from endcap.measurement.trials import decided, metrics_of, trial
from endcap.serving.doubts import warnings
from endcap.serving.shop_experiments import (
    all_experiments,
    decide_experiment,
    experiment_named,
    put_experiment,
    put_holdout,
    remove_experiment,
    replicated,
    start_experiment,
    stop_experiment,
)
from endcap.serving.taking_over import as_won, take_over

app = typer.Typer(no_args_is_help=True, help="Plan, put, start, read, stop and decide the experiments of a shop.")

_Name = Annotated[str, typer.Argument(help="An experiment that the list shows.")]
_OUTCOMES, _MODES = ", ".join(get_args(Outcome)), "none, standard or random"


@app.command("list")
def list_(shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """List the shop's experiments."""
    with shop_stores(home, shop) as stores:
        found = all_experiments(stores.documents)
    _list(found, json)


@app.command()
def show(name: _Name, shop: ShopOption, home: HomeOption = DEFAULT_HOME) -> None:
    """Print an experiment as JSON, as ``put`` takes it."""
    with shop_stores(home, shop) as stores:
        typer.echo(pretty(experiment_named(stores.documents, name)))


@app.command()
def put(
    file: Annotated[Path, typer.Argument(help="An experiment as TOML, or as JSON where the file's name ends in .json.")],
    shop: ShopOption,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Keep an experiment as a draft. Of one that runs, its words, its end and a larger share may change."""
    try:
        sent = msgspec.convert(decoded(file), Experiment)
    except msgspec.ValidationError as error:
        raise BadInput(f"{file} is no experiment: {error}", field="file", value=str(file), remedy="correct it") from error
    metrics_of(sent)
    with shop_stores(home, shop) as stores:
        _told(put_experiment(stores.documents, sent), all_experiments(stores.documents), json)


@app.command()
def start(name: _Name, shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """Let an experiment run. A running server follows within a second."""
    with shop_stores(home, shop) as stores:
        experiment = start_experiment(stores.documents, name, SystemClock().now_ms())
        _told(experiment, all_experiments(stores.documents), json)


@app.command()
def stop(name: _Name, shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """Stop an experiment: everybody sees the shop as it is again."""
    with shop_stores(home, shop) as stores:
        experiment = stop_experiment(stores.documents, name, SystemClock().now_ms())
        _told(experiment, all_experiments(stores.documents), json)


@app.command()
def remove(name: _Name, shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """Take a draft away."""
    with shop_stores(home, shop) as stores:
        remove_experiment(stores.documents, name)
    typer.echo(msgspec.json.encode({"removed": name}).decode() if json else f"experiment {name}: it is gone")


@app.command()
def results(name: _Name, shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """Print what an experiment has found so far."""
    with shop_stores(home, shop) as stores:
        experiment_named(stores.documents, name)
        Follower(stores).catch_up()
        found = trial(stores, name, SystemClock().now_ms())
    if json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        print_trial(found)


@app.command()
def decide(
    name: _Name,
    shop: ShopOption,
    winner: Annotated[str | None, typer.Option("--winner", help="The arm that is best, if any.")] = None,
    note: Annotated[str, typer.Option("--note", help="Why it is decided so.")] = "",
    outcome: Annotated[str | None, typer.Option("--outcome", help=f"{_OUTCOMES}. Default: what the verdict says.")] = None,
    take: Annotated[bool, typer.Option("--take-over", help="Make the placements as the winner has them.")] = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Put down what was learnt, with the figures of this moment, and end the experiment."""
    how = _one_of(outcome, get_args(Outcome), "outcome")
    with shop_stores(home, shop) as stores:
        experiment_named(stores.documents, name)
        Follower(stores).catch_up()
        now_ms = SystemClock().now_ms()
        found = trial(stores, name, now_ms)
        decision = decided(found, at_ms=now_ms, outcome=how, winner=winner, note=note)
        won = as_won(stores.documents, found.experiment, winner) if take and winner is not None else []
        experiment = decide_experiment(stores.documents, name, decision)
        take_over(stores.documents, won)
        _told(experiment, [], json)


@app.command()
def plan(
    shop: ShopOption,
    lift: Annotated[float, typer.Option("--lift", help="The relative lift to be found: 0.05 for five per cent.")],
    metric: Annotated[str, typer.Option("--metric", help="What is to be lifted.")] = "buyers",
    arms: Annotated[int, typer.Option("--arms", min=2, help="How many arms, the control included.")] = 2,
    share: Annotated[float, typer.Option("--share", min=0.0, max=1.0, help="The share of shoppers that take part.")] = 1.0,
    looks: Annotated[bool, typer.Option("--looks", help="Plan for looking at it every day.")] = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Work out how long an experiment takes, from what the shop's shoppers did lately."""
    question = PlanQuestion(lift=lift, metric=metric, arms=arms, share=share, looks=looks)
    with shop_stores(home, shop) as stores:
        Follower(stores).catch_up()
        found = planned(stores, question, SystemClock().now_ms())
    if json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    typer.echo(found.plan.sentence)
    typer.echo(f"{found.daily_units:,.0f} new shoppers a day; {metric} is {found.baseline.mean:.4g} now.")
    for line in found.plan.notes:
        typer.echo(line)


@app.command()
def replicate(
    name: _Name,
    new_name: Annotated[str, typer.Argument(help="The name of the new experiment.")],
    placement: Annotated[str, typer.Argument(help="Where it is to be tried.")],
    shop: ShopOption,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Draft the same experiment on another placement."""
    with shop_stores(home, shop) as stores:
        again = replicated(experiment_named(stores.documents, name), new_name, placement, {})
        _told(put_experiment(stores.documents, again), all_experiments(stores.documents), json)


@app.command()
def learnt(
    shop: ShopOption,
    words: Annotated[str, typer.Argument(help="Words that all must occur.")] = "",
    metric: Annotated[str | None, typer.Option("--metric", help="Judged by this metric.")] = None,
    placement: Annotated[str | None, typer.Option("--placement", help="About this placement.")] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help=f"{_OUTCOMES}.")] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Look for what was tried before, how it went, and what was made of it."""
    how = _one_of(outcome, get_args(Outcome), "outcome")
    with shop_stores(home, shop) as stores:
        found = search(all_experiments(stores.documents), words, metric=metric, placement=placement, outcome=how)
    _list(found, json)


@app.command()
def holdout(
    shop: ShopOption,
    share: Annotated[float | None, typer.Option("--share", help="The share of shoppers held out; 0 switches it off.")] = None,
    mode: Annotated[str | None, typer.Option("--mode", help=f"What they are shown: {_MODES}. Default: none.")] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Show or set how many shoppers are held out, so that it is known what recommendations are worth."""
    with shop_stores(home, shop) as stores:
        known = {one.kind: one for one in all_experiments(stores.documents)}.get("holdout")
        arm = known.arms[1] if known is not None and known.status == "running" else None
        now_share, now_mode = (arm.weight, arm.changes["*"].recommendations) if arm else (0.0, "none")
        if share is not None or mode is not None:
            now_share = now_share if share is None else share
            now_mode = _one_of(mode, get_args(Recommendations), "mode") or now_mode
            put_holdout(stores.documents, now_share, now_mode, SystemClock().now_ms())
    if json:
        typer.echo(msgspec.json.encode({"share": now_share, "mode": now_mode}).decode())
    else:
        typer.echo(f"{now_share:.1%} of shoppers are held out" + (f" and see {now_mode}" if now_share else ""))


def _one_of(value: str | None, known: tuple[Any, ...], option: str) -> Any:
    if value is not None and value not in known:
        raise BadInput(f"--{option} is {value!r}", field=option, value=value, remedy=f"use one of {', '.join(known)}")
    return value


def _told(experiment: Experiment, others: list[Experiment], json: bool) -> None:
    doubts = warnings(experiment, others)
    if json:
        typer.echo(msgspec.json.encode({"experiment": experiment, "warnings": doubts}).decode())
        return
    typer.echo(f"experiment {experiment.name}: {experiment.status}")
    for doubt in doubts:
        typer.echo(f"  note: {doubt}")


def _list(experiments: list[Experiment], json: bool) -> None:
    if json:
        typer.echo(msgspec.json.encode({"experiments": experiments}).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "kind", "status", "since", "arms", "metric", "decision"):
        table.add_column(heading)
    for one in experiments:
        since = iso(one.started_ms)[:10] if one.started_ms is not None else ""
        decision = " ".join(part for part in (one.decided.outcome, one.decided.note) if part) if one.decided else ""
        table.add_row(one.name, one.kind, one.status, since, ", ".join(arm.name for arm in one.every_arm), one.metric, decision)
    Console().print(table)
