"""What an analysis says: figures that are numbers or absent with a reason, never a NaN."""

from __future__ import annotations

from typing import Literal

import msgspec

Outcome = Literal["wins", "loses", "no_difference", "keep_running", "guard_rail", "sample_ratio"]


class Interval(msgspec.Struct, frozen=True):
    """A range for a true value, at the level that the analysis names."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


class ArmResult(msgspec.Struct, frozen=True, kw_only=True):
    """One arm by itself: its units, how many of them converted (have any of the numerator), and its figure with an interval.

    ``value`` is in the metric's own unit, before anything is taken out by CUPED.
    """

    arm: str
    units: int
    conversions: int
    value: float | None
    interval: Interval | None
    reason: str | None = None


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One variant against the control.

    ``difference`` is variant less control in the metric's own unit, ``lift`` the same over the control's figure.
    ``interval`` and ``lift_interval`` (Fieller) hold for one look at the planned end; ``sequential`` and ``sequential_lift``
    at every look, however many there are. ``p`` belongs to the former (Welch), ``sequential_p`` to the latter, ``p_adjusted``
    counts what else was compared. ``chance_to_win`` is the chance that the variant is better, ``loss`` the relative loss to be
    expected where the variant is chosen, ``loss_control`` where the control is kept. ``explained`` is the share of the
    variance that CUPED took out. ``acceptable`` says of a guard-rail that a loss beyond its margin is ruled out (true) or
    shown (false). ``reason`` says why figures are absent.
    """

    arm: str
    difference: float | None = None
    interval: Interval | None = None
    lift: float | None = None
    lift_interval: Interval | None = None
    p: float | None = None
    p_adjusted: float | None = None
    sequential: Interval | None = None
    sequential_lift: Interval | None = None
    sequential_p: float | None = None
    chance_to_win: float | None = None
    loss: float | None = None
    loss_control: float | None = None
    explained: float | None = None
    acceptable: bool | None = None
    reason: str | None = None


class MetricResult(msgspec.Struct, frozen=True, kw_only=True):
    """One metric: every arm by itself, every variant against the control, and the cap in use where it is winsorised."""

    metric: str
    title: str
    arms: tuple[ArmResult, ...]
    effects: tuple[Effect, ...]
    cap: float | None = None


class SegmentResult(msgspec.Struct, frozen=True, kw_only=True):
    """The primary metric among the units of one segment; its ``p_adjusted`` counts all segments that were looked at."""

    segment: str
    result: MetricResult


class FactorEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What one level of a factor does (``levels`` names one), or what two do beyond the sum of each (it names two).

    ``estimate`` is in the metric's own unit: against the factor's first level, averaged over all levels of the other factors.
    """

    levels: tuple[str, ...]
    estimate: float | None
    interval: Interval | None
    p: float | None
    p_adjusted: float | None
    reason: str | None = None


class SampleRatio(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the arms have the numbers of units that the plan gives them."""

    counts: tuple[int, ...]
    expected: tuple[float, ...]
    p: float | None
    alarm: bool
    reason: str | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What to do, in words: ``sentence`` for a merchandiser, ``reason`` why it can be said, ``arm`` the variant it is about.

    ``until_ms`` is when to look again, where it says to keep running. ``outlook`` is the chance that a difference is found by
    then, should things go on as so far.
    """

    outcome: Outcome
    sentence: str
    reason: str
    arm: str | None = None
    until_ms: int | None = None
    outlook: float | None = None


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment, judged by its plan at one moment.

    ``greyed`` says that no figure may be believed, for the arms do not have the units they should have. ``level`` is that of
    the intervals of the primary metric (shared among the variants); the others are at ``1 - alpha``. ``due`` says that the
    planned end is reached with enough conversions, so that the intervals for one look decide, and not the sequential ones.
    """

    verdict: Verdict
    sample_ratio: SampleRatio
    greyed: bool
    level: float
    days: float
    due: bool
    conversions: tuple[int, ...]
    primary: MetricResult
    guard_rails: tuple[MetricResult, ...] = ()
    others: tuple[MetricResult, ...] = ()
    segments: tuple[SegmentResult, ...] = ()
    factors: tuple[FactorEffect, ...] = ()
