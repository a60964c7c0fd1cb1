"""The rows of a period by some dimensions: sums, and what the figures of each row are computed from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from endcap.core.money import exponent
from endcap.errors import BadInput
from endcap.measurement.components import COMPONENTS, NUMBER
from endcap.measurement.costs import spent
from endcap.measurement.coverage import items_shown
from endcap.measurement.evaluation import HELD_OUT, RECOMMENDED, Evidence, figure, said
from endcap.measurement.gathering import Gathered, Key, Parts, gather
from endcap.measurement.period import Period
from endcap.measurement.questions import PLACES, Dimension, ReportRow
from endcap.stores.measures import Cell

MOST_ROWS = 20_000
"""How many rows a report may have."""

_REACH: dict[str, frozenset[Dimension]] = {
    "shop": frozenset({"arm", "device", "segment"}),
    "answer": frozenset({"arm", "device", "segment", "placement"}),
    "shelf": frozenset({"arm", "device", "segment", "placement", "shelf"}),
    "item": frozenset({"arm", "device", "segment", "placement", "shelf", "source"}),
}


class View:
    """The rows of a period by some dimensions."""

    def __init__(self, period: Period, by: tuple[Dimension, ...]) -> None:
        self.period, self.by = period, by
        self.where = period.query.where
        self.apart = frozenset((*by, *self.where))
        self._all = self._gather(by, self.where)
        self._tasks = {task: self._gather(by, self.where, task) for task in {one.task for one in period.metrics} if task}
        shop = {dimension: value for dimension, value in self.where.items() if dimension not in PLACES}
        self._shop_by = tuple(dimension for dimension in by if dimension not in PLACES)
        some_of_shop = any(metric.of_shop for metric in period.metrics) and not self.apart.isdisjoint(PLACES)
        self._shop = self._gather(self._shop_by, shop) if some_of_shop else None
        self._groups = self._people(*by, "group")
        self._arms = self._people("arm", "group") if not self.apart else None
        self._beyond = {name: self.apart - _REACH[COMPONENTS[NUMBER[name]].scope] for name in period.names}
        self._unit = 10 ** exponent(period.facts.currency or "EUR")

    def rows(self) -> tuple[ReportRow, ...]:
        """One row for each key and step. Raises BadInput where there are too many."""
        keys = sorted(self._all.rows) if self.by else [()]
        if len(keys) * len(self.period.steps) > MOST_ROWS:
            raise BadInput(
                f"the report has {len(keys) * len(self.period.steps):,} rows, above {MOST_ROWS:,}", field="by",
                value=", ".join(self.by), remedy="ask for fewer dimensions, larger steps or less time",
            )  # fmt: skip
        return tuple(self.row(key, step) for key in keys for step in range(len(self.period.steps)))

    def row(self, key: Key, step: int | None) -> ReportRow:
        """The row of a key in a step; without one, in the whole period."""
        ticks = self.period.ticks_of(step)
        parts = self._all.parts(key, ticks)
        shared = self._evidence(parts, key, step)
        tasks = {task: self._evidence(one.parts(key, ticks), key, step) for task, one in self._tasks.items()}
        figures = {}
        for metric in self.period.metrics:
            evidence = tasks[metric.task] if metric.task else shared
            if metric.of_shop and self._shop is not None:
                evidence = self._evidence(self._with_shop(self._shop, parts, key, ticks), key, step, of_shop=True)
            figures[metric.name] = figure(metric, evidence, self._unit)
        return ReportRow(
            key=dict(zip(self.by, key, strict=True)), sums=dict(shared.sums), figures=figures,
            at_ms=self.period.begins[step] if step is not None and self.period.query.step else None,
        )  # fmt: skip

    def _gather(self, by: tuple[Dimension, ...], where: Mapping[Dimension, str], task: str | None = None) -> Gathered:
        upgrades = self.period.facts.upgrade_shelves
        apart = (*by, *where, *(("placement", "shelf") if task is not None else ()))

        def keep(cell: Cell) -> bool:
            if task is not None and ((cell.placement, cell.shelf) in upgrades) != (task == "upsell"):
                return False
            return all(getattr(cell, dimension) == value for dimension, value in where.items())

        return gather(self.period.cells(frozenset(apart)), self.period.names, self.period.ticks, by, keep)

    def _people(self, *by: str) -> Gathered | None:
        """Sums by random groups of people, which are kept for the whole shop and each arm, by the day."""
        period = self.period
        if (
            not self.apart <= {"arm"}
            or period.query.step == "hour"
            or not any(one.interval in ("people", "holdout") for one in period.metrics)
        ):
            return None
        arm = self.where.get("arm")
        return gather([period.groups], period.names, period.steps, by, lambda cell: arm is None or cell.arm == arm)

    def _evidence(self, parts: Parts, key: Key, step: int | None, *, of_shop: bool = False) -> Evidence:
        sums: dict[str, int] = {}
        unknown: dict[str, str] = {}
        for name, value in zip(parts.columns, parts.values.sum(axis=0).tolist(), strict=True):
            beyond = self._beyond[name]
            if beyond and not (of_shop and beyond <= set(PLACES)):
                unknown[name] = f"{said(name)} cannot be told apart by {' and '.join(sorted(beyond))}"
            else:
                sums[name] = value
        self._add_facts(sums, unknown, step)
        return Evidence(sums, parts if len(parts) > 1 else None, self._of_people(key, step), self._of_arms(step), unknown)

    def _with_shop(self, shop: Gathered, parts: Parts, key: Key, ticks: slice) -> Parts:
        """The sums of a row with those of the whole shop where they are not told apart by place."""
        shop_key = tuple(value for dimension, value in zip(self.by, key, strict=True) if dimension not in PLACES)
        whole = shop.parts(shop_key, ticks).values
        of_shop = [COMPONENTS[NUMBER[name]].scope == "shop" for name in parts.columns]
        return Parts(parts.columns, np.where(of_shop, whole, parts.values))

    def _of_people(self, key: Key, step: int | None) -> Parts | None:
        """The sums of a row in each random group of people."""
        if self._groups is None:
            return None
        return _by_group(self._groups, key, slice(None) if step is None else slice(step, step + 1))

    def _of_arms(self, step: int | None) -> dict[str, Parts]:
        """The sums of both arms of the holdout in each random group of people."""
        if self._arms is None:
            return {}
        steps = slice(None) if step is None else slice(step, step + 1)
        return {arm: _by_group(self._arms, (arm,), steps) for arm in (RECOMMENDED, HELD_OUT)}

    def _add_facts(self, sums: dict[str, int], unknown: dict[str, str], step: int | None) -> None:
        """Add what is known of the whole shop alone and no sum of cells, or why it is not known here."""
        period, facts = self.period, self.period.facts
        since, until = (period.since, period.until) if step is None else (period.steps[step], period.end(step))
        unknown["arms"] = "" if self._arms is not None else _NO_ARMS
        if self.apart:
            unknown |= dict.fromkeys(_FACTS, "is known of the whole shop only")
            return
        sums |= spent(facts.costs, since, until, facts.currency)
        if step is None:
            sums |= facts.extra
        else:
            unknown |= dict.fromkeys(_EXTRA, "is known as of now only: see the total")
        shown = items_shown(period.measures, since, until) if period.covers else None
        if shown is not None and facts.offered:
            sums |= {"items_shown": min(shown, facts.offered), "items_offered": facts.offered}
        else:
            unknown["items_shown"] = "is counted by the week" if facts.offered else "the shop offers no products"


_EXTRA = ("clv", "clv_customers", "customers_lost")
_FACTS = (*_EXTRA, "cost_implementation", "cost_media", "items_shown", "items_offered")
_NO_ARMS = "compares all who see recommendations with all who are held out, over days or longer"


def _by_group(gathered: Gathered, key: Key, steps: slice) -> Parts:
    """The rows of all groups of a key, added up over steps."""
    rows = [row for found, row in gathered.rows.items() if found[:-1] == key]
    return Parts(gathered.columns, gathered.sums[rows, steps].sum(axis=1))
