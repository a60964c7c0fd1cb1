"""``endcap bench``: what this machine does with the shipped server and the shipped settings."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap import bench
from endcap.bench.result import Result
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption
from endcap.errors import BadOption, UnknownName


def _measurable() -> list[str]:
    modules = (importlib.import_module(f"{bench.__name__}.{one.name}") for one in pkgutil.iter_modules(bench.__path__))
    return [module.__name__.rsplit(".", 1)[-1] for module in modules if hasattr(module, "measure")]


def run(
    what: Annotated[
        str, typer.Argument(help="What to measure: recommend, overload, soak, ingest, answer, train, scale or restart.")
    ],
    catalogue: Annotated[int | None, typer.Option(min=1_000, help="How many products the shop has: recommend, overload.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="How long to go on: soak.")] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Measure, in turns with a peer, so that the ratio means something on a busy machine. Takes a minute or two.

    Scale takes half an hour: it trains on ten million events, or on as many as the variable ENDCAP_SCALE_EVENTS says.
    The shop that is measured is made up, in a temporary folder on the disk of the home; what the home holds is not touched.
    """
    known = _measurable()
    if what not in known:
        remedy = f"use one of {', '.join(known)}"
        raise UnknownName(f"nothing to measure is named {what!r}", field="what", value=what, remedy=remedy)
    home.mkdir(parents=True, exist_ok=True)
    measure = importlib.import_module(f"{bench.__name__}.{what}").measure
    wanted = {name: value for name, value in (("catalogue", catalogue), ("minutes", minutes)) if value is not None}
    for name in wanted:
        if name not in inspect.signature(measure).parameters:
            raise BadOption(f"{what} knows no --{name}", field=name, value=wanted[name], remedy="leave it out")
    result: Result = measure(home, **wanted)
    if json:
        typer.echo(msgspec.json.encode(result).decode())
        return
    table = Table(title=f"endcap bench {what}", title_justify="left", box=None, pad_edge=False)
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in (result.figures | result.ratios).items():
        table.add_row(name, f"{value:,.4g}" if value < 10_000 else f"{value:,.0f}")
    console = Console()
    console.print(table)
    console.print(f"switched on: {', '.join(result.enabled)}", style="dim")
