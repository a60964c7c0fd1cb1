"""Write ``docs/reference/figures.md`` and its charts from ``benchmarks/results``; with ``--check`` only say what differs."""

from __future__ import annotations

import sys
import tomllib
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from endcap.replay.report import Report, Row

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
IMAGES = ROOT / "docs" / "images"
PAGE = ROOT / "docs" / "reference" / "figures.md"
NOTE = "<!-- Written by scripts/write_figures.py from benchmarks/results; run `make docs`. -->\n"

INTRODUCTION = """Every figure was printed by `endcap evaluate` on the part named below and is kept in
[benchmarks/results](../../benchmarks/results); every look at a test part stands in
[test_looks.jsonl](../../benchmarks/test_looks.jsonl). How the data are cut: [evaluation](evaluation.md). The row `endcap` is what
`endcap train` publishes, answered by the engine; the others are one algorithm each, tuned on validation, and, in grey, other
libraries, tuned on the same validation part in the same run.
"""
OLDER = "An older result, taken before most of the algorithms and the ranker existed; it has to be taken again."
HEADINGS = (
    "data and task",
    "metrics",
    "libraries, measured before",
    "best other library here",
    "floor",
    "aim",
    "best alone",
    "Endcap",
)

WIDTH, LABEL, ROW, RIGHT, AXIS = 760, 170, 24, 64, 40
OURS, ALONE, PEER = "#0b6e4f", "#4a6fa5", "#b0aa9f"


def short(value: float) -> str:
    """A share without its leading zero."""
    return f"{value:.3f}".removeprefix("0")


def colour(row: Row) -> str:
    """Endcap as a whole, one algorithm, another library."""
    return OURS if row.name == "endcap" else PEER if row.peer else ALONE


def chart(report: Report, mark: dict[str, Any]) -> str:
    """A bar a method with its interval, best first, and lines where floor and aim are."""
    metric = mark["metrics"][0]
    rows = sorted((row for row in report.rows if metric in row.metrics), key=lambda row: -row.metrics[metric].value)
    floor, aim = mark["floor"][0], mark["aim"][0]
    most = max(aim, *(row.metrics[metric].high for row in rows)) * 1.04
    scale = (WIDTH - LABEL - RIGHT) / most
    height = len(rows) * ROW + AXIS
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for at, row in enumerate(rows):
        found, y = row.metrics[metric], at * ROW + 6
        low, high, middle = LABEL + found.low * scale, LABEL + found.high * scale, y + 7
        parts += [
            f'<text x="{LABEL - 8}" y="{y + 11}" text-anchor="end" fill="#222">{escape(row.name)}</text>',
            f'<rect x="{LABEL}" y="{y}" width="{found.value * scale:.1f}" height="14" rx="2" fill="{colour(row)}"/>',
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" stroke="#222" stroke-width="1.2"/>',
            f'<text x="{WIDTH - 4}" y="{y + 11}" text-anchor="end" fill="#222">{short(found.value)}</text>',
        ]
    for value, name in ((floor, "floor"), (aim, "aim")):
        x = LABEL + value * scale
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - AXIS + 6}" stroke="#c0392b" stroke-dasharray="4 3"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{height - AXIS + 20}" text-anchor="middle" fill="#c0392b">{name} {short(value)}</text>'
        )
    parts.append(f'<text x="{LABEL}" y="{height - 4}" fill="#666">{metric}; lines are 95 % intervals</text></svg>')
    return "\n".join(parts) + "\n"


def figure(row: Row | None, metrics: list[str]) -> str:
    """The two metrics of a row."""
    return " / ".join(short(row.metrics[one].value) for one in metrics) if row else "–"


def best_alone(report: Report, metric: str) -> Row | None:
    """The best row that is one of Endcap's algorithms by itself."""
    alone = [row for row in report.rows if row.name != "endcap" and not row.peer and metric in row.metrics]
    return max(alone, key=lambda row: row.metrics[metric].value, default=None)


def best_peer(report: Report, metric: str) -> Row | None:
    """The best other library of the same run."""
    peers = [row for row in report.rows if row.peer and metric in row.metrics]
    return max(peers, key=lambda row: row.metrics[metric].value, default=None)


def named(row: Row | None, metrics: list[str]) -> str:
    """A row's name and its figures."""
    return f"{row.name} {figure(row, metrics)}" if row else "–"


def pages() -> dict[Path, str]:
    """Every file that this script writes."""
    found: dict[Path, str] = {}
    marks = tomllib.loads((ROOT / "benchmarks" / "marks.toml").read_text(encoding="utf-8"))["mark"]
    summary = [f"| {' | '.join(HEADINGS)} |", "|" + "---|" * len(HEADINGS)]
    sections = []
    for mark in marks:
        file = RESULTS / f"{mark['result']}.json"
        if not file.exists():
            continue
        report, metrics = msgspec.json.decode(file.read_bytes(), type=Report), mark["metrics"]
        whole = next((row for row in report.rows if row.name == "endcap"), None)
        floor, aim = (" / ".join(short(one) for one in mark[name]) for name in ("floor", "aim"))
        peer, alone = best_peer(report, metrics[0]), best_alone(report, metrics[0])
        title = mark["title"] if report.sizes else f"{mark['title']} (older result)"
        cells = [title, " / ".join(metrics), mark["libraries"], named(peer, metrics), floor, aim, named(alone, metrics)]
        summary.append(f"| {' | '.join(cells)} | **{figure(whole, metrics)}** |")
        picture = IMAGES / f"{mark['result']}.svg"
        found[picture] = chart(report, mark)
        sections.append(section(report, mark, picture.name))
    found[PAGE] = f"# Figures\n\n{NOTE}\n{INTRODUCTION}\n" + "\n".join(summary) + "\n" + "".join(sections)
    return found


def section(report: Report, mark: dict[str, Any], picture: str) -> str:
    """One data set: the chart, the protocol, and what limits the figures."""
    gains = [one for one in report.differences if one.row == "endcap" and one.against == report.strongest]
    asked = f"{report.portion.capitalize()} part, {report.sizes['all']:,} queries. {report.protocol}." if report.sizes else OLDER
    text = f"\n## {mark['title']}\n\n{asked}\n\n![{mark['metrics'][0]} of every method](../images/{picture})\n"
    for one in gains:
        metric = mark["metrics"][0]
        gain = one.metrics[metric]
        interval = f"{gain.low:+.4f} to {gain.high:+.4f}"
        text += (
            f"\n`endcap` − `{one.against}`: {metric} {gain.value:+.4f}, 95 % interval {interval} (paired cluster bootstrap).\n"
        )
    return text + (f"\n{mark['limits'].strip()}\n" if "limits" in mark else "")


def main() -> None:
    """Write or compare."""
    different = []
    for path, text in pages().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        different.append(path.name)
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
    if different and "--check" in sys.argv:
        sys.exit(f"{', '.join(different)}: not what the results say; run scripts/write_figures.py")


if __name__ == "__main__":
    main()
