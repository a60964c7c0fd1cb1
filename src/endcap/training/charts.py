"""Charts as SVG: what was judged, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from endcap.training.report import CandidateReport, SliceReport

_WIDTH, _LABEL, _ROW, _RIGHT = 760, 190, 22, 70
_AXIS = 26


def forest(candidates: Sequence[CandidateReport]) -> Markup:
    """A row a candidate: its value as a dot, the interval as a line; what was picked stands out."""
    most = max((one.value.high for one in candidates), default=0.0) or 1.0
    room = _WIDTH - _LABEL - _RIGHT
    height = len(candidates) * _ROW + _AXIS

    def x(value: float) -> float:
        return round(_LABEL + room * max(value, 0.0) / most, 1)

    grid = Markup('<line class="grid" x1="{0}" x2="{0}" y1="0" y2="{1}"/><text class="tick" x="{0}" y="{2}">{3}</text>')
    ticks = [grid.format(x(tick), height - _AXIS + 4, height - 6, f"{tick:g}") for tick in _ticks(most)]
    rows = [_interval(one, at * _ROW + _ROW // 2, x) for at, one in enumerate(candidates)]
    return Markup("").join([_opened(_WIDTH, height), *ticks, *rows, Markup("</svg>")])


def _interval(one: CandidateReport, y: int, x: Callable[[float], float]) -> Markup:
    return Markup(
        '<g class="{cls}"><title>{title}</title><text class="label" x="{label}" y="{text}">{name}</text>'
        '<line class="span" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/><circle cx="{mid}" cy="{y}" r="4"/>'
        '<text class="value" x="{right}" y="{text}">{value}</text></g>'
    ).format(
        cls=_class(one), title=f"{one.name}: {one.value.value:.4f}, 95 % interval {one.value.low:.4f} to {one.value.high:.4f}",
        label=_LABEL - 12, text=y + 4, name=one.name, low=x(one.value.low), high=x(one.value.high), mid=x(one.value.value), y=y,
        right=_WIDTH, value=f"{one.value.value:.4f}",
    )  # fmt: skip


def _class(one: CandidateReport) -> str:
    return f"{one.kind} picked" if one.picked else one.kind


def _opened(width: int, height: int, more: str = "") -> Markup:
    return Markup('<svg class="chart{}" viewBox="0 0 {} {}" role="img">').format(more, width, height)


def slices(candidates: Sequence[CandidateReport]) -> Markup:
    """A row a candidate with two bars: how it does on items that are known, and on those with few acts."""
    rows = [one for one in candidates if one.warm.value is not None or one.cold.value is not None]
    most = max((part.value or 0.0 for one in rows for part in (one.warm, one.cold)), default=0.0) or 1.0
    room, row = _WIDTH - _LABEL - _RIGHT, _ROW + 6
    marks = [_opened(_WIDTH, len(rows) * row)]
    for at, one in enumerate(rows):
        marks.append(Markup('<text class="label" x="{}" y="{}">{}</text>').format(_LABEL - 12, at * row + 18, one.name))
        marks.append(_bar("warm", one.warm, at * row + 4, room / most))
        marks.append(_bar("cold", one.cold, at * row + 15, room / most))
    return Markup("").join([*marks, Markup("</svg>")])


def _bar(name: str, part: SliceReport, y: int, scale: float) -> Markup:
    width = round(scale * (part.value or 0.0), 1)
    return Markup(
        '<rect class="{}" x="{}" y="{}" width="{}" height="9" rx="2"><title>{}</title></rect>'
        '<text class="small" x="{}" y="{}">{}</text>'
    ).format(
        name, _LABEL, y, width, f"{name}: {part.questions:,} questions", round(_LABEL + width + 6, 1), y + 8,
        "–" if part.value is None else f"{part.value:.3f}",
    )  # fmt: skip


def scatter(candidates: Sequence[CandidateReport], metric: str, title: str) -> Markup:
    """Value against another metric: what a candidate costs in breadth, or gains."""
    points = [one for one in candidates if metric in one.metrics]
    if not points:
        return Markup("")
    width, height, left, bottom = 370, 240, 44, 34
    most_x = max(one.metrics[metric].value for one in points) or 1.0
    most_y = max(one.value.value for one in points) or 1.0
    marks = [
        _opened(width, height, " small-chart"),
        Markup('<text class="axis" x="{}" y="{}">{}</text>').format((width + left) // 2, height - 4, title),
        Markup(
            '<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/><line class="grid" x1="{0}" x2="{0}" y1="8" y2="{2}"/>'
        ).format(left, width - 8, height - bottom),
        Markup('<text class="tick" x="{}" y="{}">{}</text>').format(width - 16, height - bottom + 14, f"{most_x:.3g}"),
        Markup('<text class="tick end" x="{}" y="16">{}</text>').format(left - 6, f"{most_y:.3g}"),
        Markup('<text class="tick end" x="{}" y="{}">0</text>').format(left - 6, height - bottom),
    ]
    for one in sorted(points, key=lambda one: one.picked):
        cx = left + (width - left - 24) * max(one.metrics[metric].value, 0.0) / most_x
        cy = height - bottom - (height - bottom - 16) * one.value.value / most_y
        marks.append(
            Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
                _class(one), round(cx, 1), round(cy, 1), 6 if one.picked else 4,
                f"{one.name}: {one.metrics[metric].value:.4f}, value {one.value.value:.4f}",
            )
        )  # fmt: skip
    return Markup("").join([*marks, Markup("</svg>")])


def _ticks(most: float) -> list[float]:
    """Round numbers from 0 to the largest value, four to eight of them.

    >>> _ticks(0.31)
    [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
    """
    step = next(one * 10.0**power for power in range(-6, 9) for one in (1, 2, 5) if most / (one * 10.0**power) <= 8)
    return [round(step * n, 10) for n in range(int(most / step) + 1)]
