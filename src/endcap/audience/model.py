"""What a fit finds out about the customers of a shop as a whole: it is kept beside them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.audience.beta_geometric import BetaGeometric
from endcap.audience.engagement import EngagementModel
from endcap.audience.gamma_gamma import GammaGamma
from endcap.audience.groups import Clusters
from endcap.core.part import Part

Floats = NDArray[np.float64]

TIERS = {"high": 0.2, "middle": 0.3, "low": 0.5}
"""The value tiers, best first, and the share of customers in each: by what they are expected to spend."""


class FitOptions(Part, frozen=True, kw_only=True):
    """How customers are looked at.

    ``buying`` is the model of when they buy: with ``mbg_nbd`` somebody who bought once may be gone, with ``bg_nbd`` they never
    are. Lifetime value counts ``horizon_days`` ahead, discounted by ``discount_per_year``, and who does not order in them is
    lost; ``soon_days`` is what "soon" means.
    """

    buying: Literal["mbg_nbd", "bg_nbd"] = "mbg_nbd"
    horizon_days: Annotated[int, Meta(ge=30, le=3_650)] = 365
    soon_days: Annotated[int, Meta(ge=7, le=365)] = 90
    discount_per_year: Annotated[float, Meta(ge=0, le=1)] = 0.1
    seed: Annotated[int, Meta(ge=0)] = 0


class Crowd(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the customers together, money in minor units and net of what was given back.

    ``churn``, ``gone`` and ``buys_soon`` are the mean chances of no order within the horizon, of none ever, and of one soon;
    missing where nothing can be foreseen. ``days_since_order`` is the median.
    """

    name: str
    title: str
    customers: int
    orders: int
    revenue_minor: int
    value_minor: int
    churn: float | None
    gone: float | None
    buys_soon: float | None
    days_since_order: float | None
    order_value_minor: float
    text: str = ""


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Some customers by the chance foretold for them: how many there are, the mean chance and the share that came true."""

    customers: int
    foretold: float
    happened: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """A look back: the model as it would have been ``days`` before the end, and what those days brought.

    ``bins`` compare the chance of an order, in tenths of the customers by that chance. ``orders_foretold`` and ``orders`` count
    days with an order. ``brier`` is the mean squared error of the chances and ``brier_base`` that of one chance for everybody;
    ``error`` and ``error_base`` are the mean absolute error of the number of orders of a customer, and that of the mean for all.
    """

    days: int
    customers: int
    orders_foretold: float
    orders: int
    buyers_foretold: float
    buyers: int
    brier: float
    brier_base: float
    error: float
    error_base: float
    bins: tuple[Bin, ...]


class CustomerModel(msgspec.Struct, frozen=True, kw_only=True):
    """The models and figures of one fit, of what the log said before ``now_ms``.

    ``churn`` counts customers by their chance of no order within the horizon, in tenths from 0 to 1; ``rfm`` has a row for each
    recency score from 1 to 5, and in it the customers by frequency score. ``notes`` say in words what could not be told, and why.
    """

    now_ms: int
    position: int
    options: FitOptions
    currency: str | None
    customers: int
    buyers: int
    buying: BetaGeometric | None
    spending: GammaGamma | None
    clusters: Clusters | None
    engagement: EngagementModel | None
    everybody: Crowd
    tiers: tuple[Crowd, ...]
    segments: tuple[Crowd, ...]
    churn: tuple[int, ...]
    rfm: tuple[tuple[int, ...], ...]
    calibration: Calibration | None
    notes: tuple[str, ...]


_decoder = msgspec.json.Decoder(CustomerModel)


def decode_model(summary: bytes | None) -> CustomerModel | None:
    """The model that was kept beside the customers; nothing before the first fit, or where another version of Endcap wrote it."""
    if summary is None:
        return None
    try:
        return _decoder.decode(summary)
    except msgspec.MsgspecError:
        return None
