"""What a shop is told of its customers: tiers, segments, chances, audiences. Groups too small to hide in are not shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from endcap.audience.audiences import AUDIENCE_KIND, Audience, ItemOf, label_of, usable_audiences
from endcap.audience.engagement import EngagementModel
from endcap.audience.model import Calibration, Crowd, CustomerModel, decode_model
from endcap.audience.standing import standing
from endcap.core.ids import PersonKey, user_key
from endcap.core.money import exponent
from endcap.stores.ports import NO_HISTORY, Customer, History, ShopStores

LEAST_SHOWN = 5
"""A crowd or cell of fewer customers is not shown: a figure of few people is one about persons."""

MOST_COUNTED = 5_000
"""Audiences are counted among so many customers or a few more; of a larger shop's every second, third … one is looked at, and
stands for the others."""

_PAGE = 2_000

Histories = Callable[[Sequence[PersonKey]], Mapping[PersonKey, History]]
"""Recent histories by person; who has none is left out."""


class AudienceCount(msgspec.Struct, frozen=True, kw_only=True):
    """An audience and how many of the customers that the newest fit knows are in it now; missing below :data:`LEAST_SHOWN`, and
    ``estimated`` where not everybody was looked at."""

    name: str
    label: str
    title: str
    description: str
    customers: int | None
    estimated: bool


class CustomersReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a shop's customers. Money is in minor units of ``currency``.

    ``fitted_ms`` is the moment that the figures are of, nothing before the first fit. ``churn`` counts customers by their chance
    of no order within ``horizon_days``, in tenths from 0 to 1; ``rfm`` has a row for each recency score from 1 to 5 and in it the
    customers by frequency score. A cell of fewer than :data:`LEAST_SHOWN` customers is missing, a crowd left out and counted in
    ``hidden``.
    """

    now_ms: int
    fitted_ms: int | None
    currency: str | None
    customers: int
    buyers: int
    horizon_days: int
    soon_days: int
    everybody: Crowd | None
    tiers: tuple[Crowd, ...]
    segments: tuple[Crowd, ...]
    churn: tuple[int | None, ...]
    rfm: tuple[tuple[int | None, ...], ...]
    hidden: int
    calibration: Calibration | None
    engagement: EngagementModel | None
    audiences: tuple[AudienceCount, ...]
    notes: tuple[str, ...]


NOT_FITTED = "customers were not looked at yet: run `endcap customers fit`"


def customers_report(stores: ShopStores, now_ms: int) -> CustomersReport:
    """The figures of the newest fit, and the audiences as they are at ``now_ms``.

    What people did in the last half minute may be missing from the counts of audiences; answers know it.
    """
    model = decode_model(stores.customers.summary())
    audiences = audience_counts(stores, model, now_ms)
    if model is None:
        return CustomersReport(
            now_ms=now_ms, fitted_ms=None, currency=None, customers=0, buyers=0, horizon_days=0, soon_days=0, everybody=None,
            tiers=(), segments=(), churn=(), rfm=(), hidden=0, calibration=None, engagement=None, audiences=audiences,
            notes=(NOT_FITTED,),
        )  # fmt: skip
    tiers, segments = _shown(model.tiers), _shown(model.segments)
    enough = model.everybody.customers >= LEAST_SHOWN
    return CustomersReport(
        now_ms=now_ms, fitted_ms=model.now_ms, currency=model.currency, customers=model.customers, buyers=model.buyers,
        horizon_days=model.options.horizon_days, soon_days=model.options.soon_days,
        everybody=model.everybody if enough else None, tiers=tiers, segments=segments, churn=tuple(map(_cell, model.churn)),
        rfm=tuple(tuple(map(_cell, row)) for row in model.rfm),
        hidden=len(model.tiers) + len(model.segments) - len(tiers) - len(segments), calibration=model.calibration,
        engagement=model.engagement, audiences=audiences, notes=model.notes,
    )  # fmt: skip


def customer_sums(model: CustomerModel | None) -> dict[str, int]:
    """The sums behind the metrics ``clv`` and ``churn_rate``: expected value in minor units, customers, and those of them who are
    likelier than not to order nothing within the horizon. Nothing where that cannot be foreseen."""
    if model is None or model.buying is None:
        return {}
    worth = {"clv": model.everybody.value_minor} if model.spending is not None else {}
    return {**worth, "clv_customers": model.buyers, "customers_lost": sum(model.churn[len(model.churn) // 2 :])}


def audience_counts(stores: ShopStores, model: CustomerModel | None, now_ms: int) -> tuple[AudienceCount, ...]:
    """How many customers are in each audience of the shop. Time O(customers), and a history read for each that is looked at."""
    audiences, _ = usable_audiences(stores.documents.all(AUDIENCE_KIND))
    if not audiences:
        return ()
    products = {item.item_id: item for item in stores.catalog.all()}
    found = dict.fromkeys(audiences, 0)
    step = max(1, stores.customers.count() // MOST_COUNTED)
    there = counted = 0
    for page in _pages(stores):
        some = page[-there % step :: step]
        there, counted = there + len(page), counted + len(some)
        for members in memberships(audiences, some, stores.people.load, products.get, model, now_ms):
            for name in members:
                found[name] += 1
    scale = there / counted if counted else 0.0
    return tuple(
        AudienceCount(
            name=name, label=label_of(name), title=one.title, description=one.description,
            customers=round(found[name] * scale) if found[name] >= LEAST_SHOWN or not found[name] else None,
            estimated=step > 1,
        )
        for name, one in audiences.items()
    )  # fmt: skip


def memberships(
    audiences: Mapping[str, Audience], customers: Sequence[Customer], histories: Histories, item_of: ItemOf,
    model: CustomerModel | None, now_ms: int,
) -> Iterator[list[str]]:  # fmt: skip
    """The audiences that each customer is in now, in order."""
    unit = 10.0 ** exponent((model.currency if model is not None else None) or "")
    pasts = histories([user_key(one.user_id) for one in customers])
    for one in customers:
        who = standing(one, pasts.get(user_key(one.user_id), NO_HISTORY), model, now_ms)
        yield [name for name, audience in audiences.items() if audience.matches(who, item_of, unit)]


def _pages(stores: ShopStores) -> Iterator[list[Customer]]:
    after = ""
    while some := stores.customers.read(after=after, limit=_PAGE):
        yield some
        after = some[-1].user_id


def _shown(crowds: Sequence[Crowd]) -> tuple[Crowd, ...]:
    return tuple(one for one in crowds if one.customers >= LEAST_SHOWN)


def _cell(customers: int) -> int | None:
    return customers if customers >= LEAST_SHOWN or not customers else None
