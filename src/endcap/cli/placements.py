"""``endcap placements``: which shelves a shop has, and shelves of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap.cli._documents import decoded, pretty, shop_stores
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.placement import Placement
from endcap.errors import UnknownName
from endcap.ingest.checked import explained, known_fields
from endcap.serving.placements import DOCUMENT_KIND, effective, ready, shipped
from endcap.stores.ports import ShopStores

app = typer.Typer(no_args_is_help=True, help="List a shop's placements, put one of its own, or take it out again.")

_Name = Annotated[str, typer.Argument(help="A placement that the list shows.")]


@app.command("list")
def list_(shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """List the placements that hold, with their shelves; the shop's own replace those that are shipped."""
    with shop_stores(home, shop) as stores:
        own = stores.documents.all(DOCUMENT_KIND)
    placements = effective(own)
    if json:
        typer.echo(msgspec.json.encode({"placements": [placements[name] for name in sorted(placements)]}).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("placement", "of", "at most", "shelves"):
        table.add_column(heading, justify="right" if heading == "at most" else "left")
    for name in sorted(placements):
        shelves = ", ".join(shelf.name for shelf in placements[name].shelves)
        table.add_row(name, "the shop" if name in own else "Endcap", str(placements[name].max_count), shelves)
    Console().print(table)


@app.command()
def show(name: _Name, shop: ShopOption, home: HomeOption = DEFAULT_HOME) -> None:
    """Print a placement as JSON, as ``put`` takes it."""
    with shop_stores(home, shop) as stores:
        placements = effective(stores.documents.all(DOCUMENT_KIND))
    if name not in placements:
        raise UnknownName(
            f"no placement is named {name!r}", field="name", value=name, remedy=f"use one of {', '.join(sorted(placements))}"
        )
    typer.echo(pretty(placements[name]))


@app.command()
def put(
    file: Annotated[Path, typer.Argument(help="A placement as TOML, or as JSON where its name ends in .json.")],
    shop: ShopOption,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Put a placement of the shop's own, or in the place of a shipped one. A running server follows it within a second."""
    placement = _read(file)
    with shop_stores(home, shop) as stores:
        stores.documents.put(DOCUMENT_KIND, placement.name, msgspec.json.encode(placement))
        missing = _not_made(placement, stores)
    if json:
        typer.echo(msgspec.json.encode({"placement": placement.name, "missing": missing}).decode())
        return
    typer.echo(f"the shop {shop} has the placement {placement.name}")
    for artifact in missing:
        typer.echo(f"Note: the bundle that serves has no {artifact}; until training makes it, that source proposes nothing.")


@app.command()
def remove(name: _Name, shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """Take a placement of the shop's own out; where it replaced a shipped one, that holds again."""
    with shop_stores(home, shop) as stores:
        own = sorted(stores.documents.all(DOCUMENT_KIND))
        if not stores.documents.delete(DOCUMENT_KIND, name):
            remedy = f"use one of {', '.join(own)}" if own else "there is none; those that are shipped cannot be taken out"
            raise UnknownName(f"the shop has no placement {name!r} of its own", field="name", value=name, remedy=remedy)
    back = "the shipped one holds again" if name in shipped() else "it is gone"
    typer.echo(msgspec.json.encode({"removed": name}).decode() if json else f"placement {name}: {back}")


def _read(file: Path) -> Placement:
    """The placement in a file, known to be one that can be built.

    Raises BadFile where it is neither TOML nor JSON, BadInput where it is no placement, UnknownName or BadOption for its rules.
    """
    sent = decoded(file)
    try:
        placement = msgspec.convert(sent, Placement)
    except msgspec.ValidationError as error:
        raise explained(error, sent, known_fields(Placement)) from error
    return ready(placement).placement


def _not_made(placement: Placement, stores: ShopStores) -> list[str]:
    """The artifacts that the placement asks and the bundle that serves does not have; none where nothing was trained."""
    active = stores.bundles.active()
    serving = next((one for one in stores.bundles.list() if one.version == active), None)
    if serving is None:
        return []
    made = {one.name for one in serving.artifacts}
    asked = [source.artifact for shelf in placement.shelves for source in (*shelf.sources, *shelf.fallback)]
    return [name for name in dict.fromkeys(asked) if name not in made]
