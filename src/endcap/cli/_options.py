"""Options that many verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="ENDCAP_HOME", help="The folder that holds everything Endcap keeps.", show_default=True)
]
DEFAULT_HOME = Path("endcap-data")
ShopOption = Annotated[str, typer.Option("--shop", help="The shop, a short lower-case name.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
