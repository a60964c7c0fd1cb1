"""Charts as SVG made here: lines with interval bands, effects with intervals, and the small marks in tables.

A chart's plane is stretched to the width of its place while its texts keep their size: axes are drawings of their own, placed in
per cent. Nothing needs a style attribute, so that the strict content policy of the pages holds. Every chart has a title, a
description in words, and its numbers as a table behind it (the template ``chart.html`` writes that).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from endcap.web.console.scales import SPAN, Scale, label_places, scale_of
from endcap.web.console.words import NOTHING

_X_LABELS = 5
_DOTS_UP_TO = 45
"""Above so many points a line has no dots: they would touch."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value at its place along the axis, with its interval where it has one. ``text`` is what a person reads of it."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    text: str = NOTHING


@dataclass(frozen=True, slots=True)
class Series:
    """A line with a name. ``look`` is a colour, ``s0`` to ``s5``, or ``before``, which stands back."""

    name: str
    points: Sequence[Point]
    look: str = "s0"


@dataclass(frozen=True, slots=True)
class LineChart:
    """Some series over the same places along the axis, ready for the template."""

    key: str
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    scale: Scale
    written: Callable[[float], str]
    note: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is no value at all."""
        return all(point.value is None for one in self.series for point in one.points)

    @property
    def description(self) -> str:
        """What the chart shows, in words."""
        return " ".join(self._told(one) for one in self.series)

    def _told(self, one: Series) -> str:
        known = [(at, point) for at, point in enumerate(one.points) if point.value is not None]
        if not known:
            return f"{one.name}: no values."
        (first, start), (last, end) = known[0], known[-1]
        most = max(known, key=lambda pair: pair[1].value or 0.0)
        least = min(known, key=lambda pair: pair[1].value or 0.0)
        if first == last:
            return f"{one.name}: {end.text} on {self.labels[last]}."
        return (
            f"{one.name}: {start.text} on {self.labels[first]}, {end.text} on {self.labels[last]}; "
            f"lowest {least[1].text} on {self.labels[least[0]]}, highest {most[1].text} on {self.labels[most[0]]}."
        )

    def plane(self) -> Markup:
        """The contents of the drawing: grid, bands, lines, dots, and a column a place that answers the pointer."""
        marks = [_grid(self.scale)]
        for one in self.series:
            marks += [self._band(one), self._line(one)]
        return Markup("").join([*marks, *self._columns()])

    def y_axis(self) -> Markup:
        """The round numbers beside the plane, in per cent of its height."""
        text = Markup('<text x="100%" y="{}%">{}</text>')
        return Markup("").join(text.format(_foot(self.scale.place(tick)) / 10, self.written(tick)) for tick in self.scale.ticks)

    def x_axis(self) -> Markup:
        """Some of the labels below the plane, in per cent of its width."""
        text, count = Markup('<text x="{}%" y="14" class="{}">{}</text>'), len(self.labels)
        return Markup("").join(
            text.format(self._across(at) / 10, _end(at, count), self.labels[at]) for at in label_places(count, _X_LABELS)
        )

    def _across(self, at: int) -> float:
        return round(SPAN * at / (len(self.labels) - 1), 1) if len(self.labels) > 1 else SPAN / 2

    def _runs(self, one: Series, wanted: Callable[[Point], bool]) -> list[list[int]]:
        """The places that follow each other without a gap."""
        runs: list[list[int]] = [[]]
        for at, point in enumerate(one.points):
            if wanted(point):
                runs[-1].append(at)
            elif runs[-1]:
                runs.append([])
        return [run for run in runs if run]

    def _band(self, one: Series) -> Markup:
        band = Markup('<polygon class="band {}" points="{}"/>')
        polygons = []
        for run in self._runs(one, lambda point: point.low is not None and point.high is not None):
            above = [f"{self._across(at)},{self._up(one.points[at].high)}" for at in run]
            below = [f"{self._across(at)},{self._up(one.points[at].low)}" for at in reversed(run)]
            polygons.append(band.format(one.look, " ".join(above + below)))
        return Markup("").join(polygons)

    def _line(self, one: Series) -> Markup:
        runs = self._runs(one, lambda point: point.value is not None)
        line, dot = Markup('<polyline class="line {}" points="{}"/>'), Markup('<path class="dot {}" d="M{} {}h0"/>')
        lines = [
            line.format(one.look, " ".join(f"{self._across(at)},{self._up(one.points[at].value)}" for at in run)) for run in runs
        ]
        few = len(self.labels) <= _DOTS_UP_TO and one.look != "before"
        dots = [
            dot.format(one.look, self._across(at), self._up(one.points[at].value))
            for run in runs if few or len(run) == 1 for at in run
        ]  # fmt: skip
        return Markup("").join([*lines, *dots])

    def _columns(self) -> list[Markup]:
        width = SPAN / max(1, len(self.labels) - 1)
        column = Markup('<rect class="column" x="{}" y="0" width="{}" height="1000"><title>{}</title></rect>')
        return [
            column.format(
                round(self._across(at) - width / 2, 1), round(width, 1),
                "\n".join([label, *(f"{one.name}: {one.points[at].text}" for one in self.series)]),
            )
            for at, label in enumerate(self.labels)
        ]  # fmt: skip

    def _up(self, value: float | None) -> float:
        return _foot(self.scale.place(value or 0.0))


def line_chart(
    key: str, title: str, labels: Sequence[str], series: Sequence[Series], written: Callable[[float], str], *, zero: bool = False,
    note: str = "",
) -> LineChart:  # fmt: skip
    """A chart whose scale holds every value and interval. ``key`` names it within its page."""
    points = [point for one in series for point in one.points]
    values = [value for point in points for value in (point.value, point.low, point.high) if value is not None]
    return LineChart(key, title, labels, series, scale_of(values, zero=zero), written, note)


def _end(at: int, count: int) -> str:
    """Whether a label stands at an end of the axis, where it may not reach beyond."""
    return "" if count == 1 else "first" if at == 0 else "last" if at == count - 1 else ""


def _foot(up: float) -> float:
    """Drawings count from above."""
    return round(SPAN - up, 1)


def _grid(scale: Scale) -> Markup:
    line = Markup('<path class="grid{}" d="M0 {}H1000"/>')
    return Markup("").join(line.format(" zero" if tick == 0 else "", _foot(scale.place(tick))) for tick in scale.ticks)


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference with its interval, as a row of a chart of effects. ``tone`` is good, bad or open."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    text: str
    tone: str = "open"


@dataclass(frozen=True, slots=True)
class EffectChart:
    """Effects one below the other around zero, ready for the template."""

    key: str
    title: str
    rows: Sequence[Effect]
    scale: Scale
    written: Callable[[float], str]

    @property
    def zero(self) -> float:
        """Where no effect lies, in per cent of the width."""
        return self.scale.place(0.0) / 10

    def row(self, one: Effect) -> Markup:
        """The drawing of one row, in per cent of its width: the zero line, the interval, the value."""
        marks = [Markup('<line class="grid zero" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(self.zero)]
        if one.low is not None and one.high is not None:
            low, high = self.scale.place(one.low) / 10, self.scale.place(one.high) / 10
            marks.append(Markup('<line class="span {}" x1="{}%" x2="{}%" y1="50%" y2="50%"/>').format(one.tone, low, high))
        if one.value is not None:
            middle = self.scale.place(one.value) / 10
            marks.append(Markup('<circle class="{}" cx="{}%" cy="50%" r="4.5"/>').format(one.tone, middle))
        return Markup("").join(marks)

    def axis(self) -> Markup:
        """The round numbers below the rows."""
        text, ticks = Markup('<text x="{}%" y="14" class="{}">{}</text>'), self.scale.ticks
        return Markup("").join(
            text.format(self.scale.place(tick) / 10, _end(at, len(ticks)), self.written(tick)) for at, tick in enumerate(ticks)
        )


def effect_chart(key: str, title: str, rows: Sequence[Effect], written: Callable[[float], str]) -> EffectChart:
    """A chart of effects whose scale holds every interval and zero."""
    values = [value for one in rows for value in (one.value, one.low, one.high) if value is not None]
    return EffectChart(key, title, rows, scale_of([*values, 0.0], most_ticks=4), written)


def benchmark_mark(value: float | None, low: float | None, high: float | None, usual: tuple[float, float] | None,
                   target: float | None) -> Markup:  # fmt: skip
    """A value on a short rule with the usual range as a bar and the target as a stroke. Empty without range and target."""
    if value is None or (usual is None and target is None):
        return Markup("")
    most = 1.15 * max(0.0, *(one for one in (value, high, usual and usual[1], target) if one is not None)) or 1.0

    def x(one: float) -> float:
        return round(100 * min(1.0, max(0.0, one / most)), 1)

    marks = [Markup('<rect class="track" x="0" y="6" width="100%" height="4" rx="2"/>')]
    if usual is not None:
        marks.append(
            Markup('<rect class="usual" x="{}%" y="4" width="{}%" height="8" rx="2"/>').format(
                x(usual[0]), round(x(usual[1]) - x(usual[0]), 1)
            )
        )
    if target is not None:
        marks.append(Markup('<line class="target" x1="{0}%" x2="{0}%" y1="1" y2="15"/>').format(x(target)))
    if low is not None and high is not None:
        marks.append(Markup('<line class="span" x1="{}%" x2="{}%" y1="8" y2="8"/>').format(x(low), x(high)))
    marks.append(Markup('<circle class="{}" cx="{}%" cy="8" r="4"/>').format(_standing(value, usual, target), x(value)))
    return Markup('<svg class="mark" aria-hidden="true" focusable="false">{}</svg>').format(Markup("").join(marks))


def _standing(value: float, usual: tuple[float, float] | None, target: float | None) -> str:
    if target is not None and value >= target:
        return "good"
    return "bad" if usual is not None and value < usual[0] else "open"


def spark(values: Sequence[float | None]) -> Markup:
    """A small line without axes, for the eye alone. Empty with fewer than two values."""
    known = [(at, value) for at, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return Markup("")
    scale, last = scale_of([value for _, value in known]), len(values) - 1
    points = " ".join(f"{round(SPAN * at / last, 1)},{_foot(scale.place(value))}" for at, value in known)
    return Markup(
        '<svg class="spark" viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<polyline class="line s0" points="{}"/></svg>'
    ).format(points)
