"""What an experiment is to be judged by, settled before it starts."""

from __future__ import annotations

from typing import Literal

import msgspec

from endcap.errors import BadInput

Kind = Literal["mean", "proportion", "ratio", "quantile"]
Direction = Literal["up", "down"]
Correction = Literal["holm", "benjamini_hochberg"]


class Metric(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One figure of every arm, from the components of its units.

    ``mean``: the average of ``numerator`` over all units (revenue per visitor). ``proportion``: the share of units with any of
    it (visitors who order). ``ratio``: the sum of ``numerator`` over the sum of ``denominator`` (clicks per impression), by the
    delta method. ``quantile``: the value below which the share ``quantile`` of the units lies; with a ``denominator``, of those
    units that have any of it (the median revenue of buyers).

    ``direction`` says which way is better. ``winsorise`` caps a mean at that quantile of the values above zero, taken over the
    units of all arms together and applied to all of them: 0.99 is usual for revenue, nothing is capped without it. ``cuped``
    takes out what the 28 days before exposure explain. ``margin`` is for a guard-rail: the relative loss that is still
    acceptable, 0.02 for two percent.
    """

    name: str
    numerator: str
    kind: Kind = "mean"
    denominator: str = ""
    title: str = ""
    direction: Direction = "up"
    winsorise: float | None = None
    quantile: float = 0.5
    cuped: bool = True
    margin: float = 0.0

    def __post_init__(self) -> None:
        if self.kind == "ratio" and not self.denominator:
            _refuse("denominator", self.denominator, f"name what {self.name} is divided by")
        if self.winsorise is not None and not 0.0 < self.winsorise <= 1.0:
            _refuse("winsorise", self.winsorise, "give a share above 0 and up to 1, such as 0.99")
        if not 0.0 < self.quantile < 1.0:
            _refuse("quantile", self.quantile, "give a share between 0 and 1, such as 0.5 for the median")
        if not 0.0 <= self.margin < 1.0:
            _refuse("margin", self.margin, "give a share from 0 and below 1, such as 0.02 for two percent")


class Prior(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What relative lifts are expected before any data: normal around ``mean`` with ``deviation``; flat without one.

    With 0.1, two out of three changes are expected to move a metric by less than ten percent.
    """

    mean: float = 0.0
    deviation: float | None = None

    def __post_init__(self) -> None:
        if self.deviation is not None and not self.deviation > 0.0:
            _refuse("deviation", self.deviation, "give a number above 0, or leave it out for a flat prior")


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a multivariate experiment varies: its level in each arm, in the order of the arms.

    >>> Factor(name="layout", levels=("grid", "grid", "row", "row")).levels[2]
    'row'
    """

    name: str
    levels: tuple[str, ...]


class AnalysisPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an experiment is judged by: one primary metric that decides, guard-rails that may not suffer, others to learn from.

    ``shares`` is the planned split, in the order of the arms; even where it is empty. ``started_ms`` and ``ends_ms`` are the
    start and the planned end, at which counting stops and one look is taken; an experiment without one is looked at whenever,
    so only the interval that is valid at every look decides it. No verdict is given before ``min_days`` and
    ``min_conversions`` an arm (units with any of the component ``conversions``, which is the primary metric's numerator unless
    named), unless the interval that is valid at every look has decided. ``alpha`` is the chance of a false alarm; ``tuning``
    the number of units at which the sequential interval is tightest. ``correction`` is for the other metrics and the segments;
    ``segments`` names those to be looked at.
    """

    primary: Metric
    started_ms: int
    guard_rails: tuple[Metric, ...] = ()
    others: tuple[Metric, ...] = ()
    shares: tuple[float, ...] = ()
    ends_ms: int | None = None
    alpha: float = 0.05
    min_days: int = 14
    min_conversions: int = 500
    conversions: str = ""
    tuning: int = 5_000
    prior: Prior = Prior()
    correction: Correction = "holm"
    segments: tuple[str, ...] = ()
    factors: tuple[Factor, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < 0.5:
            _refuse("alpha", self.alpha, "give a chance between 0 and 0.5, such as 0.05")
        if any(not 0.0 <= share < float("inf") for share in self.shares):
            _refuse("shares", self.shares, "give no share below 0")
        if self.tuning < 1:
            _refuse("tuning", self.tuning, "give the number of units at which the sequential interval is to be tightest")


def _refuse(field: str, value: object, remedy: str) -> None:
    raise BadInput(f"{field} is {value!r}", field=field, value=value, remedy=remedy)
