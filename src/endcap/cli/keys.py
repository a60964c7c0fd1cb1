"""``endcap keys``: who may ask, and what."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.time import iso
from endcap.errors import BadInput, UnknownName
from endcap.stores import sqlite
from endcap.stores.ports import KeyInfo, KeyKind
from endcap.web.access import check_origin

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys that requests carry.")

_Kind = Annotated[KeyKind, typer.Option("--kind", help="browser: pages of the shop; server: its back end; admin: everything.")]


@app.command()
def create(
    shop: ShopOption,
    kind: _Kind = "server",
    origin: Annotated[
        list[str] | None,
        typer.Option("--origin", help="Pages that may use a browser key, such as https://shop.example; may be repeated."),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Make a key and print it: the only time it is seen. A shop that does not exist comes into being."""
    origins = tuple(check_origin(one) for one in origin or ())
    if origins and kind != "browser":
        raise BadInput(
            f"a {kind} key cannot be bound to an origin",
            field="--origin",
            value=origins[0],
            remedy="leave --origin out, or use --kind browser",
        )
    opened = sqlite.open_home(home)
    try:
        opened.open(shop, create=True)
        key = opened.keys.create(shop, kind, origins)
    finally:
        opened.close()
    typer.echo(msgspec.json.encode({"key": key}).decode() if json else key)


@app.command(name="list")
def list_(shop: Annotated[str | None, typer.Option("--shop", help="Keys of this shop alone.")] = None,
          json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:  # fmt: skip
    """List the keys that work, by fingerprint; the keys themselves are not kept."""
    opened = sqlite.open_home(home)
    try:
        found = [info for info in opened.keys.list() if shop in {None, info.shop}]
    finally:
        opened.close()
    if json:
        typer.echo(msgspec.json.encode({"keys": found}).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("fingerprint", "shop", "kind", "origins", "made"):
        table.add_column(heading)
    for info in found:
        table.add_row(*_row(info))
    Console().print(table)


@app.command()
def revoke(
    fingerprint: Annotated[str, typer.Argument(help="The key's fingerprint, as endcap keys list shows it.")],
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Make a key stop working. A server that runs notices within a second."""
    opened = sqlite.open_home(home)
    try:
        if not opened.keys.revoke(fingerprint):
            raise UnknownName(
                f"no key has the fingerprint {fingerprint!r}",
                field="fingerprint",
                value=fingerprint,
                remedy="see endcap keys list",
            )
    finally:
        opened.close()
    typer.echo(msgspec.json.encode({"revoked": fingerprint}).decode() if json else f"{fingerprint} is revoked")


def _row(info: KeyInfo) -> tuple[str, ...]:
    return (info.fingerprint, info.shop, info.kind, ", ".join(info.origins) or "any", iso(info.created_at_ms))
