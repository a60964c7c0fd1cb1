"""The job behind ``endcap customers fit``: read the log, look at every customer, keep what was found."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.audience.calibration import look_back
from endcap.audience.clusters import LEAST_CUSTOMERS, find_clusters
from endcap.audience.crowds import Counted
from endcap.audience.engaging import learn_engagement
from endcap.audience.facts import Facts, mean_day, people_of, purchases_of, read_facts
from endcap.audience.fitting import fit_beta_geometric, fit_gamma_gamma
from endcap.audience.foresight import Foresight, foresee
from endcap.audience.groups import Clusters
from endcap.audience.kinds import WINDOW_SHOPPERS
from endcap.audience.model import TIERS, CustomerModel, FitOptions, decode_model
from endcap.audience.rfm import FIFTHS, scores
from endcap.core.money import exponent
from endcap.core.time import DAY_MS
from endcap.errors import NotEnoughData
from endcap.stores.ports import Customer, ShopStores

Names = NDArray[np.str_]
Ints = NDArray[np.int64]

_LOOKED = (pl.col("orders") == 0) & (pl.col("looks") > 0)
_TENTHS = 10


def fit_customers(stores: ShopStores, options: FitOptions | None = None, *, now_ms: int | None = None) -> CustomerModel:
    """Look at everybody whom the log knows before ``now_ms`` (without it: the end of the log) and keep what was found.

    Without ``options`` those of the fit before hold. The same log and options find the same; segments that an earlier fit found
    go on with their names. What cannot be told, since there are too few orders or no prices, is left out and said in the notes.
    Time O(events).
    """
    before = decode_model(stores.customers.summary())
    options = options or (before.options if before is not None else FitOptions())
    now_ms = stores.log.last_at_ms() + 1 if now_ms is None else now_ms
    facts = read_facts(stores, now_ms)
    people = people_of(facts)
    found = _look(facts, people, now_ms, options, before)
    stores.customers.replace(_kept(people, found), msgspec.json.encode(found.model))
    return found.model


class _Found(msgspec.Struct, frozen=True):
    """A fit: ``model`` for all, and one of each array a customer with an order."""

    model: CustomerModel
    value_minor: Ints
    tier: Names
    segment: Names
    rfm: tuple[Ints, Ints, Ints]


def _look(facts: Facts, people: pl.DataFrame, now_ms: int, options: FitOptions, before: CustomerModel | None) -> _Found:
    customers = people.filter(pl.col("orders") > 0)
    unit = float(10 ** exponent(facts.currency or ""))
    of, worth, notes = purchases_of(customers, now_ms), mean_day(customers, unit), []
    buying = spending = None
    foresight: Foresight | None = None
    try:
        buying = fit_beta_geometric(of, may_leave_at_once=options.buying == "mbg_nbd")
        spending = fit_gamma_gamma(of.frequency + 1, worth)
    except NotEnoughData as error:
        notes.append(error.sentence)
    if buying is not None:
        foresight = foresee(
            buying, spending, of, worth, soon_days=options.soon_days, horizon_days=options.horizon_days,
            discount_per_year=options.discount_per_year,
        )  # fmt: skip
    features = _features(customers, now_ms, unit)
    clusters = find_clusters(features, seed=options.seed, before=before.clusters if before is not None else None)
    if clusters is None:
        notes.append(f"{len(customers):,} customers with orders are too few for segments: {LEAST_CUSTOMERS} are needed")
    segment = _segments(clusters, features)
    tier, value = _tiers(foresight, len(customers)), foresight.value if foresight is not None else np.zeros(len(customers))
    rfm = (
        scores(customers["last_ms"].to_numpy()), scores(customers["order_days"].to_numpy()), scores(customers["minor"].to_numpy())
    )  # fmt: skip
    counted = Counted(customers, foresight, now_ms, facts.currency)
    model = CustomerModel(
        now_ms=now_ms, position=facts.position, options=options, currency=facts.currency, customers=len(people),
        buyers=len(customers), buying=buying, spending=spending, clusters=clusters,
        engagement=learn_engagement(facts.acts, now_ms), everybody=counted.everybody(),
        tiers=counted.tiers(tier), segments=counted.segments(segment, len(people.filter(_LOOKED))),
        churn=_tenths(foresight), rfm=_grid(rfm), calibration=look_back(facts.days, now_ms, options), notes=tuple(notes),
    )  # fmt: skip
    return _Found(model, np.round(value * unit).astype(np.int64), tier, segment, rfm)


def _features(customers: pl.DataFrame, now_ms: int, unit: float) -> NDArray[np.float64]:
    """What customers are compared by, float64 (n, :data:`endcap.audience.kinds.FEATURES`)."""
    of = {name: customers[name].to_numpy() for name in customers.columns if name != "user"}
    return np.column_stack([
        (now_ms - of["last_ms"]) / DAY_MS, of["order_days"], of["minor"] / of["orders"] / unit, of["deals"],
        (now_ms - of["first_ms"]) / DAY_MS, of["looks"] / of["orders"],
    ])  # fmt: skip


def _segments(clusters: Clusters | None, features: NDArray[np.float64]) -> Names:
    if clusters is None:
        return np.full(len(features), "")
    return np.array(clusters.names)[clusters.place(features)]


def _tiers(foresight: Foresight | None, n: int) -> Names:
    """The tier of each customer: by what they are expected to spend, or to order where nothing has a price."""
    if foresight is None:
        return np.full(n, "")
    worth = foresight.value if foresight.value.any() else foresight.buys_soon
    place = np.empty(n, np.int64)
    place[np.argsort(-worth, kind="stable")] = np.arange(n)
    ends = np.cumsum(list(TIERS.values())) * n
    return np.array(list(TIERS))[np.minimum(np.searchsorted(ends, place, side="right"), len(TIERS) - 1)]


def _tenths(foresight: Foresight | None) -> tuple[int, ...]:
    if foresight is None:
        return ()
    return tuple(np.histogram(foresight.churn, bins=_TENTHS, range=(0.0, 1.0))[0].tolist())


def _grid(rfm: tuple[Ints, Ints, Ints]) -> tuple[tuple[int, ...], ...]:
    recency, frequency, _ = rfm
    counts = np.zeros((FIFTHS, FIFTHS), np.int64)
    np.add.at(counts, (recency - 1, frequency - 1), 1)
    return tuple(map(tuple, counts.tolist()))


def _kept(people: pl.DataFrame, found: _Found) -> Iterator[Customer]:
    """What is kept of each person."""
    columns = ("user", "orders", "order_days", "first_ms", "last_ms", "minor", "looks")
    row = 0
    for user, orders, order_days, first_ms, last_ms, minor, looks in people.select(columns).iter_rows():
        if not orders:
            yield Customer(user, 0, 0, 0, 0, 0, 0, "", WINDOW_SHOPPERS.name if looks else "")
            continue
        yield Customer(
            user, orders, order_days, first_ms, last_ms, minor, int(found.value_minor[row]), str(found.tier[row]),
            str(found.segment[row]), *(int(one[row]) for one in found.rfm),
        )  # fmt: skip
        row += 1
