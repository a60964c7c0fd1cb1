"""The model of what a shop needs, against a small shop that is really built."""

from __future__ import annotations

from pathlib import Path

import pytest

from endcap.bench.built_size import ANSWERS, EVENTS_A_PERSON, build
from endcap.bench.shop import N_ARTIFACTS
from endcap.bench.sizing import LIVE_MOST, Wanted, measured, size_of

PRODUCTS, NEIGHBORS, PEOPLE = 9_000, 25, 1_500


@pytest.mark.slow
def test_a_shop_that_is_built_takes_what_the_model_says(tmp_path: Path) -> None:
    build(tmp_path / "first", products=1_000, neighbors=NEIGHBORS, people=100)  # what a process allocates once is allocated here
    small = build(tmp_path / "small", products=3_000, neighbors=NEIGHBORS, people=PEOPLE)
    built = build(tmp_path / "shop", products=PRODUCTS, neighbors=NEIGHBORS, people=PEOPLE)
    wanted = Wanted(
        products=PRODUCTS, events_per_day=PEOPLE * EVENTS_A_PERSON, people=PEOPLE, answers_per_day=ANSWERS, retention_days=1,
        hot_days=1, decision_days=1, neighbors=NEIGHBORS, artifacts=N_ARTIFACTS,
    )  # fmt: skip
    said = size_of(wanted, measured())
    grown = (built.memory - small.memory) / (PRODUCTS - 3_000) * PRODUCTS  # what the process holds whatever the shop is left out
    assert said.memory["products"] + said.memory["bundle"] == pytest.approx(grown, rel=0.25)
    assert said.memory["histories"] == pytest.approx(built.memory_of_histories, rel=0.25)
    assert said.disk["products"] + said.disk["bundles"] == pytest.approx(built.catalog_disk + 2 * built.bundle_disk, rel=0.25)
    assert said.disk["events_hot"] == pytest.approx(built.log_disk, rel=0.25)
    assert said.disk["event_ids"] == pytest.approx(built.id_disk, rel=0.25)
    assert said.disk["events_archived"] == pytest.approx(built.archive_disk, rel=0.25)
    assert said.disk["histories"] == pytest.approx(built.history_disk, rel=0.25)
    assert said.disk["decisions"] == pytest.approx(built.decision_disk, rel=0.25)


def test_totals_are_sums_and_memory_of_histories_is_bounded() -> None:
    wanted = Wanted(products=1_000, events_per_day=86_400.0, people=10 * LIVE_MOST, answers_per_day=86_400.0)
    size = size_of(wanted, measured())
    assert size.memory_bytes == sum(size.memory.values())
    assert size.disk_bytes == sum(size.disk.values())
    assert size.memory["histories"] == LIVE_MOST * measured().history_bytes
    assert size.load == {"answers_per_s_at_peak": 4.0, "events_per_s_at_peak": 4.0}
    assert size.cores == pytest.approx(2 * 4.0 * (measured().answer_us + measured().event_us) / 1e6)
