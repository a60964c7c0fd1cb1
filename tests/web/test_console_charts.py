"""Charts of the console: what they say, where they put it, and that nobody's text becomes markup."""

from __future__ import annotations

import re

import pytest

from endcap.web.console.charts import Effect, Point, Series, benchmark_mark, effect_chart, line_chart, spark
from endcap.web.console.scales import label_places, scale_of


def test_a_scale_holds_every_value_between_round_numbers() -> None:
    for values in ([0.0], [3.0, 3.0], [0.013, 0.094], [-5.0, 12.0], [98.0, 99.0], [1e-6, 2e-6], [4e9]):
        scale = scale_of(values)
        assert scale.low <= min(values)
        assert scale.high >= max(values)
        assert scale.low < scale.high
        assert 2 <= len(scale.ticks) <= 9
    assert scale_of([98.0, 99.0]).low > 90
    assert scale_of([98.0, 99.0], zero=True).low == 0


def test_labels_are_few_and_the_newest_is_among_them() -> None:
    for count in range(1, 400):
        places = label_places(count, 6)
        assert places[-1] == count - 1
        assert len(places) <= 6


def test_a_gap_ends_the_line_and_the_band() -> None:
    points = [Point(1.0, 0.5, 1.5, "1"), Point(2.0, 1.5, 2.5, "2"), Point(), Point(3.0, 2.0, 4.0, "3")]
    plane = str(line_chart("k", "t", ["a", "b", "c", "d"], [Series("s", points)], str).plane())
    assert plane.count("<polyline") == 2
    assert plane.count('class="band') == 2
    assert "nan" not in plane.lower()


def test_the_chart_is_told_in_words() -> None:
    points = [Point(1.0, text="1 %"), Point(4.0, text="4 %"), Point(2.0, text="2 %")]
    chart = line_chart(
        "k", "CTR", ["1 Nov", "2 Nov", "3 Nov"], [Series("This period", points), Series("Before", [Point()] * 3)], str
    )
    assert chart.description == (
        "This period: 1 % on 1 Nov, 2 % on 3 Nov; lowest 1 % on 1 Nov, highest 4 % on 2 Nov. Before: no values."
    )
    assert not chart.empty
    assert line_chart("k", "t", ["a"], [Series("s", [Point()])], str).empty


def test_everything_lies_within_the_plane() -> None:
    points = [Point(value, value - 1, value + 1, "x") for value in (-3.0, 8.0, 0.0, 5.0)]
    plane = str(line_chart("k", "t", list("abcd"), [Series("s", points)], str).plane())
    for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", plane):
        assert 0 <= float(x) <= 1000
        assert 0 <= float(y) <= 1000


def test_names_are_text() -> None:
    bad = '<script>"&'
    chart = line_chart("k", bad, [bad], [Series(bad, [Point(1.0, text=bad)])], lambda _: bad)
    drawn = str(chart.plane() + chart.x_axis() + chart.y_axis())
    assert "<script>" not in drawn
    assert "&lt;script&gt;" in drawn


def test_an_effect_lies_on_its_side_of_zero() -> None:
    chart = effect_chart("k", "t", [Effect("up", 0.1, 0.05, 0.15, "", "good"), Effect("none", None, None, None, "")], str)
    zero = float(chart.zero)
    ends = [
        float(one) for one in re.findall(r'class="span good" x1="([\d.]+)%" x2="([\d.]+)%"', str(chart.row(chart.rows[0])))[0]
    ]
    assert zero < ends[0] < ends[1]
    assert "circle" not in str(chart.row(chart.rows[1]))


@pytest.mark.parametrize(
    ("value", "look"), [(0.12, "good"), (0.07, "open"), (0.03, "bad")]
)  # fmt: skip
def test_a_mark_shows_the_target_met_or_missed(value: float, look: str) -> None:
    assert f'<circle class="{look}"' in benchmark_mark(value, None, None, (0.05, 0.15), 0.10)


def test_without_values_there_is_nothing_to_draw() -> None:
    assert benchmark_mark(None, None, None, (0.05, 0.15), 0.10) == ""
    assert benchmark_mark(0.1, None, None, None, None) == ""
    assert spark([None, 1.0, None]) == ""
    assert "polyline" in spark([1.0, None, 2.0])
