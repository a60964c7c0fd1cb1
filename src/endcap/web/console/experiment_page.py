"""One experiment: what it is about, how far it is, what can be said of it, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from endcap.core.changes import ALL, change_of, touched
from endcap.core.experiment import Experiment
from endcap.errors import EndcapError
from endcap.experiments.learning import FAILED
from endcap.experiments.result import ArmResult, Effect, Interval, MetricResult
from endcap.measurement.trials import Trial, trial
from endcap.serving.doubts import warnings
from endcap.serving.shop_experiments import all_experiments
from endcap.serving.taking_over import as_won
from endcap.web.console import charts
from endcap.web.console.charts import EffectChart, LineChart, Point, Series, effect_chart, line_chart
from endcap.web.console.drafting import SHARES
from endcap.web.console.experiments import OUTCOMES, PATH, STATUS, tone_of, with_titles
from endcap.web.console.frame import Address, Page, Visit
from endcap.web.console.other_kinds import divided, factor_rows, preferred
from endcap.web.console.told import interval_of, titles_of, unit_writer, where_of
from endcap.web.console.words import NOTHING, count_of, day, likelihood, minute, number, percent, trimmed


@dataclass(frozen=True, slots=True)
class ArmRow:
    """An arm in the table of results."""

    title: str
    units: str
    value: str
    interval: str
    lift: str
    lift_interval: str
    better: str
    tone: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A metric with its arms, and a chart of the effects where there is one to draw."""

    title: str
    meaning: str
    rows: list[ArmRow]
    chart: EffectChart | None
    guard: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """How much there is of what was planned."""

    name: str
    text: str
    share: float


def experiment(visit: Visit) -> Page:
    """The page, or, live, how it stands. Raises UnknownName."""
    stores = visit.shop.service.stores
    found = trial(stores, visit.names["name"], visit.now_ms)
    one = found.experiment
    titles = titles_of(one)
    return Page(
        "experiment.html",
        {
            "section": "experiments", "one": one, "title": one.title or one.name, "found": found, "titles": titles,
            "status": STATUS[one.status], "where": where_of(one),
            "changed": changed(one), "verdict": worded_verdict(found, titles), "tone": tone_of(found), "bars": bars(found),
            "results": results(found, titles), "segments": segments(found, titles), "split": split(found, titles),
            "chart": exposure_chart(found, titles), "doubts": doubts(visit, one), "outcomes": OUTCOMES,
            "path": f"{PATH}/{one.name}", "when": when(one), "wider": wider(one), "before": before(visit, one),
            "failed": one.decided is not None and one.decided.outcome in FAILED, "shown": shown(visit, one),
            "divided": divided(found, titles), "preferred": preferred(found, titles), "factors": factor_rows(found),
        },
    )  # fmt: skip


def when(one: Experiment) -> str:
    """From when to when it ran, in words."""
    if one.started_ms is None:
        return "not started yet"
    if one.stopped_ms is None:
        return f"since {minute(one.started_ms)}"
    return f"{day(one.started_ms)} to {day(one.stopped_ms)}"


def changed(one: Experiment) -> list[tuple[str, str]]:
    """Each arm and what it does otherwise."""
    told, titles = [], titles_of(one)
    for arm in one.every_arm:
        names = sorted({what for where in (one.placements or tuple(arm.changes)) for what in touched(change_of(arm, where))})
        words = list(dict.fromkeys(map(_in_words, names)))
        told.append((titles[arm.name], f"changes {' and '.join(words)}" if words else "the shop as it is"))
    return told


def _in_words(what: str) -> str:
    """What a change touches, of a placement, a shelf or the layout."""
    if what.startswith("layout."):
        return "when it appears" if what in ("layout.delay_ms", "layout.when") else "the layout"
    if what == ALL:
        return "all that is recommended there"
    field = what.rsplit(".", 1)[-1]
    return _FIELDS.get(field, f"the shelf {field.replace('_', ' ')}" if what.count(".") == 1 else field.replace("_", " "))


_FIELDS = {
    "max_count": "how many products are shown", "min_count": "how many products are shown", "title": "the heading",
    "personal": "the heading", "sources": "the model that chooses", "diversity": "the variety",
    "exploration": "how much is tried", "rules": "the rules",
}  # fmt: skip


def doubts(visit: Visit, one: Experiment) -> list[str]:
    """What speaks against it, as long as it can still be changed."""
    return warnings(one, all_experiments(visit.shop.service.stores.documents)) if one.status == "draft" else []


def wider(one: Experiment) -> list[int]:
    """To how many shoppers, in per cent, an experiment that runs may still be shown: its share only grows."""
    return sorted(share for share in SHARES if share / 100 > one.share) if one.status == "running" else []


def before(visit: Visit, one: Experiment) -> Experiment | None:
    """The experiment that this one tries again."""
    known = {each.name: each for each in all_experiments(visit.shop.service.stores.documents)}
    return known.get(one.repeats or "")


def shown(visit: Visit, one: Experiment) -> str:
    """Whether the shop is as the winner has it now, in words; empty where there is no winner."""
    if one.decided is None or one.decided.winner is None:
        return ""
    try:
        missing = as_won(visit.shop.service.stores.documents, one, one.decided.winner)
    except EndcapError:
        return "What it changes stands in the shop's own pages: your developer sets it there."
    return "The shop does not show it to everybody now." if missing else "The shop shows it to everybody now."


