"""``endcap customers``: what a shop's customers are worth, who they are, and how they stand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap.app import end_of_data
from endcap.audience.model import Crowd, FitOptions, decode_model
from endcap.audience.person import customer_view
from endcap.audience.report import CustomersReport, customers_report
from endcap.cli._customers import look_at_customers
from endcap.cli._documents import pretty, shop_stores
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.ids import user_key
from endcap.core.money import to_major, written
from endcap.core.time import iso, to_ms
from endcap.errors import UnknownName
from endcap.stores.ports import NO_HISTORY

app = typer.Typer(
    no_args_is_help=True, help="Look at a shop's customers: what they will be worth, their segments, their chances."
)

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
_AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=_FORMATS, help="See nothing that happened at this time or later, UTC. Default: see all."),
]


@app.command()
def fit(
    shop: ShopOption,
    model: Annotated[
        Literal["mbg_nbd", "bg_nbd"] | None,
        typer.Option(help="When customers buy. By mbg_nbd who bought once may be gone, by bg_nbd never. Default: mbg_nbd."),
    ] = None,
    horizon_days: Annotated[int | None, typer.Option(help="How far ahead lifetime value and churn look. Default: 365.")] = None,
    soon_days: Annotated[int | None, typer.Option(help="What an order soon means. Default: 90.")] = None,
    discount: Annotated[float | None, typer.Option(help="By how much money loses worth in a year. Default: 0.1.")] = None,
    as_of: _AsOf = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Look at every customer in the log and keep what was found; a running server answers by it within a second.

    What is not named stays as it was in the fit before.
    """
    named = {"buying": model, "horizon_days": horizon_days, "soon_days": soon_days, "discount_per_year": discount}
    with shop_stores(home, shop) as stores:
        before = decode_model(stores.customers.summary())
        options = {**(before.options if before is not None else FitOptions()).options(), **_told(named)}
        now_ms = to_ms(as_of) if as_of else None
        found = look_at_customers(stores, home, options=FitOptions(**options), now_ms=now_ms)
        report = customers_report(stores, found.now_ms)
    if json:
        typer.echo(msgspec.json.encode({"model": found, "report": report}).decode())
    else:
        _show(report)


@app.command("list")
def list_(shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """List the value tiers, segments and audiences with their figures."""
    with shop_stores(home, shop) as stores:
        report = customers_report(stores, end_of_data(stores).now_ms())
    if json:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        _show(report)


@app.command()
def show(
    user_id: Annotated[str, typer.Argument(help="A user id of the shop.")],
    shop: ShopOption,
    as_of: _AsOf = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Print how a customer stands, as JSON: at the end of the data, unless another time is named."""
    with shop_stores(home, shop) as stores:
        kept = stores.customers.load((user_id,)).get(user_id)
        past = stores.people.load((user_key(user_id),)).get(user_key(user_id), NO_HISTORY)
        if kept is None and past is NO_HISTORY:
            raise UnknownName(
                f"nobody is known as {user_id!r}", field="user_id", value=user_id, remedy="check it, or run endcap customers fit"
            )
        now_ms = to_ms(as_of) if as_of else end_of_data(stores).now_ms()
        typer.echo(pretty(customer_view(stores, user_id, kept, past, stores.catalog.get, now_ms)))


def _told(named: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in named.items() if value is not None}


def _show(report: CustomersReport) -> None:
    console = Console()
    if report.fitted_ms is not None:
        console.print(f"{report.customers:,} people, {report.buyers:,} of them with an order, as of {iso(report.fitted_ms)[:10]}")
        table = Table(box=None, pad_edge=False)
        for heading in (
            "",
            "customers",
            "revenue",
            f"expected in {report.horizon_days} days",
            "churn",
            f"order in {report.soon_days} days",
        ):
            table.add_column(heading, justify="right" if heading else "left")
        for one in (*((report.everybody,) if report.everybody else ()), *report.tiers, *report.segments):
            table.add_row(*_row(one, report.currency))
        console.print(table)
        back = report.calibration
        if back is not None:
            console.print(
                f"Looking back {back.days} days: {back.orders_foretold:,.0f} order days foretold, {back.orders:,} came; "
                f"{back.buyers_foretold:,.0f} buyers foretold, {back.buyers:,} came."
            )
    for one in report.audiences:
        count = "fewer than 5" if one.customers is None else f"{'about ' if one.estimated else ''}{one.customers:,}"
        console.print(f"audience {one.name} ({one.title}): {count} customers")
    for note in report.notes:
        console.print(note)


def _row(one: Crowd, currency: str | None) -> tuple[str, ...]:
    def money(minor: int) -> str:
        return written(to_major(minor, currency), currency) if currency else ""

    def share(chance: float | None) -> str:
        return "" if chance is None else f"{chance:.0%}"

    return (
        one.title,
        f"{one.customers:,}",
        money(one.revenue_minor),
        money(one.value_minor),
        share(one.churn),
        share(one.buys_soon),
    )
