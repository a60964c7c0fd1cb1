"""The report of a training as files: one to read by eye, one by machine."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from endcap.core.time import iso
from endcap.stores.durable import make_folder, replace_file
from endcap.training.charts import forest, scatter, slices
from endcap.training.report import TASKS_IN_WORDS, TrainingReport

METRICS = {
    "hit_rate@10": "hit rate within 10", "hit_rate@20": "hit rate within 20", "mrr@20": "MRR within 20",
    "ndcg@20": "NDCG within 20", "coverage@20": "coverage", "novelty@20": "novelty, bits",
}  # fmt: skip
"""The headings of metrics that have short ones; others have their names."""


def write_report(report: TrainingReport, shop: str, folder: Path, now_ms: int) -> Path:
    """Write ``report.html`` and ``report.json`` into a folder of their own below ``folder/<shop>``; returns the page.

    The folder is named by the time and the version, or ``refused``. The page needs no other file and no network.
    """
    stamp = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S")
    own = folder / shop / f"{stamp}-{report.version or 'refused'}"
    make_folder(own)
    replace_file(own / "report.json", msgspec.json.format(msgspec.json.encode(report), indent=1))
    page = own / "report.html"
    replace_file(page, render(report, shop).encode())
    return page


def render(report: TrainingReport, shop: str) -> str:
    """The page as HTML, charts as SVG within it."""
    return _template().render(
        report=report, shop=shop, words=TASKS_IN_WORDS, headings=METRICS, forest=forest, scatter=scatter, slices=slices,
        day=lambda at_ms: iso(at_ms - 1)[:10],
    )  # fmt: skip


@cache
def _template() -> Template:
    loader = PackageLoader("endcap.training", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("report.html")
