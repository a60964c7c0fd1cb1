"""``endcap import``: bring a shop's own files in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.connectors import ImportOptions, Plan, Summary, import_files
from endcap.connectors.base import Dates, Kind
from endcap.errors import BadOption
from endcap.stores import sqlite
from endcap.stores.ports import Home, ShopStores
from endcap.stores.shops import check_shop

_MEANINGS = {
    "lines": "rows of the files that hold something, always accepted + rejected + merged",
    "accepted": "rows that became a line of an order, an event or a product",
    "rejected": "rows that were refused; the rejects file says which and why",
    "merged": "rows joined to another: the same product at the same price in one order, their quantities added; "
    "the same product, or the same event, again in one file",
    "events": "events that are new in the shop's log",
    "duplicates": "events that the log had already; they count once",
    "quarantined": "events whose id the log holds with another content; kept aside, not counted",
    "orders": "distinct orders with a sale",
    "refunds": "distinct orders, or cancellations, with goods taken back",
    "customers": "distinct customers",
    "guests": "orders without a customer",
    "products": "distinct products in the accepted rows",
    "items": "products added to the catalogue, or changed in it",
    "first_at": "time of the earliest event in the files, UTC",
    "last_at": "time of the latest event in the files, UTC",
    "seconds": "how long it took",
}


def run(
    files: Annotated[list[Path], typer.Argument(help="CSV, JSON lines or Parquet files, gzipped or not.", metavar="FILE...")],
    shop: ShopOption,
    kind: Annotated[Kind | None, typer.Option("--kind", help="What the files hold. Default: told by their columns.")] = None,
    layout: Annotated[
        str | None, typer.Option("--layout", help="The layout, for instance shopify_orders. Default: told by the columns.")
    ] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Take this column for that field; may be repeated.")
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option("--currency", help="Currency of amounts whose row names none. Default: GBP for Online Retail, else EUR."),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="Time zone of times without an offset, such as Europe/Berlin. Default: UTC.")
    ] = None,
    dates: Annotated[
        Dates, typer.Option("--dates", help="How 3/4/2026 is meant. Default: told by the column, month first where it cannot be.")
    ] = "auto",
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", help="Where rejected rows are listed. Default: HOME/shops/SHOP/imports/FILE.rejects.csv."),
    ] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Import orders, products or events from a shop's own files.

    Says which column it took for what. The same file twice adds nothing, and an import that was cut off goes on where it was.
    """
    options = ImportOptions(
        kind=kind, layout=layout, columns=_columns(columns or []), currency=currency, timezone=timezone, dates=dates
    )
    check_shop(shop)
    opened: list[Home] = []

    def open_stores() -> ShopStores:
        opened.append(sqlite.open_home(home))
        return opened[0].open(shop, create=True)

    console = Console(stderr=True)
    try:
        with _Bars(console) as bars:
            summary = import_files(
                files, open_stores, folder=home / "shops" / shop / "imports", options=options, rejects_path=rejects,
                advance=bars.advance,
            )  # fmt: skip
    finally:
        for one in opened:
            one.close()
    if json:
        typer.echo(msgspec.json.encode(summary).decode())
    else:
        _show(summary)


# The words of the summary are explained where they are printed and in --help alike, from one list.
run.__doc__ = f"{run.__doc__}\n\nThe summary counts:\n\n\b\n" + "\n".join(f"{name}: {text}" for name, text in _MEANINGS.items())


def _columns(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not (name and equals and column):
            raise BadOption(f"--map is {pair!r}", field="map", value=pair, remedy="write it as FIELD=COLUMN")
        found[name.strip()] = column.strip()
    return found


class _Bars(Progress):
    """A bar for each file, on a terminal only."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        super().__init__(*columns, console=console, disable=not console.is_terminal)
        self._bars: dict[str, TaskID] = {}

    def advance(self, plan: Plan, share: float) -> None:  # type: ignore[override]
        """Show how much of a file is done."""
        name = str(plan.source.path)
        if name not in self._bars:
            self._bars[name] = self.add_task(f"{plan.source.name} ({plan.layout})", total=1.0)
        self.update(self._bars[name], completed=share)


def _show(summary: Summary) -> None:
    console = Console(highlight=False)
    for file in summary.files:
        console.print(f"[bold]{file.file}[/]: {file.kind} in the layout {file.layout}, {file.format}")
        if file.mapping:
            taken = ", ".join(f"{name} ← {column}" for name, column in file.mapping.items())
            console.print(f"  columns: {taken}", markup=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_column(style="dim")
    for name, meaning in _MEANINGS.items():
        value = getattr(summary, name)
        table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value or "-"), meaning)
    console.print(table)
    for reason, count in summary.rejects.items():
        console.print(f"  rejected: {count:,} × {reason}", markup=False)
    if summary.rejects_file:
        console.print(f"rejected rows: {summary.rejects_file}", markup=False, soft_wrap=True)
    for note in summary.notes:
        console.print(f"note: {note}", markup=False)
