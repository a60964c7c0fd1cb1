"""One customer, as whoever serves them may see it."""

from __future__ import annotations

import math

import msgspec

from endcap.audience.audiences import AUDIENCE_KIND, ItemOf, label_of, usable_audiences
from endcap.audience.model import decode_model
from endcap.audience.standing import standing
from endcap.core.money import exponent
from endcap.core.time import DAY_MS
from endcap.stores.ports import Customer, History, ShopStores


class CustomerView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a customer stands now. Money is in the major unit of ``currency``, times are in milliseconds; what is not known is left
    out.

    ``value`` is what they are expected to spend within ``horizon_days``, ``churn`` the chance that they order nothing in them,
    ``gone`` that they never do; ``buys_soon`` is the chance of an order within ``soon_days``, and ``next_order`` when there is as
    likely as not to have been one. ``rfm`` has the scores for recency, frequency and money, 1 to 5.
    """

    user_id: str
    known: bool
    orders: int
    spent: float
    currency: str | None = None
    first_order: int | None = None
    last_order: int | None = None
    segment: str = ""
    tier: str = ""
    rfm: tuple[int, int, int] | None = None
    value: float | None = None
    horizon_days: int | None = None
    churn: float | None = None
    gone: float | None = None
    soon_days: int | None = None
    buys_soon: float | None = None
    next_order: int | None = None
    engagement: float | None = None
    activity: float = 1.0
    labels: tuple[str, ...] = ()


def customer_view(
    stores: ShopStores, user_id: str, kept: Customer | None, past: History, item_of: ItemOf, now_ms: int
) -> CustomerView:
    """A customer whom the newest fit knows as ``kept``, if it does, and who did what is in ``past``."""
    model = decode_model(stores.customers.summary())
    audiences, _ = usable_audiences(stores.documents.all(AUDIENCE_KIND))
    unit = 10.0 ** exponent((model.currency if model is not None else None) or "")
    who = standing(kept, past, model, now_ms)
    foreseen = model is not None and model.buying is not None and who.orders > 0
    labels = [label_of(name) for name, one in audiences.items() if one.matches(who, item_of, unit)]
    labels += [f"segment:{who.segment}"] if who.segment else []
    labels += [f"value:{who.tier}"] if who.tier else []
    return CustomerView(
        user_id=user_id, known=kept is not None, orders=who.orders, spent=who.spent_minor / unit,
        currency=model.currency if model is not None else None, first_order=who.first_ms or None, last_order=who.last_ms or None,
        segment=who.segment, tier=who.tier,
        rfm=(kept.recency, kept.frequency, kept.monetary) if kept is not None and kept.orders else None,
        value=who.value_minor / unit if who.tier else None,
        horizon_days=model.options.horizon_days if model is not None and foreseen else None, churn=who.churn, gone=who.gone,
        soon_days=model.options.soon_days if model is not None and foreseen else None, buys_soon=who.buys_soon,
        next_order=_then(who.next_days, now_ms), engagement=who.engagement, activity=who.activity, labels=tuple(sorted(labels)),
    )  # fmt: skip


def _then(days: float | None, now_ms: int) -> int | None:
    """So many days from now, in milliseconds; nothing for never, or for a time that no clock shows."""
    if days is None or not math.isfinite(days) or days > 36_500:
        return None
    return now_ms + round(days * DAY_MS)
