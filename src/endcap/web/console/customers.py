"""Who the customers are: what they are worth, what kinds there are, who is about to leave, and the audiences made of them."""

from __future__ import annotations

from dataclasses import dataclass

from endcap.audience.model import Calibration, Crowd
from endcap.audience.report import CustomersReport, customers_report
from endcap.core.money import exponent
from endcap.web.console.charts import LineChart, Point, Series, line_chart
from endcap.web.console.frame import Address, Page, Visit
from endcap.web.console.words import NARROW, NOTHING, ago, count_of, day, money, number, percent, spoken, trimmed

TIERS = {"high": "The best fifth", "middle": "The next 30 %", "low": "The other half"}
_SCORES = 5


@dataclass(frozen=True, slots=True)
class CrowdRow:
    """Some customers together."""

    name: str
    title: str
    text: str
    label: str
    customers: str
    share: float
    share_text: str
    worth: str
    spent: str
    order_value: str
    churn: str
    soon: str
    quiet: str


@dataclass(frozen=True, slots=True)
class Square:
    """A cell of the grid of recency and frequency; ``depth`` from 0 to 9 is how dark it is."""

    text: str
    depth: int
    title: str


def customers(visit: Visit) -> Page:
    """The page."""
    found = customers_report(visit.shop.service.stores, visit.now_ms)
    return Page(
        "customers.html",
        {
            "section": "customers", "found": found, "fitted": fitted(found, visit.now_ms), "whole": _row(found, found.everybody),
            "tiers": [_row(found, one, TIERS.get(one.name, one.title), "value") for one in found.tiers],
            "segments": [_row(found, one, one.title, "segment") for one in found.segments], "grid": grid(found),
            "leaving": leaving(found), "calibration": calibration(found.calibration), "audiences": found.audiences,
            "horizon": span(found.horizon_days), "soon": span(found.soon_days),
        },
    )  # fmt: skip


def fitted(found: CustomersReport, now_ms: int) -> str:
    """Of when the figures are."""
    return f"{day(found.fitted_ms)} ({ago(now_ms - found.fitted_ms)})" if found.fitted_ms else ""


def span(days: int) -> str:
    """A number of days as a person says it.

    >>> span(365), span(90)
    ('year', '90 days')
    """
    return "year" if days == 365 else count_of(days, "day")


def _row(found: CustomersReport, one: Crowd | None, title: str = "", kind: str = "") -> CrowdRow | None:
    """A crowd in words; money a customer, in the major unit."""
    if one is None:
        return None
    unit, each = 10 ** exponent(found.currency or ""), max(one.customers, 1)
    share = one.customers / max(found.buyers if one.orders else found.customers, 1)

    def cash(minor: float) -> str:
        return money(minor / unit, found.currency)

    return CrowdRow(
        name=one.name, title=title or one.title or spoken(one.name), text=one.text, label=f"{kind}:{one.name}",
        customers=number(one.customers), share=share, share_text=percent(share), worth=cash(one.value_minor / each),
        spent=cash(one.revenue_minor / each), order_value=cash(one.order_value_minor) if one.orders else NOTHING,
        churn=percent(one.churn) if one.churn is not None else NOTHING,
        soon=percent(one.buys_soon) if one.buys_soon is not None else NOTHING,
        quiet=count_of(round(one.days_since_order), "day") if one.days_since_order is not None else NOTHING,
    )  # fmt: skip


def grid(found: CustomersReport) -> list[list[Square]]:
    """Customers by recency (rows, the newest first) and frequency (columns, the most frequent last)."""
    if not found.rfm:
        return []
    most = max((cell or 0 for row in found.rfm for cell in row), default=0) or 1
    return [
        [
            Square(
                "<5" if cell is None else number(cell), 0 if not cell else 1 + round(8 * (cell / most) ** 0.5),
                f"recency {recency} of 5, frequency {at + 1} of 5",
            )
            for at, cell in enumerate(found.rfm[recency - 1])
        ]
        for recency in range(_SCORES, 0, -1)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tenth:
    """How many customers have a chance within a tenth, where it ``begins``, and the height of their bar from 0 to 100."""

    begins: str
    name: str
    text: str
    height: float


def leaving(found: CustomersReport) -> list[Tenth]:
    """Customers by the chance that they do not come back."""
    most = max((one or 0 for one in found.churn), default=0) or 1
    return [
        Tenth(
            percent(at / 10, 0), f"{10 * at}–{10 * at + 10}{NARROW}%", "fewer than 5" if one is None else number(one),
            100 * (one or 0) / most,
        )
        for at, one in enumerate(found.churn)
    ]  # fmt: skip


def calibration(found: Calibration | None) -> LineChart | None:
    """What was foretold of customers, from the least likely tenth to the likeliest, beside what came true."""
    if found is None or len(found.bins) < 2:
        return None
    labels = [f"{at + 1}." for at in range(len(found.bins))]
    series = [
        Series("Came true", [Point(one.happened, text=percent(one.happened)) for one in found.bins]),
        Series("Foretold", [Point(one.foretold, text=percent(one.foretold)) for one in found.bins], "s1"),
    ]
    title = f"Who ordered within {span(found.days)}, by tenths of the customers"
    return line_chart("calibration", title, labels, series, lambda share: f"{trimmed(100 * share)}{NARROW}%", zero=True)


ADDRESSES = (Address("/console/customers", customers),)
