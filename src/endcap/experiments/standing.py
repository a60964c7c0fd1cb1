"""How far an experiment is, and which of its intervals may decide now."""

from __future__ import annotations

from dataclasses import dataclass

from endcap.core.time import DAY_MS
from endcap.experiments.plan import AnalysisPlan
from endcap.experiments.result import Effect, Interval

_LEAST_UNITS, _LEAST_CONVERSIONS = 100, 50
"""What the interval for every look needs before it may decide, for its guarantee is one for many units: so many units in
either arm, and so many conversions in both together, so that an arm in which nobody converts any more is stopped."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an experiment is: what its arms have so far, and what may decide.

    ``enough`` says that it ran as long as it should, with the conversions it should have; ``due`` that it also has a planned
    end, so that this is the one look that its intervals for one look are made for. Without a planned end a look is one of
    many, however late it is, and only the interval for every look may decide.
    """

    counts: list[int]
    conversions: list[int]
    days: float
    planned_days: float
    enough: bool
    due: bool

    @classmethod
    def of(cls, plan: AnalysisPlan, now_ms: int, counts: list[int], conversions: list[int]) -> Standing:
        """At ``now_ms``, with so many units and conversions in each arm."""
        days = max(now_ms - plan.started_ms, 0) / DAY_MS
        planned = float(plan.min_days) if plan.ends_ms is None else (plan.ends_ms - plan.started_ms) / DAY_MS
        planned = max(planned, float(plan.min_days))
        enough = days >= planned and min(conversions, default=0) >= plan.min_conversions
        return cls(counts, conversions, days, planned, enough, enough and plan.ends_ms is not None)

    def deciding(self, effect: Effect, at: int) -> tuple[Interval | None, Interval | None]:
        """The intervals of difference and lift that may decide on variant ``at`` (from 1) now; none where it is too early."""
        if self.due:
            return effect.interval, effect.lift_interval
        seen = min(self.counts[0], self.counts[at]) >= _LEAST_UNITS
        if seen and self.conversions[0] + self.conversions[at] >= _LEAST_CONVERSIONS:
            return effect.sequential, effect.sequential_lift
        return None, None

    @property
    def why(self) -> str:
        """What makes a decision safe now."""
        if self.due:
            fewest = min(self.conversions)
            return f"The planned end is reached with at least {fewest:,} conversions a version, and the range leaves out zero."
        return "Decided by the range that holds however often one looks: deciding now is safe."
