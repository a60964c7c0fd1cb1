"""What a shop says of its watch: the limits, whom to tell, and which reports to send."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from endcap.errors import BadInput
from endcap.stores.ports import Documents

KIND, NAME = "watch", "watch"

Share = Annotated[float, Meta(gt=0, lt=1)]
Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]
Address = Annotated[str, Meta(pattern=r"^[^@\s,;<>\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,255}$")]
Every = Literal["day", "week", "month"]


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What opens an alarm. Shares close theirs below half, ``shift`` below two fifths.

    ``quiet_times``: so many usual gaps between two events of a type without one, counted by the hour of the week; and at least
    ``quiet_minutes``. ``shift``: population stability index of the last 7 days against the 28 before; 0.25 is the usual mark.
    ``fall``: how much of themselves coverage, click-through and top-3 share may lose. ``promise``: how far below what a bundle
    promised its lists may stay. ``rejected``, ``quarantined``,
    ``unknown_items``, ``unpriced``, ``ahead``: shares of a day's events (order lines); ``slow`` (over 200 ms), ``failed``,
    ``empty``, ``degraded``: shares of an hour's answers. ``bundle_days``: age of the bundle. ``disk_free``: share of the disk.
    ``unmeasured``: events and answers that are not in the figures yet.
    """

    quiet_times: Annotated[float, Meta(ge=10, le=1_000)] = 20.0
    quiet_minutes: Annotated[int, Meta(ge=1, le=10_080)] = 15
    shift: Annotated[float, Meta(ge=0.1, le=10)] = 0.25
    fall: Share = 0.3
    promise: Share = 0.5
    rejected: Share = 0.05
    quarantined: Share = 0.01
    unknown_items: Share = 0.1
    unpriced: Share = 0.2
    ahead: Share = 0.01
    slow: Share = 0.05
    failed: Share = 0.01
    empty: Share = 0.2
    degraded: Share = 0.2
    bundle_days: Annotated[float, Meta(gt=0, le=3_650)] = 14.0
    disk_free: Share = 0.1
    unmeasured: Annotated[int, Meta(ge=100)] = 10_000


class Webhook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An address that alarms are posted to as JSON, signed with ``secret``. A message to a name that is kept needs no ``url`` and
    no ``secret``: those that are kept stay."""

    name: Name
    url: Annotated[str, Meta(max_length=2_048)] | None = None
    secret: Annotated[str, Meta(min_length=16, max_length=256)] | None = None


class Email(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whom alarms and reports are mailed to, through which server. A ``password`` that is left out stays as it is kept, while
    ``host``, ``port``, ``security`` and ``username`` do."""

    host: Annotated[str, Meta(min_length=1, max_length=255)]
    sender: Address
    to: Annotated[tuple[Address, ...], Meta(min_length=1, max_length=20)]
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Annotated[str, Meta(max_length=256)] = ""
    password: Annotated[str, Meta(max_length=1_024)] | None = None


class Scheduled(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A report of the last full day, week or month of the shop's calendar, mailed from ``hour`` o'clock of the day after it."""

    name: Name
    every: Every = "week"
    hour: Annotated[int, Meta(ge=0, le=23)] = 7
    attach: tuple[Literal["csv", "pdf"], ...] = ("csv", "pdf")


class WatchSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Everything that a shop says of its watch. ``ignore`` are checks that open no alarm, such as ``disk``, or one subject of a
    check, such as ``quiet:rating``."""

    limits: Limits = Limits()
    ignore: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    webhooks: Annotated[tuple[Webhook, ...], Meta(max_length=10)] = ()
    email: Email | None = None
    reports: Annotated[tuple[Scheduled, ...], Meta(max_length=10)] = ()

    def __post_init__(self) -> None:
        for field, names in (("webhooks", [one.name for one in self.webhooks]), ("reports", [one.name for one in self.reports])):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise BadInput(f"two {field} are named {twice!r}", field=field, value=twice, remedy="give each its own name")


_decoder = msgspec.json.Decoder(WatchSettings)


def watch_settings(documents: Documents) -> WatchSettings:
    """What the shop said, or the defaults where it said nothing that can be read."""
    body = documents.all(KIND).get(NAME)
    try:
        return _decoder.decode(body) if body else WatchSettings()
    except (msgspec.MsgspecError, BadInput):
        return WatchSettings()
