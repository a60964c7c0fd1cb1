from __future__ import annotations

from pathlib import Path

from endcap.bench.answer import TREES, measure


def test_the_parts_of_an_answer_are_measured(tmp_path: Path) -> None:
    figures = measure(tmp_path, rounds=2, n_events=30_000, n_items=800, n_questions=40).figures
    assert figures["trees"] == TREES
    assert 40 < figures["candidates"] < figures["wide_candidates"]
    parts = sum(figures[f"{name}_us_p50"] for name in ("sources", "features", "trees"))
    assert 0 < parts < 1.5 * figures["answer_us_p50"]
    assert figures["answer_us_quietest_p99"] <= figures["answer_us_p99"]
    assert figures["answer_us_p50"] <= figures["answer_us_p99"]
    assert not list(tmp_path.iterdir())