def worded_verdict(found: Trial, titles: dict[str, str]) -> tuple[str, str] | None:
    """The verdict and why it can be said, the arms by their titles."""
    if found.analysis is None:
        return None
    verdict = found.analysis.verdict
    if verdict.outcome == "keep_running" and found.experiment.status != "running":
        return "It ended before anything could be told.", with_titles(verdict.reason, titles)
    return with_titles(verdict.sentence, titles), with_titles(verdict.reason, titles)


def bars(found: Trial) -> list[Bar]:
    """How far it is: days, and conversions of the arm that has the fewest."""
    days = Bar(
        "Whole days",
        f"{number(int(found.days))} of {number(found.days_wanted)}",
        min(1.0, found.days / max(found.days_wanted, 1)),
    )
    if not found.conversions or not found.conversions_wanted:
        return [days]
    least = min(found.conversions)
    text = f"{number(least)} of {number(found.conversions_wanted)}"
    return [days, Bar("Conversions, in the version with the fewest", text, min(1.0, least / found.conversions_wanted))]


def split(found: Trial, titles: dict[str, str]) -> tuple[str, bool]:
    """Whether every arm has the shoppers it should have, in words, and whether that is an alarm."""
    units = " · ".join(f"{titles[arm]}: {number(count)}" for arm, count in zip(found.arms, found.units, strict=True))
    ratio = found.analysis.sample_ratio if found.analysis else None
    if found.preference is not None and found.preference.sessions:
        return f"{count_of(found.preference.sessions, 'shopper')} saw products of both.", False
    if ratio is None or not sum(found.units):
        return "Nobody has met it yet.", False
    if found.experiment.kind == "bandit":
        return f"Shoppers so far: {units}.", False
    if ratio.alarm:
        return f"The versions do not have the shoppers they should have ({units}). Something loses or adds some.", True
    return f"Shoppers are split as planned ({units}).", False


def results(found: Trial, titles: dict[str, str]) -> list[Judged]:
    """Every metric, the one that decides first."""
    analysis = found.analysis
    if analysis is None:
        return []
    guards = {one.metric for one in analysis.guard_rails}
    return [
        _judged(found, one, titles, guard=one.metric in guards)
        for one in (analysis.primary, *analysis.guard_rails, *analysis.others)
    ]


def segments(found: Trial, titles: dict[str, str]) -> list[tuple[str, Judged]]:
    """The metric that decides, by segment."""
    return [(one.segment, _judged(found, one.result, titles)) for one in (found.analysis.segments if found.analysis else ())]


def _judged(found: Trial, result: MetricResult, titles: dict[str, str], *, guard: bool = False) -> Judged:
    write = unit_writer(found.metrics.get(result.metric, "number"), found.currency)
    effects: Sequence[Effect | None] = (None, *result.effects)
    rows = [_arm_row(found, arm, effect, titles, write) for arm, effect in zip(result.arms, effects, strict=True)]
    drawn = [
        charts.Effect(
            titles[effect.arm], effect.lift, span.low, span.high, row.lift + " " + row.lift_interval, row.tone or "open"
        )
        for effect, row in zip(result.effects, rows[1:], strict=True)
        if (span := _span(found, effect)) is not None and effect.lift is not None
    ]
    chart = effect_chart(f"effect-{result.metric}", "", drawn, lambda value: f"{trimmed(100 * value)} %") if drawn else None
    return Judged(result.title or result.metric, "", rows, chart, guard)


def _arm_row(
    found: Trial, arm: ArmResult, effect: Effect | None, titles: dict[str, str], write: Callable[[float], str]
) -> ArmRow:
    value = write(arm.value) if arm.value is not None else NOTHING
    interval = interval_of(arm.interval.low, arm.interval.high, write) if arm.interval else arm.reason or ""
    if effect is None:
        return ArmRow(titles[arm.arm], number(arm.units), value, interval, "", "", "", "")
    span = _span(found, effect)
    tone = "" if span is None else _tone(found, effect, span)
    lift = _signed(effect.lift) if effect.lift is not None else NOTHING
    around = interval_of(span.low, span.high, _signed) if span else effect.reason or ""
    better = likelihood(effect.chance_to_win) if effect.chance_to_win is not None else NOTHING
    return ArmRow(titles[arm.arm], number(arm.units), value, interval, lift, around, better, tone)


def _span(found: Trial, effect: Effect) -> Interval | None:
    """The interval that may be read now: at the planned end that of one look, before it the one that holds at every look."""
    due = found.analysis is not None and found.analysis.due
    return effect.lift_interval if due else effect.sequential_lift


def _tone(found: Trial, effect: Effect, span: Interval) -> str:
    if found.analysis is not None and found.analysis.greyed:
        return "open"
    if 0.0 in span:
        return "open"
    won = effect.chance_to_win is not None and effect.chance_to_win > 0.5
    return "good" if won else "bad"


def _signed(share: float) -> str:
    return ("+" if share > 0 else "") + percent(share)


def exposure_chart(found: Trial, titles: dict[str, str]) -> LineChart | None:
    """Who met it for the first time, by day and arm; nothing before the second day."""
    if len(found.exposures) < 2:
        return None
    labels = [day(one.at_ms, year=False) for one in found.exposures]
    series = [
        Series(titles[arm], [Point(float(one.units[at]), text=number(one.units[at])) for one in found.exposures], f"s{at % 6}")
        for at, arm in enumerate(found.arms)
    ]
    return line_chart("exposures", "Shoppers who met it for the first time", labels, series, trimmed, zero=True)


ADDRESSES = (Address(f"{PATH}/{{name}}", experiment),)
