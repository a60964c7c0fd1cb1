"""What sums are made by: the shop's currency, and how long after a click or a sighting a purchase is credited to it."""

from __future__ import annotations

from collections import Counter

import msgspec

from endcap.core.time import DAY_MS, HOUR_MS
from endcap.measurement.settings import settings_of
from endcap.stores.ports import ShopStores


class Rules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How purchases are credited. A change holds for all that is measured anew: ``endcap measure --rebuild``.

    ``click_days`` is how long a click counts, both ends included. ``view_hours`` is how long a sighting counts, and 0 that it
    does not: view-through is off. ``ended`` is when each run of an experiment had ended, as far as the sums of its units know.
    """

    currency: str
    click_days: float = 7.0
    view_hours: float = 0.0
    ended: dict[str, int] = {}

    @property
    def click_ms(self) -> int:
        """How long a click counts."""
        return round(self.click_days * DAY_MS)

    @property
    def view_ms(self) -> int:
        """How long a sighting counts, 0 where it does not."""
        return round(self.view_hours * HOUR_MS)


_decoder = msgspec.json.Decoder(Rules)


def encode_rules(rules: Rules) -> bytes:
    """The rules as JSON."""
    return msgspec.json.encode(rules)


def decode_rules(body: bytes) -> Rules:
    """The rules that were encoded."""
    return _decoder.decode(body)


def rules_of(stores: ShopStores) -> Rules:
    """The rules of a shop: what it says, and where it does not name its currency, what most products are priced in.

    Where no product has a price either it is what the first event with a currency says, and the euro where none does.
    """
    settings = settings_of(stores.documents)
    currency = settings.currency or _of_products(stores) or _of_events(stores) or "EUR"
    view_hours = settings.view_hours if settings.view_through else 0.0
    return Rules(currency=currency, click_days=settings.click_days, view_hours=view_hours)


def currency_of(stores: ShopStores) -> str:
    """The currency that all amounts of a shop are in: the one that was settled when money was first measured."""
    measured = stores.measures.progress().rules
    return (decode_rules(measured).currency if measured else "") or rules_of(stores).currency


def _of_products(stores: ShopStores) -> str | None:
    priced = Counter(item.currency for item in stores.catalog.all() if item.currency is not None)
    # Of two that are as common, the first by alphabet: the same catalogue gives the same currency.
    return min(priced, key=lambda currency: (-priced[currency], currency)) if priced else None


def _of_events(stores: ShopStores, chunk: int = 5_000) -> str | None:
    after = 0
    while events := stores.log.read(after=after, limit=chunk):
        for one in events:
            if one.event.currency is not None and one.event.type == "purchase":
                return one.event.currency
        after = events[-1].seq
    return None
