"""``endcap audiences``: saved conditions that decide for whom a rule or an experiment is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap.app import end_of_data
from endcap.audience.audiences import AUDIENCE_KIND, label_of, named_audience
from endcap.audience.model import decode_model
from endcap.audience.report import audience_counts
from endcap.cli._documents import decoded, pretty, shop_stores
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.errors import BadInput, UnknownName

app = typer.Typer(no_args_is_help=True, help="List the audiences of a shop, put one, or end it.")

_Name = Annotated[str, typer.Argument(help="An audience that the list shows.")]


@app.command("list")
def list_(shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """List the audiences, the label by which rules name each, and how many known customers are in it."""
    with shop_stores(home, shop) as stores:
        found = audience_counts(stores, decode_model(stores.customers.summary()), end_of_data(stores).now_ms())
    if json:
        typer.echo(msgspec.json.encode({"audiences": found}).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("label", "title", "customers"):
        table.add_column(heading, justify="right" if heading == "customers" else "left")
    for one in found:
        table.add_row(one.label, one.title, "fewer than 5" if one.customers is None else f"{one.customers:,}")
    Console().print(table)


@app.command()
def show(name: _Name, shop: ShopOption, home: HomeOption = DEFAULT_HOME) -> None:
    """Print an audience as JSON, as ``put`` takes it."""
    with shop_stores(home, shop) as stores:
        audiences = stores.documents.all(AUDIENCE_KIND)
    if name not in audiences:
        raise _unknown(name, audiences)
    typer.echo(pretty({"name": name, **msgspec.json.decode(audiences[name])}))


@app.command()
def put(
    file: Annotated[
        Path, typer.Argument(help="An audience with its name as TOML, or as JSON where the file's name ends in .json.")
    ],
    shop: ShopOption,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Put an audience, or another one in the place of one of the same name. A running server follows it within a second."""
    sent = decoded(file)
    if not isinstance(sent, dict):
        raise BadInput(f"{file} is no table", field="file", value=str(file), remedy="write name, title and conditions")
    name, audience = named_audience(sent)
    with shop_stores(home, shop) as stores:
        stores.documents.put(AUDIENCE_KIND, name, msgspec.json.encode(audience))
    label = label_of(name)
    typer.echo(msgspec.json.encode({"audience": label}).decode() if json else f"rules may name {label} as their audience")


@app.command()
def remove(name: _Name, shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """End an audience. Rules that name it then hold for nobody."""
    with shop_stores(home, shop) as stores:
        audiences = stores.documents.all(AUDIENCE_KIND)
        if not stores.documents.delete(AUDIENCE_KIND, name):
            raise _unknown(name, audiences)
    typer.echo(msgspec.json.encode({"removed": name}).decode() if json else f"audience {name}: it is gone")


def _unknown(name: str, audiences: dict[str, bytes]) -> UnknownName:
    remedy = f"use one of {', '.join(sorted(audiences))}" if audiences else "there is none yet; endcap audiences put makes one"
    return UnknownName(f"the shop has no audience {name!r}", field="name", value=name, remedy=remedy)
