"""``endcap size``: what a shop needs, before there is one."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap.bench.sizing import FULL, PEAK_TO_MEAN, Wanted, measured, size_of
from endcap.cli._options import JsonOption


def run(
    products: Annotated[int, typer.Option(min=1, help="How many products the shop has.")],
    events_per_day: Annotated[float, typer.Option(min=0, help="How many events it sends a day.")],
    people: Annotated[
        int | None, typer.Option(min=0, help="Sessions and users with a history; a day's events / 10 if left out.")
    ] = None,
    answers_per_day: Annotated[
        float | None, typer.Option(min=0, help="Recommendations a day; as many as events if left out.")
    ] = None,
    retention_days: Annotated[int, typer.Option(min=1, help="How long events are kept.")] = 365,
    json: JsonOption = False,
) -> None:
    """Say what memory, disk and cores a shop of this size needs, part by part, from what was measured on this code."""
    wanted = Wanted(
        products=products, events_per_day=events_per_day, retention_days=retention_days,
        people=people if people is not None else round(events_per_day / 10),
        answers_per_day=answers_per_day if answers_per_day is not None else events_per_day,
    )  # fmt: skip
    known = measured()
    size = size_of(wanted, known)
    if json:
        typer.echo(msgspec.json.encode({"size": size, "asked": wanted, "coefficients": known}).decode())
        return
    table = Table(title="what this shop needs", title_justify="left", box=None, pad_edge=False)
    table.add_column("part")
    table.add_column("needs", justify="right")
    for kind, parts, total in (("memory", size.memory, size.memory_bytes), ("disk", size.disk, size.disk_bytes)):
        table.add_row(kind, f"{total / 1e9:,.2f} GB", style="bold")
        for name, needed in parts.items():
            table.add_row(f"  {name}", f"{needed / 1e9:,.2f} GB")
    table.add_row("cores", f"{size.cores:,.2f}", style="bold")
    for name, rate in size.load.items():
        table.add_row(f"  {name}", f"{rate:,.1f}")
    console = Console()
    console.print(table)
    console.print(
        f"the peak is {PEAK_TO_MEAN:g} times the mean and fills {FULL:.0%} of the cores; "
        f"measured at commit {known.commit} on {known.machine}; endcap size --json has the coefficients",
        style="dim",
    )
