"""What verbs share that read and put the documents of a shop: its placements and its rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from endcap.errors import BadFile
from endcap.stores import sqlite
from endcap.stores.ports import ShopStores


@contextmanager
def shop_stores(home: Path, shop: str) -> Iterator[ShopStores]:
    """The stores of a shop, for as long as they are needed. Raises UnknownName where there is no such shop."""
    opened = sqlite.open_home(home)
    try:
        yield opened.open(shop)
    finally:
        opened.close()


def decoded(file: Path) -> Any:
    """What a file says as TOML, or as JSON where its name ends in .json. Raises BadFile where it is neither."""
    module: Any = msgspec.json if file.suffix == ".json" else msgspec.toml
    try:
        return module.decode(file.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        kind = "JSON" if module is msgspec.json else "TOML"
        raise BadFile(f"{file} is not {kind}: {error}", field="file", value=str(file), remedy=f"write valid {kind}") from error


def pretty(document: object) -> str:
    """A document as JSON that people read."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
