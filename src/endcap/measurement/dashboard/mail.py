"""A dashboard as HTML that mail programs show: tables and inline styles, no script, no picture, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from endcap.measurement.dashboard.contents import Dashboard, Drawn

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)  # fmt: skip


def html_of(dashboard: Dashboard) -> str:
    """The page."""
    return _pages.get_template("mail.html").render(d=dashboard, bars=_bars, colour=_colour)


def _bars(drawn: Drawn) -> Iterator[tuple[str, str, int]]:
    """Each step with its value in words and the width of its bar in per cent."""
    most = max((value for value in drawn.values if value is not None), default=0.0)
    for label, words, value in zip(drawn.labels, drawn.words, drawn.values, strict=True):
        yield label, words, max(1, round(100 * max(value or 0.0, 0.0) / most)) if most > 0 else 1


def _colour(good: bool | None) -> str:
    return "#52606d" if good is None else "#05603a" if good else "#b42318"
