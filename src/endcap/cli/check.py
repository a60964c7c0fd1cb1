"""``endcap check``: is there enough data for each algorithm, and what is served meanwhile?"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.time import iso, to_ms
from endcap.stores import sqlite
from endcap.training.check import Check, check
from endcap.training.readiness import Readiness

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def run(
    shop: ShopOption,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=_FORMATS, help="Look at what was known before this time, UTC. Default: at everything."),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Show for every algorithm how much of the data it wants is there, when it will be, and what is served meanwhile."""
    opened = sqlite.open_home(home)
    try:
        found = check(opened.open(shop), as_of_ms=to_ms(as_of) if as_of else None)
    finally:
        opened.close()
    if json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _show(found)


def _show(found: Check) -> None:
    console = Console()
    if found.interactions == 0:
        console.print(
            f"The shop {found.shop} has {found.items:,} products and no events yet. Import orders or events with "
            f"endcap import FILE --shop {found.shop}, or post events to /v1/events.",
            highlight=False,
        )
    else:
        console.print(f"[bold]{found.shop}[/]: {found.interactions:,} acts up to {iso(found.data_until_ms - 1)}", highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(width=12)
    table.add_column()
    for one in found.algorithms:
        bar = ProgressBar(total=max(one.at_least, 1), completed=min(one.value, one.at_least), width=12)
        table.add_row(f"{one.label}", bar, _sentence(one))
    console.print(table)


def _sentence(one: Readiness) -> str:
    figures = f"{one.value:,} of {one.at_least:,} {one.unit}"
    if one.ready:
        return f"[green]ready[/]: {figures}"
    if one.days_left is None:
        when = "not growing at present"
    else:
        when = f"ready in about {one.days_left:,} day{'' if one.days_left == 1 else 's'} at this rate"
    return f"{figures}, {when}; meanwhile: {one.meanwhile}"
