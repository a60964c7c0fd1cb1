"""What a shop says of itself for its figures: its clock, its currency and its goal."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from endcap.core.events import Currency
from endcap.errors import BadInput
from endcap.measurement.calendar import zone_of
from endcap.stores.ports import Documents

KIND, NAME = "settings", "measurement"

ShopGoal = Literal["order_value", "cross_sell", "lifetime_value"]


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """``time_zone`` is that of days and weeks in reports, an IANA name. ``currency`` is that of all figures; without it, what
    most products are priced in. ``goal`` is what the shop wants most: the metrics that tell it stand first.

    A click counts for ``click_days`` until a purchase; with ``view_through`` a sighting does for ``view_hours``. A change of
    these or of the currency takes effect with ``endcap measure --rebuild``.

    Raises BadInput for a time zone that this machine does not know.
    """

    time_zone: str = "UTC"
    currency: Currency | None = None
    goal: ShopGoal = "cross_sell"
    click_days: Annotated[float, Meta(gt=0, le=30)] = 7.0
    view_through: bool = False
    view_hours: Annotated[float, Meta(gt=0, le=168)] = 24.0

    def __post_init__(self) -> None:
        zone_of(self.time_zone)


_decoder = msgspec.json.Decoder(Settings)


def settings_of(documents: Documents) -> Settings:
    """What the shop said, or the defaults where it said nothing that can be read."""
    body = documents.all(KIND).get(NAME)
    try:
        return _decoder.decode(body) if body else Settings()
    except (msgspec.MsgspecError, BadInput):
        return Settings()


def put_settings(documents: Documents, settings: Settings) -> None:
    """Keep what the shop says."""
    documents.put(KIND, NAME, msgspec.json.encode(settings))
