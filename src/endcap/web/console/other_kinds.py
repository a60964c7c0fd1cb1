"""What is shown of experiments that are more than a comparison: bandits, mixed rankings, several changes at once."""

from __future__ import annotations

from dataclasses import dataclass

from endcap.core.time import DAY_MS
from endcap.experiments.result import FactorEffect
from endcap.measurement.trials import Trial
from endcap.web.console.charts import LineChart, Point, Series, line_chart
from endcap.web.console.told import interval_of, level_title, unit_writer
from endcap.web.console.words import NOTHING, count_of, day, minute, number, percent, trimmed

_MOST_POINTS = 60
"""How many of a bandit's divisions are drawn; of more of them some, evenly."""


@dataclass(frozen=True, slots=True)
class Divided:
    """How a bandit divides shoppers now: each version with its share, whether it is the largest, and how that came about."""

    sentence: str
    rows: list[tuple[str, float, bool]]
    chart: LineChart | None


def divided(found: Trial, titles: dict[str, str]) -> Divided | None:
    """How a bandit that has started divides its shoppers; nothing for other experiments."""
    if found.experiment.kind != "bandit" or found.experiment.started_ms is None:
        return None
    weights = found.allotments[-1].weights if found.allotments else tuple(1.0 for _ in found.arms)
    shares = [weight / sum(weights) for weight in weights]
    most = max(range(len(shares)), key=shares.__getitem__)
    ahead = shares[most] > 1.5 / len(shares)
    if not found.allotments:
        sentence = "All versions get the same for now: it is divided anew as soon as something is known of them."
    elif ahead:
        best = titles[found.arms[most]].strip("“”")
        sentence = f"“{best}” does best so far: it is shown to {percent(shares[most])} of the shoppers."
    else:
        sentence = "No version is far ahead yet: all are still shown."
    rows = [(titles[arm], share, ahead and at == most) for at, (arm, share) in enumerate(zip(found.arms, shares, strict=True))]
    return Divided(sentence, rows, _divisions(found, titles))


def _divisions(found: Trial, titles: dict[str, str]) -> LineChart | None:
    """The shares over time; nothing before there were two divisions."""
    every = -(-len(found.allotments) // _MOST_POINTS) or 1
    shown = found.allotments[::-1][::every][::-1]  # the newest is always among them
    if len(shown) < 2:
        return None
    one_day = shown[-1].at_ms // DAY_MS == shown[0].at_ms // DAY_MS
    labels = [minute(one.at_ms).split(", ")[1] if one_day else day(one.at_ms, year=False) for one in shown]
    parts = [[weight / sum(one.weights) for weight in one.weights] for one in shown]
    series = [
        Series(titles[arm], [Point(100 * part[at], text=percent(part[at])) for part in parts], f"s{at % 6}")
        for at, arm in enumerate(found.arms)
    ]
    return line_chart("divisions", "How shoppers were divided", labels, series, lambda value: f"{trimmed(value)} %", zero=True)


@dataclass(frozen=True, slots=True)
class Preferred:
    """Which of two rankings shoppers prefer: in a sentence, why it can be said, and by counts."""

    sentence: str
    reason: str
    tone: str
    seen: str
    rows: list[tuple[str, str]]


def preferred(found: Trial, titles: dict[str, str]) -> Preferred | None:
    """Which ranking is preferred where two are mixed; nothing for other experiments."""
    said = found.preference
    if said is None:
        return None
    now, other = (titles[arm.name].strip("“”") for arm in found.experiment.arms)
    seen = f"{count_of(said.sessions, 'shopper')} saw products of both."
    rows = [
        (now, number(said.first)),
        (other, number(said.second)),
        ("Neither", number(said.sessions - said.first - said.second)),
    ]
    if said.share is None or said.interval is None:
        return Preferred("Nobody has preferred one of the two yet.", "It takes clicks on what was mixed.", "", seen, rows)
    around = interval_of(said.interval.low, said.interval.high, percent)
    reason = f"Of those who clicked more of one than of the other, {percent(said.share)} {around} chose “{other}”."
    match said.prefers:
        case 1:
            return Preferred(f"Shoppers prefer “{other}”.", f"{reason} That is more than chance.", "good", seen, rows)
        case 0:
            return Preferred(
                f"Shoppers prefer what is there now, “{now}”.", f"{reason} That is more than chance.", "bad", seen, rows
            )
        case _:
            return Preferred("Neither is preferred so far.", f"{reason} That may still be chance.", "", seen, rows)


@dataclass(frozen=True, slots=True)
class FactorRow:
    """What one change does by itself, or two do together beyond the sum of both."""

    title: str
    value: str
    interval: str
    tone: str
    together: bool


def factor_rows(found: Trial) -> list[FactorRow]:
    """What each of several changes does, as far as it can be told."""
    if found.analysis is None or not found.analysis.factors:
        return []
    titles = {
        f"{factor.name}={level.name}": level_title(factor, at)
        for factor in found.experiment.factors
        for at, level in enumerate(factor.levels)
    }
    return [_factor_row(found, one, titles) for one in found.analysis.factors]


def _factor_row(found: Trial, one: FactorEffect, titles: dict[str, str]) -> FactorRow:
    title = " with ".join(titles.get(level, level) for level in one.levels)
    plain = unit_writer(found.metrics.get(found.experiment.metric, "number"), found.currency)

    def write(value: float) -> str:
        return ("+" if value > 0 else "") + plain(value)

    together = len(one.levels) > 1
    if one.estimate is None or one.interval is None:
        return FactorRow(title, NOTHING, one.reason or "", "", together)
    sure = one.p_adjusted is not None and one.p_adjusted < 0.05 and not (found.analysis and found.analysis.greyed)
    tone = "" if not sure else "good" if one.estimate > 0 else "bad"
    return FactorRow(title, write(one.estimate), interval_of(one.interval.low, one.interval.high, write), tone, together)
