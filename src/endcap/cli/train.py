"""``endcap train``: learn from a shop's log and publish a bundle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.time import iso, to_ms
from endcap.stores import sqlite
from endcap.training.job import FitReport, TrainingReport, train
from endcap.training.job import Progress as Report

ASKED_FOR = {"basket": "rest of order", "session": "next view", "purchase": "next purchase"}
_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def run(
    shop: ShopOption,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=_FORMATS, help="See nothing that happened at this time or later, UTC. Default: see all."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same log and seed give the same bundle.")] = 0,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Fit every algorithm that the shop's data allow, choose their options on held-out time, and publish the bundle."""
    opened = sqlite.open_home(home)
    try:
        stores = opened.open(shop)
        with _progress_bar() as report:
            made = train(stores, as_of_ms=to_ms(as_of) if as_of else None, seed=seed, progress=report)
    finally:
        opened.close()
    if json:
        typer.echo(msgspec.json.encode(made).decode())
    else:
        _show(made, shop)


@contextmanager
def _progress_bar() -> Iterator[Report]:
    """A bar on standard error, so that standard output holds the result alone."""
    columns = (TextColumn("{task.description:<40}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def _show(made: TrainingReport, shop: str) -> None:
    console = Console()
    until = f" up to {iso(made.data_until_ms - 1)}" if made.interactions else ""
    console.print(
        f"[bold]{shop}[/]: {made.interactions:,} acts on {made.items:,} products, {made.baskets:,} orders and "
        f"{made.sessions:,} visits{until}",
        highlight=False,
    )
    table = Table(box=None, pad_edge=False)
    for heading in ("artifact", "entries", "seconds", "HR@10", "MRR@20", "asked for", "options chosen"):
        left = heading in {"artifact", "asked for", "options chosen"}
        table.add_column(heading, justify="left" if left else "right", no_wrap=heading == "artifact")
    for one in made.fitted:
        table.add_row(*_row(one))
    console.print(table)
    for one in made.fitted:
        if one.warming_up:
            console.print(f"[yellow]Warming up:[/] {one.label}: few data yet; see endcap check --shop {shop}")
    for missing in made.left_out:
        figures = f"{missing.value:,} of {missing.at_least:,} {missing.unit}"
        console.print(f"[yellow]Left out:[/] {missing.label}: {figures}", highlight=False)
    console.print(f"bundle {made.version} published in {made.seconds:.1f} s", highlight=False)


def _row(one: FitReport) -> tuple[str, ...]:
    figures = ("-", "-", "too few to hold some out")
    if one.quality:
        figures = (f"{one.quality.hit_rate_10:.3f}", f"{one.quality.mrr_20:.3f}", ASKED_FOR[one.quality.task])
    chosen = ", ".join(f"{name} {one.options[name]}" for name in one.tuned)
    return (one.name, f"{one.entries:,}", f"{one.seconds:.1f}", *figures, chosen)
