"""``endcap settings``: a shop's time zone, currency and goal."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from endcap.cli._documents import shop_stores
from endcap.cli._options import DEFAULT_HOME, HomeOption, JsonOption, ShopOption
from endcap.errors import BadInput
from endcap.measurement.settings import Settings, put_settings, settings_of


def run(
    shop: ShopOption,
    time_zone: Annotated[str | None, typer.Option(help="The zone of days and weeks in reports, such as Europe/Berlin.")] = None,
    currency: Annotated[str | None, typer.Option(help="The currency of all figures, an ISO 4217 code.")] = None,
    goal: Annotated[str | None, typer.Option(help="What the shop wants most: order_value, cross_sell or lifetime_value.")] = None,
    click_days: Annotated[float | None, typer.Option(help="How many days a click counts until a purchase: 7 by default.")] = None,
    view_through: Annotated[bool | None, typer.Option(help="Whether sightings without a click count too, apart.")] = None,
    view_hours: Annotated[float | None, typer.Option(help="How many hours it counts then.")] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Show what a shop says of itself for its figures, or change what is named."""
    told = {
        "time_zone": time_zone, "currency": currency, "goal": goal, "click_days": click_days, "view_through": view_through,
        "view_hours": view_hours,
    }  # fmt: skip
    changed = {name: value for name, value in told.items() if value is not None}
    with shop_stores(home, shop) as stores:
        settings = settings_of(stores.documents)
        if changed:
            settings = _changed(settings, changed)
            put_settings(stores.documents, settings)
    fields = {name: getattr(settings, name) for name in Settings.__struct_fields__}
    if json:
        typer.echo(msgspec.json.encode(fields).decode())
        return
    for name, value in fields.items():
        typer.echo(f"{name}: {value if value is not None else 'what most products are priced in'}")


def _changed(settings: Settings, changed: dict[str, Any]) -> Settings:
    try:
        return msgspec.convert({**msgspec.to_builtins(settings), **changed}, Settings)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), remedy="see endcap settings --help") from error
