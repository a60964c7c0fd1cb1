from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import msgspec

from endcap.replay.report import Estimate
from endcap.testing.histories import random_data
from endcap.training.charts import forest, scatter, slices
from endcap.training.job import fit_all
from endcap.training.page import render, write_report
from endcap.training.report import CandidateReport, SliceReport, TrainingReport


@cache
def report() -> TrainingReport:
    return fit_all(random_data(0, n_events=2_500)).report


class Balanced(HTMLParser):
    """Fails where a tag is closed that was not opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def candidate(name: str, value: float, *, picked: bool = False, cold: float | None = None) -> CandidateReport:
    return CandidateReport(
        name=name, kind="single", picked=picked, value=Estimate(value, value - 0.01, value + 0.01),
        against_picked=Estimate(0, 0, 0), warm=SliceReport(questions=9, value=value),
        cold=SliceReport(questions=0 if cold is None else 3, value=cold), metrics={"coverage@20": Estimate(value, value, value)},
        sources={name: 1.0}, seconds=0.0,
    )  # fmt: skip


def test_the_page_is_whole_needs_nothing_else_and_shows_every_candidate() -> None:
    page = render(report(), "gifts & <more>")
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    assert "gifts &amp; &lt;more&gt;" in page
    assert not re.search(r"https?://|src=|<link|@import|url\(", page)
    for task in report().tasks:
        for one in task.candidates:
            assert one.name in page
    assert report().gate.why in page


def test_the_report_is_kept_beside_its_figures(tmp_path: Path) -> None:
    page = write_report(report(), "gifts", tmp_path, 1_600_000_000_000)
    assert page == tmp_path / "gifts" / "20200913T122640-refused" / "report.html"
    kept = msgspec.json.decode((page.parent / "report.json").read_bytes(), type=TrainingReport)
    assert kept == report()


def test_a_chart_has_a_row_for_each_with_its_interval_to_scale() -> None:
    chart = str(forest([candidate("best", 0.5, picked=True), candidate("half", 0.25)]))
    centres = [float(one) for one in re.findall(r'cx="([\d.]+)"', chart)]
    origin = 190
    assert (centres[0] - origin) / (centres[1] - origin) == 2
    low, high = (float(one) for one in re.findall(r'class="span" x1="([\d.]+)" x2="([\d.]+)"', chart)[0])
    assert low < centres[0] < high
    assert 'class="single picked"' in chart


def test_a_slice_without_questions_is_a_dash_and_no_candidates_are_no_chart() -> None:
    chart = str(slices([candidate("one", 0.5), candidate("two", 0.4, cold=0.2)]))
    assert "–" in chart
    assert chart.count("<rect") == 4
    assert str(scatter([], "coverage@20", "coverage")) == ""
    assert "<script>" not in str(forest([candidate("<script>", 0.1)]))
