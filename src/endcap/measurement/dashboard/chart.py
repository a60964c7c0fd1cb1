"""A figure over time as a drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine, String
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm

from endcap.measurement.dashboard.contents import Drawn

QUIET, RULE, _BLUE = HexColor("#52606d"), HexColor("#d9dee5"), HexColor("#2f6fde")

_HEIGHT, _LEFT, _BOTTOM, _FREE = 40 * mm, 13 * mm, 7 * mm, 4 * mm
_MOST_LABELS = 10


def chart(drawn: Drawn, width: float, text: Callable[[str], str]) -> Drawing:
    """A line over time, with gaps where there is no value; the axis has 0 in it and ends above the largest value.

    ``text`` makes letters that the font has not into others. Lengths are in points.
    """
    area, tall = width - _LEFT - _FREE, _HEIGHT - _BOTTOM - _FREE
    known = [value for value in drawn.values if value is not None]
    high, low = nice(max([0.0, *known])), min([0.0, *known])
    drawing = Drawing(width, _HEIGHT)

    def height(value: float) -> float:
        return _BOTTOM + tall * (value - low) / (high - low)

    for part in range(5):
        value = low + (high - low) * part / 4
        drawing.add(Line(_LEFT, height(value), _LEFT + area, height(value), strokeColor=RULE, strokeWidth=0.5))
        drawing.add(String(_LEFT - 4, height(value) - 2.5, _axis(value, high), fontSize=7, fillColor=QUIET, textAnchor="end"))
    across = [_LEFT + area * i / max(1, len(drawn.values) - 1) for i in range(len(drawn.values))]
    every = max(1, -(-len(drawn.labels) // _MOST_LABELS))
    for x, label in list(zip(across, drawn.labels, strict=True))[::every]:
        drawing.add(String(x, _BOTTOM - 12, text(label), fontSize=7, fillColor=QUIET, textAnchor="middle"))
    for run in _runs(drawn.values):
        points = [point for i, value in run for point in (across[i], height(value))]
        if len(run) > 1:
            drawing.add(PolyLine(points, strokeColor=_BLUE, strokeWidth=1.5))
        else:
            drawing.add(Circle(points[0], points[1], 1.5, fillColor=_BLUE, strokeColor=_BLUE))
    return drawing


def nice(value: float) -> float:
    """The next round number above: 1, 2, 4, 6 or 8 of a power of ten; 1 where nothing is above 0.

    >>> [nice(one) for one in (0.0, 3.1, 5.0, 830.0, 0.07)]
    [1.0, 4.0, 6.0, 1000.0, 0.08]
    """
    if value <= 0:
        return 1.0
    power = 1.0
    while power > value:
        power /= 10
    while power * 10 <= value:
        power *= 10
    return round(next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value), 12)


def _axis(value: float, high: float) -> str:
    return f"{value:,.4g}" if high < 10_000 else f"{value:,.0f}"


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches without a gap, as places and values."""
    runs: list[list[tuple[int, float]]] = [[]]
    for i, value in enumerate(values):
        if value is not None:
            runs[-1].append((i, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
