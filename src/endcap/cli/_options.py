"""Options that many verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from endcap import registry

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="ENDCAP_HOME", help="The folder that holds everything Endcap keeps.", show_default=True)
]
DEFAULT_HOME = Path("endcap-data")
ShopOption = Annotated[str, typer.Option("--shop", help="The shop, a short lower-case name.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
WithOption = Annotated[
    list[str] | None,
    typer.Option("--with", help="Also try what an extra of Endcap adds, such as neural.", show_default=False),
]


def added(extras: list[str] | None) -> list[str]:
    """The algorithms of the extras asked for. Raises UnknownName for one that does not exist or is not installed."""
    names = [name for extra in extras or () for name in registry.of_extra("algorithms", extra)]
    for name in names:
        registry.find("algorithms", name)
    return names
