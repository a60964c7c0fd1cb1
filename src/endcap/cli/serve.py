"""``endcap serve``: answer over HTTP."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from endcap.app import Endcap
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, PrivateOption
from endcap.web.application import Application
from endcap.web.server import serve
from endcap.web.site import Site


def run(
    shop: Annotated[list[str] | None, typer.Option("--shop", help="Serve this shop alone; may be repeated.")] = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="The port; 0 takes a free one.")] = 8080,
    holdout: Annotated[
        bool,
        typer.Option(
            "--holdout/--no-holdout",
            help="Begin with 5 % of shoppers held out, in a shop that never had a holdout, to know what recommendations earn.",
        ),
    ] = True,
    private_targets: PrivateOption = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Answer over HTTP until told to stop. Prints one line when it answers."""
    endcap = Endcap.open(home)
    try:
        for name in shop or ():
            endcap.shop(name)
        site = Site(endcap, shops=tuple(shop or ()), holdout=holdout, private_targets=private_targets)

        def answering(url: str) -> None:
            shops = sorted(site.shops)
            if json:
                typer.echo(msgspec.json.encode({"url": url, "shops": shops}).decode())
            else:
                typer.echo(f"endcap is answering on {url} for {_listed(shops)}")

        serve(Application(site), host=host, port=port, answering=answering)
    finally:
        endcap.close()


def _listed(shops: list[str]) -> str:
    return f"shops {', '.join(shops)}" if shops else "no shop yet: import one, or make a key for it"
