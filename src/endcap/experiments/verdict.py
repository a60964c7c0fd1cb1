"""What an experiment's figures mean for whoever has to decide, in words that need no statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from endcap.core.time import DAY_MS
from endcap.experiments.plan import AnalysisPlan, Metric
from endcap.experiments.planner import outlook
from endcap.experiments.result import Effect, Interval, MetricResult, SampleRatio, Verdict
from endcap.experiments.standing import Standing
from endcap.experiments.wording import between, chance, day, inside, moved

_FUTILE = 0.1
"""Below this chance of still finding a difference, and past half time, the verdict says that going on is hardly worth it."""
_AT_THE_END = "The planned end is reached with enough conversions, and zero is among what is possible."
_WITHOUT_AN_END = (
    "There are enough days and conversions, but no planned end, so that only the range that holds however often one looks "
    "may decide, and zero is in it. Going on may still find something; with a planned end, smaller differences are found."
)
_FARTHEST_DAYS = 3_650
"""No date is named that is farther away than ten years."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A variant, the intervals that decide, whether they have it better or worse, and what it harms, in words."""

    effect: Effect
    spans: tuple[Interval | None, Interval | None]
    better: bool
    worse: bool
    harms: str | None


def verdict(
    plan: AnalysisPlan,
    standing: Standing,
    ratio: SampleRatio,
    primary: MetricResult,
    guard_rails: Sequence[MetricResult] = (),
) -> Verdict:
    """What to do now. A broken split comes before all, a broken guard-rail before a win, and a win before waiting."""
    if ratio.alarm:
        return _broken(ratio, primary)
    judged = _judge(plan.primary, standing, primary, guard_rails)
    winners = [one for one in judged if one.better and one.harms is None]
    if winners:
        return _won(max(winners, key=lambda one: abs(one.effect.difference or 0.0)), plan, standing, primary, guard_rails)
    if judged and all(one.worse or one.harms for one in judged):
        harmed = next((one for one in judged if one.harms and not one.worse), None)
        return _harmful(harmed, standing) if harmed else _lost(judged, standing, primary)
    if not judged:
        return Verdict(outcome="keep_running", sentence="There is nothing to compare.", reason="The experiment has no variant.")
    return _nothing_found(judged, standing, primary) if standing.enough else _waiting(judged, plan, standing, primary)


def _judge(metric: Metric, standing: Standing, primary: MetricResult, guard_rails: Sequence[MetricResult]) -> list[_Judged]:
    found = []
    for at, effect in enumerate(primary.effects, 1):
        spans = standing.deciding(effect, at)
        above, below = (spans[0].low > 0.0, spans[0].high < 0.0) if spans[0] else (False, False)
        better, worse = (above, below) if metric.direction == "up" else (below, above)
        harmed = [
            moved(result.effects[at - 1], standing.deciding(result.effects[at - 1], at), result.title, result.arms[0].arm)
            for result in guard_rails
            if result.effects[at - 1].acceptable is False
        ]
        found.append(_Judged(effect, spans, better, worse, ", ".join(harmed) or None))
    return found


def _won(
    one: _Judged, plan: AnalysisPlan, standing: Standing, primary: MetricResult, guard_rails: Sequence[MetricResult]
) -> Verdict:
    unproven = [
        inside(result.title)
        for metric, result in zip(plan.guard_rails, guard_rails, strict=True)
        if metric.margin > 0.0 and any(each.arm == one.effect.arm and each.acceptable is None for each in result.effects)
    ]
    reason = standing.why
    if unproven:
        reason += f" Not ruled out yet is a loss beyond the margin of {', '.join(unproven)}."
    return Verdict(outcome="wins", sentence=_compared(one, "wins", primary), reason=reason, arm=one.effect.arm)


def _lost(judged: Sequence[_Judged], standing: Standing, primary: MetricResult) -> Verdict:
    one = judged[0]
    sentence = _compared(one, "loses", primary)
    if len(judged) > 1:
        sentence += f" The other variants are no better than “{primary.arms[0].arm}” either."
    return Verdict(outcome="loses", sentence=sentence, reason=standing.why, arm=one.effect.arm)


