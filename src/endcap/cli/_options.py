"""Options that many verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from endcap import registry
from endcap.errors import UnknownName

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="ENDCAP_HOME", help="The folder that holds everything Endcap keeps.", show_default=True)
]
DEFAULT_HOME = Path("endcap-data")
ShopOption = Annotated[str, typer.Option("--shop", help="The shop, a short lower-case name.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
PrivateOption = Annotated[
    bool,
    typer.Option(
        "--private-targets", envvar="ENDCAP_PRIVATE_TARGETS",
        help="Let alarms and reports go to servers that are not on the public internet, such as a mail relay of your own.",
    ),
]  # fmt: skip
WithOption = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        help="Also try what is made on demand only: an algorithm by name, or all that an extra adds, such as neural.",
        show_default=False,
    ),
]


def added(asked: list[str] | None) -> list[str]:
    """The algorithms asked for, by name or by the extra that adds them.

    Raises UnknownName for one that does not exist or is not installed.
    """
    known = {*registry.names("algorithms"), *registry.lacking("algorithms")}
    found: list[str] = []
    for name in asked or ():
        if name not in known and name not in registry.EXTRAS:
            raise UnknownName(
                f"neither an algorithm nor an extra is named {name!r}", field="with", value=name,
                remedy=f"choose among {', '.join((*registry.EXTRAS, *sorted(known)))}",
            )  # fmt: skip
        found += registry.of_extra("algorithms", name) if name in registry.EXTRAS else [name]
    for name in found:
        registry.find("algorithms", name)  # says what to install where a package is missing
    return found
