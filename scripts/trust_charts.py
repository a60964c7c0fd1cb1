"""The charts of the page on trust, as SVG, from what the trial found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 760, 150, 40, 16, 44
GOOD, BAD, PLAIN, BAND, INK = "#0b6e4f", "#c0392b", "#4a6fa5", "#e3f1ea", "#222"

Scale = Callable[[float], float]


def alarms(rows: Sequence[dict[str, Any]]) -> str:
    """The share of false alarms at one look, a metric a row, over the range that was promised."""
    return _dots(
        "False alarms at one look, by metric", "share of experiments without an effect in which one was claimed",
        [(row["metric"], row["one_look"]) for row in rows], (0.037, 0.063), 0.05, (0.02, 0.08), (0.02, 0.04, 0.05, 0.06, 0.08),
    )  # fmt: skip


def coverage(rows: Sequence[dict[str, Any]]) -> str:
    """How often the 95 % interval has the truth, a metric a row."""
    return _dots(
        "Coverage of 95 % intervals, by metric", "share of experiments whose interval has the true lift",
        [(row["metric"], row["covered"]) for row in rows], (0.937, 0.963), 0.95, (0.92, 0.98), (0.92, 0.94, 0.95, 0.96, 0.98),
    )  # fmt: skip


def peeking(rows: Sequence[dict[str, Any]]) -> str:
    """False alarms by the number of looks: stopping at p below 0.05, and stopping by the interval for every look."""
    height, looks = 320, len(rows[0]["naive"])
    most = max(max(row["naive"]) for row in rows) * 1.1
    x, y = _scale(1, looks, 60, WIDTH - 170), _scale(0.0, most, height - BOTTOM, TOP)
    parts = [_line(60, y(0.05), WIDTH - 170, y(0.05), INK, "4 3"), _text(54, y(0.05) + 4, "5 %", "end")]
    parts += [_text(54, y(one) + 4, f"{one:.0%}".replace("%", " %"), "end") for one in (0.0, 0.1, 0.2, 0.3) if one < most]
    parts += [_text(x(one), height - 24, str(one)) for one in (1, 5, 10, 15, 20) if one <= looks]
    for name, colour in (("naive", BAD), ("sequential", GOOD)):
        for row in rows:
            points = " ".join(f"{x(at):.1f},{y(share):.1f}" for at, share in enumerate(row[name], 1))
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.4" opacity="0.8"/>')
        last = sum(row[name][-1] for row in rows) / len(rows)
        label = "stop at p < 0.05" if name == "naive" else "interval for every look"
        parts.append(_text(WIDTH - 164, y(last) + 4, label, "start", colour))
    parts.append(_text((60 + WIDTH - 170) / 2, height - 6, "looks so far; one line a metric", colour="#666"))
    return _svg("False alarms by the number of looks", height, parts)


def cuped(rows: Sequence[dict[str, Any]]) -> str:
    """What CUPED leaves of the variance, over what the correlation says."""
    height = 300
    x, y = _scale(0.0, 1.0, 60, WIDTH - RIGHT), _scale(0.0, 1.05, height - BOTTOM, TOP)
    curve = " ".join(f"{x(one / 50):.1f},{y(1 - (one / 50) ** 2):.1f}" for one in range(51))
    parts = [f'<polyline points="{curve}" fill="none" stroke="{INK}" stroke-dasharray="4 3"/>']
    for row in rows:
        parts.append(_circle(x(row["rho"]), y(row["left_of_estimates"]), 7, "none", PLAIN))
        parts.append(_circle(x(row["rho"]), y(row["left"]), 4, GOOD))
    parts += [_text(54, y(one) + 4, f"{one:.1f}", "end") for one in (0.0, 0.5, 1.0)]
    parts += [_text(x(one), height - 24, f"{one:.1f}") for one in (0.0, 0.3, 0.5, 0.7, 0.9)]
    legend = "correlation with what was before · line: 1 − ρ² · dot: what the analysis says · circle: what the estimates show"
    parts.append(_text(WIDTH / 2, height - 6, legend, colour="#666"))
    return _svg("Variance that CUPED leaves", height, parts)


def shops(found: dict[str, Any]) -> str:
    """Some shops: the interval that the holdout gives, and the true lift."""
    rows = sorted(found["shown"])
    height = 320
    low, high = min(row[1] for row in rows), max(row[2] for row in rows)
    x, y = _scale(0, len(rows) - 1, 66, WIDTH - RIGHT), _scale(low, high, height - BOTTOM, TOP)
    parts = [_line(60, y(0.0), WIDTH - RIGHT, y(0.0), "#999"), _text(54, y(0.0) + 4, "0 %", "end")]
    parts += [_text(54, y(one) + 4, f"{one:+.0%}".replace("%", " %"), "end") for one in (-0.2, 0.2, 0.4) if low < one < high]
    for at, (truth, bottom, top) in enumerate(rows):
        parts.append(_line(x(at), y(bottom), x(at), y(top), PLAIN if bottom <= truth <= top else BAD))
        parts.append(_circle(x(at), y(truth), 3, INK))
    legend = "shops by true lift · dot: the truth · line: 95 % interval of the holdout, red where it misses"
    parts.append(_text(WIDTH / 2, height - 10, legend, colour="#666"))
    return _svg("What the holdout says of made-up shops", height, parts)


def rankings(rows: Sequence[dict[str, Any]]) -> str:
    """Sessions that it takes to find the better ranking: two groups, and one list."""
    bars = [
        (f"{way}, {row['fitting']} of 20 fit", row[field], colour)
        for row in rows
        for way, field, colour in (("two groups", "sessions_ab", PLAIN), ("one list", "sessions_interleaved", GOOD))
    ]
    height = len(bars) * 30 + 36
    x = _scale(0, max(bar[1] for bar in bars), LEFT, WIDTH - 80)
    parts = []
    for at, (name, sessions, colour) in enumerate(bars):
        top = at * 30 + 10
        parts.append(f'<rect x="{LEFT}" y="{top}" width="{x(sessions) - LEFT:.1f}" height="18" rx="2" fill="{colour}"/>')
        parts += [_text(LEFT - 8, top + 13, name, "end"), _text(x(sessions) + 6, top + 13, f"{sessions:,}", "start")]
    parts.append(_text(LEFT, height - 8, "sessions for a chance of 80 %", "start", "#666"))
    return _svg("Sessions to find the better ranking", height, parts)


def _dots(
    title: str, legend: str, rows: Sequence[tuple[str, float]], band: tuple[float, float], aim: float,
    ends: tuple[float, float], ticks: Sequence[float],
) -> str:  # fmt: skip
    height = len(rows) * 28 + TOP + BOTTOM
    x = _scale(*ends, LEFT, WIDTH - RIGHT)
    foot = height - BOTTOM
    parts = [
        f'<rect x="{x(band[0]):.1f}" y="{TOP}" width="{x(band[1]) - x(band[0]):.1f}" height="{foot - TOP}" fill="{BAND}"/>',
        _line(x(aim), TOP, x(aim), foot, INK, "4 3"),
    ]
    for at, (name, share) in enumerate(rows):
        y = TOP + at * 28 + 14
        colour = GOOD if band[0] <= share <= band[1] else BAD
        parts += [_text(LEFT - 10, y + 4, name, "end"), _circle(x(share), y, 5, colour)]
        parts.append(_text(WIDTH - RIGHT, y + 4, f"{share:.1%}".replace("%", " %"), "end"))
    parts += [_text(x(one), foot + 16, f"{one:.0%}".replace("%", " %")) for one in ticks]
    parts.append(_text((LEFT + WIDTH) / 2, height - 8, f"{legend}; green band: promised", colour="#666"))
    return _svg(title, height, parts)


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    return lambda value: start + (value - low) / ((high - low) or 1.0) * (end - start)


def _text(x: float, y: float, words: str, anchor: str = "middle", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="1.6"{dashed}/>'


def _circle(x: float, y: float, radius: float, fill: str, stroke: str = "none") -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}" stroke="{stroke}" stroke-width="1.6"/>'


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif" '
        f'font-size="12"><title>{escape(title)}</title><rect width="{WIDTH}" height="{height}" fill="#fff"/>'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"
