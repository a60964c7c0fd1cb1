"""``endcap export``: a shop's log and catalogue as JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from endcap.cli._options import DEFAULT_HOME, HomeOption, ShopOption
from endcap.core.catalog import encode_item
from endcap.core.events import encode_event_in_full
from endcap.stores import sqlite
from endcap.stores.ports import ShopStores

_CHUNK = 5_000

app = typer.Typer(no_args_is_help=True, help="Write what a shop holds as JSON lines.")

OutOption = Annotated[Path | None, typer.Option("--out", help="The file to write. Default: standard output.")]


@app.command()
def events(shop: ShopOption, out: OutOption = None, home: HomeOption = DEFAULT_HOME) -> None:
    """Write the log, one event a line, in log order."""
    with _stores(home, shop) as stores, _output(out) as output:
        after = 0
        while logged := stores.log.read(after=after, limit=_CHUNK):
            output.write(b"".join(encode_event_in_full(one.event) + b"\n" for one in logged))
            after = logged[-1].seq


@app.command()
def items(shop: ShopOption, out: OutOption = None, home: HomeOption = DEFAULT_HOME) -> None:
    """Write the catalogue, one product a line, in the order of first appearance."""
    with _stores(home, shop) as stores, _output(out) as output:
        for item in stores.catalog.all():
            output.write(encode_item(item) + b"\n")


@contextmanager
def _stores(home: Path, shop: str) -> Iterator[ShopStores]:
    opened = sqlite.open_home(home)
    try:
        yield opened.open(shop)
    finally:
        opened.close()


@contextmanager
def _output(out: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that appears only when it is whole."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = out.with_name(out.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
