"""``endcap costs``: what recommendations and media cost the shop, from which ROI, ROAS and costs per order come."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from endcap.cli._documents import shop_stores
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.core.money import written
from endcap.core.time import iso
from endcap.errors import BadInput, UnknownName
from endcap.measurement.costs import KIND, Cost, costs_of, put_cost

app = typer.Typer(no_args_is_help=True, help="List the costs that a shop told, tell one, or take one back.")

_Name = Annotated[str, typer.Argument(help="What the cost is called, in lower-case letters, digits and underscores.")]


@app.command("list")
def list_(shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """List the costs with their periods."""
    with shop_stores(home, shop) as stores:
        costs = costs_of(stores.documents)
    if json:
        typer.echo(msgspec.json.encode({"costs": costs}).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "kind", "amount", "from", "until"):
        table.add_column(heading, justify="right" if heading == "amount" else "left")
    for cost in costs:
        table.add_row(cost.name, cost.kind, written(cost.amount, cost.currency), *(iso(at) for at in cost.period))
    Console().print(table)


@app.command()
def put(
    name: _Name,
    kind: Annotated[str, typer.Option(help="implementation (fees, machines, work) or media (what brought people to the shop).")],
    amount: Annotated[str, typer.Option(help="How much, in the major unit, as in 1250.00.")],
    currency: Annotated[str, typer.Option(help="An ISO 4217 code, such as EUR.")],
    since: Annotated[str, typer.Option(help="From when it was spent: a date or an ISO 8601 time.")],
    until: Annotated[str, typer.Option(help="Until before when.")],
    shop: ShopOption,
    note: Annotated[str, typer.Option(help="Whatever you want to remember about it.")] = "",
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Tell a cost, spent evenly over its period, or another one in the place of one of the same name."""
    told = {"name": name, "kind": kind, "currency": currency, "note": note}
    cost = _cost({**told, "amount": _amount(amount), "since": _time(since), "until": _time(until)})
    with shop_stores(home, shop) as stores:
        put_cost(stores.documents, cost)
    typer.echo(msgspec.json.encode({"cost": name}).decode() if json else f"cost {name}: {written(cost.amount, currency)}")


@app.command()
def remove(name: _Name, shop: ShopOption, json: JsonOption = False, home: HomeOption = DEFAULT_HOME) -> None:
    """Take a cost back."""
    with shop_stores(home, shop) as stores:
        if not stores.documents.delete(KIND, name):
            raise UnknownName(f"the shop has no cost {name!r}", field="name", value=name, remedy="endcap costs list names them")
    typer.echo(msgspec.json.encode({"removed": name}).decode() if json else f"cost {name}: it is gone")


def _cost(told: dict[str, object]) -> Cost:
    try:
        return msgspec.convert(told, Cost)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), remedy="see endcap costs put --help") from error


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise BadInput(f"amount is {text!r}", field="amount", value=text, remedy="give a decimal such as 1250.00") from error


def _time(text: str) -> str:
    """A date as the time at which it begins."""
    return f"{text}T00:00:00Z" if len(text) == len("2026-01-31") else text
