"""``endcap bundles``: what was trained, what serves, and going back."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.time import iso
from endcap.stores import sqlite

app = typer.Typer(no_args_is_help=True, help="List a shop's bundles, make one serve, or go back to the one before.")


@app.command("list")
def list_(shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """List the bundles, newest first; the one that serves is marked."""
    opened = sqlite.open_home(home)
    try:
        store = opened.open(shop).bundles
        active, manifests = store.active(), store.list()
    finally:
        opened.close()
    if json:
        typer.echo(msgspec.json.encode({"active": active, "bundles": manifests}).decode())
        return
    console = Console()
    if not manifests:
        console.print(f"The shop {shop} has no bundle yet: run endcap train --shop {shop}", highlight=False)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("", "version", "made", "data until", "artifacts"):
        table.add_column(heading)
    for one in manifests:
        names = ", ".join(artifact.name for artifact in one.artifacts)
        mark = "serves" if one.version == active else ""
        until = iso(one.data_until_ms - 1)[:19] if one.data_until_ms else "no events"
        table.add_row(mark, one.version, iso(one.created_at_ms)[:19], until, names)
    console.print(table)


@app.command()
def activate(
    version: Annotated[str, typer.Argument(help="A version that the list shows.")],
    shop: ShopOption,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Make a bundle serve. It is loaded and checked first; a running server swaps to it within a second."""
    opened = sqlite.open_home(home)
    try:
        opened.open(shop).bundles.activate(version)
    finally:
        opened.close()
    _say(version, json=json)


@app.command("roll-back")
def roll_back(shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """Go back to the bundle that served before."""
    opened = sqlite.open_home(home)
    try:
        version = opened.open(shop).bundles.roll_back()
    finally:
        opened.close()
    _say(version, json=json)


def _say(version: str, *, json: bool) -> None:
    typer.echo(msgspec.json.encode({"active": version}).decode() if json else f"bundle {version} serves")
