"""What the overview is asked by its address: which period, cut by what, of which part of the shop, which line is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from endcap.measurement.calendar import zone_of
from endcap.measurement.catalogue import METRICS
from endcap.measurement.questions import Dimension, Report, ReportQuery
from endcap.measurement.settings import settings_of
from endcap.web.console.frame import Visit
from endcap.web.console.periods import Period, period_of
from endcap.web.console.told import place
from endcap.web.console.words import spoken
from endcap.web.site import RunningShop

CUTS: Mapping[str, tuple[tuple[Dimension, ...], str]] = {
    "placement": (("placement",), "Placement"), "shelf": (("placement", "shelf"), "Shelf"), "source": (("source",), "Source"),
    "segment": (("segment",), "Segment"), "device": (("device",), "Device"),
}  # fmt: skip
"""What a table can be cut by: the dimensions, and the heading."""

FILTERS: tuple[Dimension, ...] = ("placement", "shelf", "source", "segment", "device")
_SHOWN_METRIC = "ctr"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an overview is about. ``metric`` is that of the line."""

    shop: RunningShop
    zone: ZoneInfo
    period: Period
    cut: str
    where: Mapping[Dimension, str]
    metric: str

    @property
    def placement(self) -> str:
        """The placement that the page is narrowed to; empty for the whole shop."""
        return self.where.get("placement", "")

    def report(self, metrics: tuple[str, ...] = (), *, by: tuple[Dimension, ...] = (), steps: bool = False) -> Report:
        """The report of the period, beside that of the other period where one is compared with."""
        query = ReportQuery(
            since_ms=self.period.since_ms, until_ms=self.period.until_ms, by=by, where=self.where, metrics=metrics,
            step=self.period.step if steps else None, compare=self.period.compare,
        )  # fmt: skip
        return self.shop.service.report(query)

    def within(self, period: Period, metrics: tuple[str, ...]) -> Report:
        """The report of the same part of the shop in another period."""
        query = ReportQuery(since_ms=period.since_ms, until_ms=period.until_ms, where=self.where, metrics=metrics)
        return self.shop.service.report(query)


def asked_of(visit: Visit) -> Asked:
    """What the address of a visit asks; whatever is not known there is as usual."""
    zone = zone_of(settings_of(visit.shop.service.stores.documents).time_zone)
    metric = visit.query.get("metric", "")
    cut = visit.query.get("cut", "")
    where: dict[Dimension, str] = {name: visit.query[name][:128] for name in FILTERS if visit.query.get(name)}
    return Asked(
        shop=visit.shop, zone=zone, period=period_of(visit.query, visit.now_ms, zone),
        cut=cut if cut in CUTS else "placement", where=where, metric=metric if metric in METRICS else _SHOWN_METRIC,
    )  # fmt: skip


def value_name(dimension: str, value: str) -> str:
    """A value of a dimension as a person calls it."""
    if dimension == "placement":
        return place(value)
    return spoken(value) if value else {"source": "Put there by rules", "segment": "Everybody else"}.get(dimension, "Not told")
