"""Figures of the catalogue as people read them: value, interval, what is usual, and how it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

from markupsafe import Markup

from endcap.core.experiment import EVERYWHERE, Experiment, Factor
from endcap.measurement.catalogue import METRICS, Benchmark, Metric
from endcap.measurement.catalogue.metric import Unit
from endcap.measurement.figures import Figure
from endcap.measurement.formulas import written
from endcap.web.console.charts import Point, benchmark_mark
from endcap.web.console.words import NARROW, NOTHING, duration, money, number, percent, plain, trimmed

PLACES: Mapping[str, str] = {
    "product": "Product page", "cart": "Cart", "checkout": "Checkout", "home": "Home page", "email": "E-mail",
    "post_purchase": "After the purchase", "abandoned_cart": "Abandoned cart", "out_of_stock": "Out of stock",
    "search": "Search", "order_status": "Order status",
}  # fmt: skip
"""The shipped placements as a merchandiser calls them."""

TABLE_ORDER = ("product", "cart", "email", "home", "post_purchase")
"""The placements that an overview always has, in this order; others follow."""


_NO_MARK = Markup("")


@dataclass(frozen=True, slots=True)
class Told:
    """A figure ready to be shown. ``change`` is against the other period: its words, and whether it is good, bad or neither."""

    name: str
    title: str
    value: str
    interval: str = ""
    reason: str = ""
    before: str = ""
    change: str = ""
    tone: str = ""
    arrow: str = ""
    mark: Markup = _NO_MARK
    meaning: str = ""
    usual: str = ""


def told(name: str, figure: Figure, currency: str | None, before: Figure | None = None, placement: str | None = None) -> Told:
    """A figure of the catalogue in words; ``placement`` says which benchmark it is held against."""
    metric = METRICS[name]
    write = writer(metric, currency)
    bench = benchmark(metric, placement)
    changed = _change(metric, figure, before)
    return Told(
        name=name, title=metric.title, value=NOTHING if figure.value is None else write(figure.value),
        interval=interval(figure, write), reason=sentence(figure.reason),
        before=write(before.value) if before is not None and before.value is not None else "",
        change=changed[0], tone=changed[1], arrow=changed[2],
        mark=_mark(figure, bench), usual=_usual(bench, write) if bench else "", meaning=meaning(metric),
    )  # fmt: skip


def interval(figure: Figure, write: Callable[[float], str]) -> str:
    """The interval in brackets, empty where there is none."""
    if figure.value is None or figure.low is None or figure.high is None:
        return ""
    return interval_of(figure.low, figure.high, write)


def interval_of(low_value: float, high_value: float, write: Callable[[float], str]) -> str:
    """Two ends in brackets, their unit once where it stands behind them.

    >>> from endcap.web.console.words import percent
    >>> interval_of(0.118, 0.129, percent).replace(NARROW, " "), interval_of(-0.02, 0.03, percent).replace(NARROW, " ")
    ('(11.8–12.9 %)', '(−2.00 to 3.00 %)')
    """
    low, high = write(low_value), write(high_value)
    if low.endswith(f"{NARROW}%") and high.endswith(f"{NARROW}%"):
        low = low.removesuffix(f"{NARROW}%")
    return f"({low} to {high})" if "−" in low + high or "+" in low else f"({low}–{high})"


def point(metric: Metric, figure: Figure | None, currency: str | None) -> Point:
    """A figure as a point of a line."""
    if figure is None or figure.value is None:
        return Point()
    write = writer(metric, currency)
    return Point(figure.value, figure.low, figure.high, " ".join(filter(None, (write(figure.value), interval(figure, write)))))


def writer(metric: Metric, currency: str | None) -> Callable[[float], str]:
    """How values of a metric are written."""
    match metric.unit:
        case "share":
            return percent
        case "change":
            return lambda value: ("+" if value > 0 else "") + percent(value)
        case "multiple":
            return lambda value: f"{plain(value)} ×"
        case "money":
            return lambda value: money(value, currency)
        case "ms":
            return duration
        case "count":
            return number
        case "number":
            return plain


def unit_writer(unit: Unit, currency: str) -> Callable[[float], str]:
    """How the figures of an experiment are written, by their unit alone."""
    match unit:
        case "share" | "change":
            return percent
        case "money":
            return lambda value: money(value, currency)
        case "ms":
            return duration
        case _:
            return plain


def tick_writer(metric: Metric, currency: str | None) -> Callable[[float], str]:
    """How round numbers beside an axis are written."""
    match metric.unit:
        case "share" | "change":
            return lambda value: f"{trimmed(100 * value)}{NARROW}%"
        case "money":
            return lambda value: money(value, currency, whole=value == int(value))
        case "ms":
            return lambda value: duration(value) if value else "0"
        case _:
            return trimmed


def benchmark(metric: Metric, placement: str | None) -> Benchmark | None:
    """What is usual for a metric at a placement: its own benchmark, or the one for everywhere."""
    own = (one for one in metric.benchmarks if placement is not None and placement in one.placements)
    return next(own, next((one for one in metric.benchmarks if not one.placements and placement is not None), None))


def meaning(metric: Metric) -> str:
    """What an explanation of a metric says."""
    text = f"{metric.sentence} Formula: {written(metric.formula)}."
    return f"{text} It needs: {metric.needs}" if metric.needs else text


def sentence(reason: str | None) -> str:
    """A reason with a capital and a full stop, empty where there is none."""
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}." if reason else ""


def place(name: str) -> str:
    """A placement as a merchandiser calls it."""
    return PLACES.get(name, name.replace("_", " ").capitalize() if name else "Not told")


def where_of(one: Experiment) -> str:
    """Where an experiment acts: the placements that it names, else those that its versions change."""
    changed = dict.fromkeys(name for arm in one.every_arm for name in arm.changes)
    return ", ".join(place(name) for name in one.placements or changed if name != EVERYWHERE) or "Everywhere"


def titles_of(one: Experiment) -> dict[str, str]:
    """The versions of an experiment as a person calls them; of a combination what is otherwise in it.

    >>> from endcap.core.experiment import Arm, Factor
    >>> grid = Factor(name="layout", levels=(Arm(name="row", title="As now"), Arm(name="grid", title="A grid")))
    >>> four = Factor(name="count", levels=(Arm(name="ten", title="As now: up to 10"), Arm(name="four", title="4 products")))
    >>> list(titles_of(Experiment(name="both", factors=(grid, four))).values())
    ['As now', '4 products', 'A grid', 'A grid · 4 products']
    """
    if not one.factors:
        return {arm.name: arm.title or arm.name.replace("_", " ") for arm in one.arms}
    combinations = product(*(range(len(factor.levels)) for factor in one.factors))
    return {
        arm.name: " · ".join(level_title(factor, at) for factor, at in zip(one.factors, levels, strict=True) if at) or "As now"
        for arm, levels in zip(one.every_arm, combinations, strict=True)
    }


def level_title(factor: Factor, at: int) -> str:
    """One level of a factor as a person calls it."""
    level = factor.levels[at]
    return level.title or level.name.replace("_", " ")


def _mark(figure: Figure, bench: Benchmark | None) -> Markup:
    if bench is None:
        return Markup("")
    usual = (bench.low, bench.high) if bench.low is not None and bench.high is not None else None
    return benchmark_mark(figure.value, figure.low, figure.high, usual, bench.target)


def _usual(bench: Benchmark, write: Callable[[float], str]) -> str:
    words = []
    if bench.low is not None and bench.high is not None:
        words.append(f"usual for {bench.label}: {write(bench.low)} to {write(bench.high)}")
    if bench.target is not None:
        words.append(f"target: {write(bench.target)}")
    return "; ".join(words)


def _change(metric: Metric, figure: Figure, before: Figure | None) -> tuple[str, str, str]:
    """The change in words, whether it is good or bad, and an arrow; no words where there is next to none.

    Shares change in points, other figures in per cent.

    It is called good or bad only where the two intervals do not overlap: the rest may be chance.
    """
    if before is None or figure.value is None or before.value is None:
        return "", "", ""
    difference = figure.value - before.value
    if metric.unit in ("share", "change"):
        text = f"{100 * difference:+.1f} points" if abs(difference) >= 0.0005 else ""
    elif before.value <= 0:
        return "", "", ""
    else:
        share = difference / before.value
        text = f"{100 * share:+.0f}{NARROW}%" if abs(share) >= 0.005 else ""
    arrow = "up" if difference > 0 else "down"
    if not text or metric.direction == "none" or not _apart(figure, before):
        return text.replace("-", "−"), "", arrow
    return text.replace("-", "−"), "good" if (difference > 0) == (metric.direction == "up") else "bad", arrow


def _apart(one: Figure, other: Figure) -> bool:
    """Whether the intervals of two figures do not meet; where there is none it cannot be told."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low > other.high or other.low > one.high
