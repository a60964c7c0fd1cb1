"""A dashboard as PDF: A4, drawn with vectors."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from endcap.measurement.dashboard.chart import QUIET, RULE, chart
from endcap.measurement.dashboard.contents import Dashboard, Line, Notice

_INK, _GOOD, _BAD, _ALARM, _PAPER = (HexColor(one) for one in ("#1f2933", "#05603a", "#b42318", "#fdecea", "#ffffff"))
_MARGIN = 18 * mm
_WIDTH = A4[0] - 2 * _MARGIN - 12  # the frame keeps 6 points free on either side

_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9, leading=12, textColor=_INK)
_RIGHT = ParagraphStyle("right", _BODY, alignment=2)
_QUIETLY = ParagraphStyle("quietly", _BODY, textColor=QUIET)
_SMALL = ParagraphStyle("small", _QUIETLY, fontSize=7.5, leading=10)
_SMALL_RIGHT = ParagraphStyle("small_right", _SMALL, alignment=2)
_H1 = ParagraphStyle("h1", _BODY, fontName="Helvetica-Bold", fontSize=20, leading=24)
_H2 = ParagraphStyle("h2", _BODY, fontName="Helvetica-Bold", fontSize=12, leading=16, spaceBefore=10, spaceAfter=4)
_BIG = ParagraphStyle("big", _BODY, fontName="Helvetica-Bold", fontSize=14, leading=18)

_EXPLAINED = (
    "Small numbers under a value bound it with 95 % confidence. Revenue from recommendations is what was bought after a click; "
    "incremental revenue is what would not have been earned without them."
)

_ROWS: list[Any] = [
    ("LINEABOVE", (0, 1), (-1, -1), 0.5, RULE), ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0),
    ("RIGHTPADDING", (-1, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 3), ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]  # fmt: skip
_BOXES: list[Any] = [("VALIGN", (0, 0), (-1, -1), "TOP"), *((one, (0, 0), (-1, -1), 0.5, RULE) for one in ("BOX", "INNERGRID"))]
_WARNING: list[Any] = [
    ("BACKGROUND", (0, 0), (-1, -1), _ALARM), ("LINEBEFORE", (0, 0), (0, -1), 3, _BAD),
    ("LINEBELOW", (0, 0), (-1, -1), 3, _PAPER),
]  # fmt: skip


def pdf_of(dashboard: Dashboard) -> bytes:
    """The pages. What the fonts have no letter for becomes a question mark: they have those of western European languages."""
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
        title=_text(f"{dashboard.shop}, {dashboard.period}"), author="Endcap", invariant=1,
    )  # fmt: skip

    def footer(canvas: Any, page: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.setFillColor(QUIET)
        canvas.drawRightString(A4[0] - _MARGIN - 6, 10 * mm, f"{_text(dashboard.shop)} · page {page.page}")

    document.build(_parts(dashboard), onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


def _parts(dashboard: Dashboard) -> list[Flowable]:
    parts: list[Flowable] = [
        _words(dashboard.shop, _H1),
        _words(f"{dashboard.period}, compared with {dashboard.compared}", _QUIETLY),
        Spacer(1, 4 * mm),
    ]
    parts += [_notice(one) for one in dashboard.notices]
    parts += [Spacer(1, 2 * mm), _tiles(dashboard.tiles)]
    for drawn in dashboard.drawn:
        title = drawn.title + (f" ({drawn.unit})" if drawn.unit else "")
        parts.append(KeepTogether([_words(title, _H2), chart(drawn, _WIDTH, _text)]))
    parts += [_words("Figures", _H2), _figures(dashboard.lines)]
    if dashboard.places:
        parts.append(KeepTogether([_words("By placement", _H2), _places(dashboard)]))
    return [*parts, Spacer(1, 4 * mm), _words(_EXPLAINED, _SMALL)]


def _notice(notice: Notice) -> Table:
    text = Paragraph(f"<b>{escape(_text(notice.title))}</b>. {escape(_text(notice.sentence))}", _BODY)
    return Table([[text]], colWidths=[_WIDTH], style=TableStyle(_WARNING))


def _tiles(tiles: Sequence[Line]) -> Table:
    cells = []
    for tile in tiles:
        change = ParagraphStyle("change", _SMALL, textColor=_colour(tile.good))
        cells.append([_words(tile.title, _SMALL), _words(tile.value, _BIG), _words(tile.change or tile.why, change)])
    return Table([cells], colWidths=[_WIDTH / len(tiles)] * len(tiles), style=TableStyle(_BOXES))


def _figures(lines: Sequence[Line]) -> Table:
    heads = ("Metric", "Value", "Before", "Change")
    rows: list[list[Any]] = [[_words(one, _SMALL_RIGHT if i else _SMALL) for i, one in enumerate(heads)]]
    for line in lines:
        value = [_words(line.value, _RIGHT), *([_words(line.interval, _SMALL_RIGHT)] if line.interval else [])]
        title = [_words(line.title), *([_words(line.why, _SMALL)] if line.why else [])]
        change = ParagraphStyle("changed", _RIGHT, textColor=_colour(line.good))
        rows.append([title, value, _words(line.before, _RIGHT), _words(line.change, change)])
    widths = [part * _WIDTH for part in (0.46, 0.24, 0.17, 0.13)]
    return Table(rows, colWidths=widths, repeatRows=1, style=TableStyle(_ROWS))


def _places(dashboard: Dashboard) -> Table:
    rows = [[_words(title, _SMALL_RIGHT if i else _SMALL) for i, title in enumerate(dashboard.place_titles)]]
    rows += [[_words(cell, _RIGHT if i else _BODY) for i, cell in enumerate(row)] for row in dashboard.places]
    first, columns = 0.28 * _WIDTH, len(dashboard.place_titles) - 1
    widths = [first, *[(_WIDTH - first) / columns] * columns]
    return Table(rows, colWidths=widths, repeatRows=1, style=TableStyle(_ROWS))


def _words(text: str, style: ParagraphStyle = _BODY) -> Paragraph:
    return Paragraph(escape(_text(text)), style)


def _text(text: str) -> str:
    return text.encode("cp1252", "replace").decode("cp1252")


def _colour(good: bool | None) -> Color:
    return QUIET if good is None else _GOOD if good else _BAD
