"""``endcap train``: learn from a shop's log and publish a bundle, once, on a schedule or when the shop has changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.cli._training import show
from endcap.core.time import SystemClock, to_ms
from endcap.stores import sqlite
from endcap.training.goals import Goal
from endcap.training.job import Progress as Report
from endcap.training.job import train
from endcap.training.page import write_report
from endcap.training.report import TrainingReport
from endcap.training.schedule import parse_duration_s

REFUSED = 3
"""The exit status where the gate refused what was trained: nothing failed, and what serves goes on serving."""

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def run(
    shop: ShopOption,
    goal: Annotated[
        Goal, typer.Option("--goal", help="What the shop wants more of: that is what candidates are judged by.")
    ] = "conversion",
    budget: Annotated[
        str | None,
        typer.Option("--budget", help="How long it may take, such as 90s, 10m or 2h. Default: as long as the plan needs."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Publish even what the gate refuses.")] = False,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=_FORMATS, help="See nothing that happened at this time or later, UTC. Default: see all."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same log and seed give the same bundle.")] = 0,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Choose, fit and publish what answers best on held-out time; exit status 3 where what serves is as good or better."""
    opened = sqlite.open_home(home)
    try:
        with _progress_bar() as report:
            made = train(
                opened.open(shop), as_of_ms=to_ms(as_of) if as_of else None, seed=seed, goal=goal,
                budget_s=parse_duration_s(budget) if budget else None, force=force, progress=report,
            )  # fmt: skip
    finally:
        opened.close()
    _tell(made, shop, home, json=json)
    if not made.gate.published:
        raise typer.Exit(REFUSED)


def _tell(made: TrainingReport, shop: str, home: Path, *, json: bool) -> None:
    page = write_report(made, shop, home / "reports", SystemClock().now_ms())
    if json:
        typer.echo(msgspec.json.encode(made).decode())
    else:
        show(Console(), made, shop, page)


@contextmanager
def _progress_bar() -> Iterator[Report]:
    """A bar on standard error, so that standard output holds the result alone."""
    columns = (TextColumn("{task.description:<40}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)