def _harmful(one: _Judged, standing: Standing) -> Verdict:
    return Verdict(
        outcome="guard_rail",
        sentence=f"Do not launch “{one.effect.arm}”: {one.harms}, a loss beyond what the guard-rail allows.",
        reason=standing.why,
        arm=one.effect.arm,
    )


def _compared(one: _Judged, does: str, primary: MetricResult) -> str:
    return f"“{one.effect.arm}” {does}: {moved(one.effect, one.spans, primary.title, primary.arms[0].arm)}."


def _broken(ratio: SampleRatio, primary: MetricResult) -> Verdict:
    total, due = sum(ratio.counts), sum(ratio.expected)
    seen = ", ".join(
        f"“{arm.arm}” has {100.0 * count / total:.1f} % of those who took part instead of {100.0 * expected / due:.1f} %"
        for arm, count, expected in zip(primary.arms, ratio.counts, ratio.expected, strict=True)
    )
    return Verdict(
        outcome="sample_ratio",
        sentence=f"Stop: the split is broken, so no figure can be believed. {seen}.",
        reason=f"A sound split looks like this with a chance of {chance(ratio.p)}. Look for what loses or adds some in one "
        "version: a redirect, an error, bots, exposure that is not counted in all of them. Then start again.",
    )


def _nothing_found(judged: Sequence[_Judged], standing: Standing, primary: MetricResult) -> Verdict:
    unknown = _unknown(judged)
    spans = "; ".join(
        f"what “{one.effect.arm}” does to {inside(primary.title)} lies {between(one.spans[1], one.spans[0])}" for one in judged
    )
    return Verdict(
        outcome="no_difference",
        sentence="No difference found" + ("." if unknown else f": {spans}."),
        reason=unknown or (_AT_THE_END if standing.due else _WITHOUT_AN_END),
    )


def _waiting(judged: Sequence[_Judged], plan: AnalysisPlan, standing: Standing, primary: MetricResult) -> Verdict:
    days, missing = _missing(plan, standing, primary)
    sentence, likely, until_ms = "Keep running.", None, None
    if days is not None:
        until_ms = plan.started_ms + int(days * DAY_MS)
        likely = max(outlook(one.effect.p, standing.days / days, plan.alpha) or 0.0 for one in judged)
        sentence = f"Keep running until {day(until_ms)}."
    worse = [f"“{one.effect.arm}”" for one in judged if one.worse]
    if worse:
        sentence += f" {', '.join(worse)} can be taken out already: worse than “{primary.arms[0].arm}”."
    if likely is not None and likely < _FUTILE and standing.days > standing.planned_days / 2:
        missing.append(f"One will hardly be found by then (chance {chance(likely)}); to stop for a better idea is fair.")
    reason = " ".join(["No difference is found yet.", *missing, _unknown(judged) or ""]).strip()
    return Verdict(outcome="keep_running", sentence=sentence, reason=reason, until_ms=until_ms, outlook=likely)


def _missing(plan: AnalysisPlan, standing: Standing, primary: MetricResult) -> tuple[int | None, list[str]]:
    """After how many whole days there will be enough, at the pace so far, and what is missing until then."""
    days, parts = math.ceil(standing.planned_days), []
    if standing.days < standing.planned_days:
        parts.append(f"This is day {int(standing.days) + 1} of {days}.")
    fewest = min(range(len(standing.conversions)), key=standing.conversions.__getitem__)
    so_far = standing.conversions[fewest]
    if so_far < plan.min_conversions:
        parts.append(f"“{primary.arms[fewest].arm}” has {so_far:,} of the {plan.min_conversions:,} conversions it needs.")
        counted = min(standing.days, standing.planned_days) if plan.ends_ms is not None else standing.days
        needed = counted * plan.min_conversions / so_far if so_far else 0.0
        if not 0.0 < needed <= _FARTHEST_DAYS:
            return None, parts
        days = max(days, math.ceil(needed))
    return days, parts


def _unknown(judged: Sequence[_Judged]) -> str | None:
    """Why a variant has no interval at all, the first that has none."""
    return next((one.effect.reason for one in judged if one.effect.interval is None), None)
