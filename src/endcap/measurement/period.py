"""One period of a report: what is read for it, how it is cut into steps, and the figures of each row."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from endcap.core.time import DAY_MS, HOUR_MS
from endcap.measurement.calendar import full_hours, starts, zone_of
from endcap.measurement.catalogue import Metric
from endcap.measurement.components import NUMBER
from endcap.measurement.facts import Facts
from endcap.measurement.formulas import components
from endcap.measurement.gathering import Reading, level_of
from endcap.measurement.questions import ReportQuery
from endcap.stores.measures import Cells, Level, Measures

FEW_DAYS = 7
"""Up to how many days are parted into hours, rather than days, to see how much a figure varies."""


class Period:
    """What happened from ``since_ms`` until before ``until_ms`` of a query, both widened to full hours, cut into steps.

    A step is one or more ticks: days, or hours of a short period. Ticks are what intervals are made from.
    """

    def __init__(self, measures: Measures, query: ReportQuery, facts: Facts, metrics: tuple[Metric, ...]) -> None:
        self.query, self.facts, self.metrics, self.measures = query, facts, metrics, measures
        zone = zone_of(facts.zone)
        self.since, self.until = full_hours(query.since_ms, query.until_ms, zone)
        self.begins = starts(query.since_ms, self.until, query.step, zone) if query.step else [self.since]
        self.steps = [max(self.since, begin) for begin in self.begins]
        short = query.step == "hour" or self.until - self.since <= FEW_DAYS * DAY_MS
        if short:
            self.ticks = list(range(self.since, self.until, HOUR_MS))
        else:
            # Where no step asks for the shop's own days, those of the store are as good, and there are fewer of them to read.
            days = starts(query.since_ms, self.until, "day", zone if query.step else zone_of("UTC"))
            self.ticks = [max(self.since, day) for day in days]
        wanted = {component for metric in metrics for component in components(metric.formula)}
        self.names = tuple(sorted(wanted & NUMBER.keys(), key=NUMBER.__getitem__))
        self._short, self._read = short, dict[Level, list[Cells]]()
        self.covers = "items_shown" in wanted

    @cached_property
    def groups(self) -> Cells:
        """The sums by random groups of people, by the day."""
        return Reading(self.measures, self.names).cells("group", self.since, self.until)

    def end(self, step: int) -> int:
        """When a step ends."""
        return self.steps[step + 1] if step + 1 < len(self.steps) else self.until

    def ticks_of(self, step: int | None) -> slice:
        """Which ticks a step has; without one all of them."""
        if step is None:
            return slice(0, len(self.ticks))
        first, last = np.searchsorted(self.ticks, [self.steps[step], self.end(step)])
        return slice(int(first), int(last))

    def cells(self, apart: frozenset[str]) -> list[Cells]:
        """What was counted, told apart by these dimensions at least; read when it is first asked for."""
        level = level_of(apart)
        if level not in self._read:
            self._read[level] = self._cells(Reading(self.measures, self.names, level))
        return self._read[level]

    def _cells(self, reading: Reading) -> list[Cells]:
        days = [tick for tick in (*self.ticks, self.until) if tick % DAY_MS == 0]
        if self._short or len(days) + 2 < len(self.ticks):  # or the shop's days are not those of the store
            return [reading.cells("hour", self.since, self.until)]
        return reading.days(self.since, self.until, days)
