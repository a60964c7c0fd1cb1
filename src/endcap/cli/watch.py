"""``endcap watch``: look after a shop, and say what is in alarm."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from endcap.app import placements_of, shop_report
from endcap.cli._documents import decoded, pretty, shop_stores
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, PrivateOption, ShopOption
from endcap.core.time import SystemClock, iso
from endcap.errors import BadInput
from endcap.measurement.watch.delivering import Courier
from endcap.measurement.watch.notes import WatchReport
from endcap.measurement.watch.scheduled import Reporter
from endcap.measurement.watch.settings import WatchSettings
from endcap.measurement.watch.telling import put_watch, shown
from endcap.measurement.watch.watcher import Watcher

EVERY_S = 60

_MARKS = {"alarm": "[bold red]ALARM[/bold red]  ", "fine": "[green]fine[/green]   ", "unknown": "[dim]unknown[/dim]"}


def run(
    shop: ShopOption,
    once: Annotated[bool, typer.Option("--once", help="Look once and end: exit code 2 where an alarm is on.")] = False,
    settings: Annotated[
        Path | None,
        typer.Option(help="Keep the settings in this TOML or JSON file, and end."),
    ] = None,
    private_targets: PrivateOption = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Look at a shop's data, models and machine every minute, until stopped. A server does so by itself; it may run meanwhile."""
    with shop_stores(home, shop) as stores:
        if settings is not None:
            kept = put_watch(stores.documents, _read(settings), private=private_targets)
            typer.echo(pretty(shown(kept)))
            return
        watcher = Watcher(stores, partial(placements_of, stores))
        reporter = Reporter(stores, partial(shop_report, stores), private=private_targets)
        courier = Courier(stores, private=private_targets, send_report=reporter.send)
        while True:
            now_ms = SystemClock().now_ms()
            report = watcher.look(now_ms, every=True)
            reporter.plan(now_ms)
            courier.deliver(now_ms)
            if json:
                typer.echo(msgspec.json.encode(report).decode())
            else:
                _print(report)
            if once:
                break
            time.sleep(EVERY_S)
    if report.open:
        raise typer.Exit(2)


def _read(file: Path) -> WatchSettings:
    try:
        return msgspec.convert(decoded(file), WatchSettings)
    except msgspec.ValidationError as error:
        raise BadInput(f"{file}: {error}", field="settings", remedy="see docs/how-to/watch.md") from error


def _print(report: WatchReport) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{iso(report.looked_ms)}  {len(report.open)} of {len(report.checks)} checks in alarm")
    for one in report.checks:
        console.print(_MARKS[one.state], end=" ")
        console.print(f"{one.name}: {one.sentence}", markup=False)
