"""``endcap train``: learn from a shop's log and publish a bundle, once, on a schedule or when the shop has changed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from endcap.cli._customers import look_at_customers
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption, WithOption, added
from endcap.cli._training import WIDTH, show
from endcap.core.time import SystemClock, iso, to_ms
from endcap.stores import sqlite
from endcap.stores.locks import FileLock
from endcap.training.goals import Goal
from endcap.training.job import Progress as Report
from endcap.training.job import train
from endcap.training.page import write_report
from endcap.training.report import TrainingReport
from endcap.training.schedule import Schedule, keep_training, parse_duration_s

REFUSED = 3
"""The exit status where the gate refused what was trained: nothing failed, and what serves goes on serving."""

_WAIT_S = 600.0
"""How long a training waits for somebody else who looks at the customers."""

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
    every: Annotated[
        str | None, typer.Option("--every", help="Go on, and train again whenever the last training is so old, such as 24h.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, and train again whenever the shop has changed.")] = False,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=_FORMATS, help="See nothing that happened at this time or later, UTC. Default: see all."),
    ] = None,
    extras: WithOption = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same log and seed give the same bundle.")] = 0,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Choose, fit and publish what answers best on held-out time; exit status 3 where that is not as good as what serves.

    Looks at the customers too, as `endcap customers fit` does.
    """
    budget_s = parse_duration_s(budget) if budget else None
    every_s = parse_duration_s(every) if every else None
    also = added(extras)
    opened = sqlite.open_home(home)
    try:
        stores = opened.open(shop)
        if every_s is not None or watch:
            _go_on(
                Schedule(stores, SystemClock(), every_s, watch), _again(shop, goal, budget, extras or [], seed, home, json=json)
            )
            return
        with _alone(home, shop), _progress_bar() as report:
            made = train(
                stores, as_of_ms=to_ms(as_of) if as_of else None, seed=seed, goal=goal, budget_s=budget_s, force=force,
                progress=report, also=also,
            )  # fmt: skip
            look_at_customers(stores, home, now_ms=to_ms(as_of) if as_of else None, wait_s=_WAIT_S)
    finally:
        opened.close()
    _tell(made, shop, home, json=json)
    if not made.gate.published:
        raise typer.Exit(REFUSED)


@contextmanager
def _alone(home: Path, shop: str) -> Iterator[None]:
    """One training of a shop at a time. The lock is the system's: it goes when this process goes, however it ends."""
    with closing(FileLock(home / "shops" / shop / "training.lock", timeout_s=0.0)) as lock, lock:
        yield


def _again(shop: str, goal: Goal, budget: str | None, extras: list[str], seed: int, home: Path, *, json: bool) -> list[str]:
    """The command of one training. A process of its own gives back its memory, and takes nothing with it when it is killed."""
    options = ["--shop", shop, "--home", str(home), "--goal", goal, "--seed", str(seed)]
    options += ["--budget", budget] if budget else []
    options += [part for extra in extras for part in ("--with", extra)]
    return [sys.executable, "-m", "endcap", "train", *options, *(["--json"] if json else [])]


def _go_on(schedule: Schedule, command: list[str]) -> None:
    """Train for ever; ends with an interrupt."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)

    def once(reason: str) -> None:
        console.print(f"{iso(schedule.clock.now_ms())[:19]} training: {reason}")
        status = subprocess.run(command, check=False).returncode
        if status not in (0, REFUSED):
            console.print(f"the training ended with exit status {status}; what serves goes on serving")

    console.print("watching; end it with Ctrl-C")
    try:
        keep_training(schedule, once, time.sleep)
    except KeyboardInterrupt:
        console.print("ended")


def _tell(made: TrainingReport, shop: str, home: Path, *, json: bool) -> None:
    page = write_report(made, shop, home / "reports", SystemClock().now_ms())
    if json:
        typer.echo(msgspec.json.encode(made).decode())
    else:
        show(Console(width=max(Console().width, WIDTH)), made, shop, page)


@contextmanager
def _progress_bar() -> Iterator[Report]:
    """A bar on standard error, so that standard output holds the result alone."""
    columns = (TextColumn("{task.description:<40}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)
