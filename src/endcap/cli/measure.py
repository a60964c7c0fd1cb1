"""``endcap measure``: bring the sums of a shop up to date."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress as Bar

from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.measurement.follower import Follower
from endcap.stores import sqlite
from endcap.stores.ports import ShopStores


def run(
    shop: ShopOption,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Forget all sums and measure the log anew, by the settings as they are now.")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Bring sums, journeys and units of experiments up to date with the log. A server does so by itself; it may run meanwhile."""
    opened = sqlite.open_home(home)
    try:
        stores = opened.open(shop)
        if rebuild:
            stores.measures.clear()
        before = stores.measures.progress()
        _catch_up(stores, quiet=json)
        after = stores.measures.progress()
    finally:
        opened.close()
    figures = {
        "events": after.log_seq - before.log_seq,
        "answers": after.answer_place - before.answer_place,
        "measured_until": after.log_seq,
    }
    if json:
        typer.echo(msgspec.json.encode(figures).decode())
    else:
        Console().print(
            f"{figures['events']:,} events and {figures['answers']:,} answers measured; "
            f"the sums are up to date with event {figures['measured_until']:,}"
        )


def _catch_up(stores: ShopStores, *, quiet: bool) -> None:
    follower = Follower(stores)
    with Bar(disable=quiet, transient=True) as bar:
        done = stores.measures.progress().log_seq
        task = bar.add_task("measuring", total=stores.log.last_seq() - done)
        while follower.follow():
            now = stores.measures.progress().log_seq
            bar.advance(task, now - done)
            done = now
