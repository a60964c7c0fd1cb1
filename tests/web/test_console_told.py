"""Figures in words: units, intervals, what is usual, and when a change is called good or bad."""

from __future__ import annotations

import pytest

from endcap.measurement.figures import Figure
from endcap.web.console.told import told
from endcap.web.console.words import NARROW, duration, money, percent


def plain(text: str) -> str:
    return text.replace(NARROW, " ")


def test_a_share_is_written_with_its_interval() -> None:
    shown = told("ctr", Figure(value=0.123, low=0.118, high=0.129), None)
    assert plain(f"{shown.value} {shown.interval}") == "12.3 % (11.8–12.9 %)"


def test_money_is_written_in_the_shops_currency() -> None:
    shown = told("incremental_revenue", Figure(value=14_050.4, low=-320.59, high=27_780.0), "EUR")
    assert plain(f"{shown.value} {shown.interval}") == "€14 050 (−€320.59 to €27 780)"


def test_a_missing_figure_has_its_reason() -> None:
    shown = told("revenue_lift", Figure(reason="too few people"), "EUR")
    assert (shown.value, shown.reason, shown.interval) == ("–", "Too few people.", "")


@pytest.mark.parametrize(
    ("name", "now", "before", "tone"),
    [
        ("ctr", (0.12, 0.11, 0.13), (0.10, 0.09, 0.105), "good"),
        ("ctr", (0.10, 0.09, 0.105), (0.12, 0.11, 0.13), "bad"),
        ("ctr", (0.12, 0.10, 0.14), (0.10, 0.09, 0.11), ""),
        ("cart_abandonment", (0.80, 0.78, 0.82), (0.70, 0.68, 0.72), "bad"),
        ("popularity_share", (0.80, 0.78, 0.82), (0.70, 0.68, 0.72), ""),
        ("orders", (200, None, None), (100, None, None), ""),
    ],
)  # fmt: skip
def test_a_change_is_called_good_or_bad_only_where_chance_does_not_explain_it(
    name: str, now: tuple[float, float | None, float | None], before: tuple[float, float | None, float | None], tone: str
) -> None:
    figures = [Figure(value=value, low=low, high=high) for value, low, high in (now, before)]
    shown = told(name, figures[0], None, figures[1])
    assert shown.tone == tone
    assert shown.change
    assert shown.arrow == ("up" if now[0] > before[0] else "down")


def test_a_benchmark_is_that_of_the_place() -> None:
    figure = Figure(value=0.06, low=0.05, high=0.07)
    assert "usual for product pages: 5.00 % to 15.0 %; target: 10.0 %" in plain(
        told("ctr", figure, None, placement="product").usual
    )
    assert "target: 5.00 %" in plain(told("ctr", figure, None, placement="email").usual)
    assert 'class="good"' in told("ctr", figure, None, placement="email").mark
    assert 'class="open"' in told("ctr", figure, None, placement="product").mark
    assert told("ctr", figure, None).mark == ""


def test_words_for_numbers_at_their_edges() -> None:
    assert [plain(percent(one)) for one in (0, 1, -0.05, 0.99949, 0.0000001)] == ["0 %", "100 %", "−5.00 %", "99.9 %", "0 %"]
    assert [plain(money(one, "JPY")) for one in (0, 999_999, -3)] == ["¥0", "¥999 999", "−¥3"]
    assert [plain(duration(one)) for one in (0, 999.6, 59_999, 86_400_000)] == ["0 ms", "1 s", "60 s", "1 day"]
