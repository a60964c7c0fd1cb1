"""``endcap compact``: move old events from the hot log to Parquet, forget old answers."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console

from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.time import DAY_MS, SystemClock
from endcap.stores import sqlite
from endcap.stores.compaction import compact
from endcap.stores.live import LiveHistories


def run(
    shop: ShopOption,
    keep_hot_days: Annotated[int, typer.Option("--keep-hot-days", min=0, help="How many days stay in the hot log.")] = 3,
    keep_decision_days: Annotated[int, typer.Option("--keep-decision-days", min=1, help="How long answers are kept.")] = 30,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Compact the log of a shop: one Parquet file a day, nothing lost. Run it nightly; a server may run meanwhile."""
    opened = sqlite.open_home(home)
    try:
        stores = opened.open(shop)
        live = LiveHistories(stores.people, stores.log)
        live.catch_up()
        live.flush()
        now_ms = SystemClock().now_ms()
        done = compact(stores, keep_hot_days=keep_hot_days, now_ms=now_ms)
        pruned = stores.decisions.prune(now_ms - keep_decision_days * DAY_MS)
    finally:
        opened.close()
    if json:
        figures = {"events": done.events, "files": done.files, "decisions_forgotten": pruned}
        typer.echo(msgspec.json.encode(figures).decode())
    else:
        Console().print(f"{done.events:,} events moved to {done.files:,} Parquet files, {pruned:,} old answers forgotten")
