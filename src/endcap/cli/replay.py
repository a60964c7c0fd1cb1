"""``endcap replay``: make past answers again from the log, and see that they come out the same."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.ids import new_id
from endcap.core.time import HOUR_MS, SystemClock
from endcap.replay.decisions import Replayed, on_record, replay
from endcap.stores import sqlite

_NAMED = 10


def run(
    shop: ShopOption,
    hours: Annotated[float, typer.Option("--hours", min=0.0, help="How far back the answers go.")] = 24.0,
    most: Annotated[int, typer.Option("--most", min=1, help="How many are made again, the oldest of them first.")] = 10_000,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Make a shop's answers again, chance included. Ends with exit code 1 where one comes out otherwise for no known reason."""
    opened = sqlite.open_home(home)
    try:
        stores = opened.open(shop)
        since = new_id(max(0, SystemClock().now_ms() - round(hours * HOUR_MS)))
        outcomes = list(replay(stores, islice(on_record(stores, since), most)))
    finally:
        opened.close()
    same = sum(one.same for one in outcomes)
    others = [one for one in outcomes if not one.same]
    if json:
        told = [{"recommendation_id": one.recommendation_id, "why": one.why} for one in others]
        typer.echo(msgspec.json.encode({"answers": len(outcomes), "same": same, "others": told}).decode())
    else:
        _print(len(outcomes), same, others)
    if any(not one.why for one in others):
        raise typer.Exit(1)


def _print(n: int, same: int, others: list[Replayed]) -> None:
    console = Console()
    console.print(f"{same:,} of {n:,} answers came out the same")
    for one in others[:_NAMED]:
        console.print(f"  {one.recommendation_id}: {', '.join(one.why) or 'nothing is known to have changed'}")
    if len(others) > _NAMED:
        console.print(f"  and {len(others) - _NAMED:,} more")
