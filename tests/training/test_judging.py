from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.core.choice import Choice, ChosenSource, Task
from endcap.measurement.metrics.base import Answers, Floats
from endcap.replay.held_out import HeldOut, Window
from endcap.testing.histories import example
from endcap.training.candidates import Candidate, Kind
from endcap.training.gate import verdict
from endcap.training.judging import FEW_ACTS, Judged, cold, overall, pick

CLUSTERS = np.arange(400, dtype=np.int64)
NOTHING = Answers.single(np.zeros(0), np.zeros((0, 0), np.int32), np.zeros(0, np.int64))


def judged(kind: Kind, values: Floats) -> Judged:
    choice = Choice(task="basket", sources=(ChosenSource(artifact="a"),))
    return Judged(Candidate(kind, kind, choice), NOTHING, values)


def noise(seed: int, mean: float = 0.5) -> Floats:
    return np.random.default_rng(seed).normal(mean, 0.2, len(CLUSTERS))


def test_noise_never_replaces_what_serves() -> None:
    """Twenty fields of equals: the better half of them has a higher mean by chance."""
    for seed in range(20):
        field = [judged("serving", noise(seed)), judged("single", noise(100 + seed)), judged("blend", noise(200 + seed))]
        kept = pick(field, CLUSTERS).candidate.kind
        gains = [one.values.mean() - field[0].values.mean() for one in field[1:]]
        if max(gains) <= 0:
            assert kept == "serving"
    assert (
        sum(
            pick([judged("serving", noise(seed)), judged("blend", noise(300 + seed))], CLUSTERS).candidate.kind != "serving"
            for seed in range(40)
        )
        <= 3
    ), "a one-sided error of 2.5 %"


def test_what_is_better_for_sure_is_taken_however_complicated() -> None:
    base = noise(0)
    field = [judged("ranker", base + 0.1), judged("single", base), judged("blend", base + 0.05), judged("serving", base - 0.05)]
    assert pick(field, CLUSTERS).candidate.kind == "ranker"


def test_of_equals_the_simplest_is_kept() -> None:
    base = noise(0)
    field = [judged(kind, base) for kind in ("ranker", "blend", "default", "single")]
    assert pick(field, CLUSTERS).candidate.kind == "single"


def test_whole_clusters_are_drawn() -> None:
    """Four hundred queries of two visits: what looks sure query by query is an accident of one visit."""
    better = noise(0)
    better[:200] += 0.2
    two = np.repeat([0, 1], 200)
    assert pick([judged("single", noise(0)), judged("blend", better)], CLUSTERS).candidate.kind == "blend"
    assert pick([judged("single", noise(0)), judged("blend", better)], two).candidate.kind == "single"


def test_the_gate_passes_what_is_equal_or_better_and_refuses_what_may_be_worse() -> None:
    base = noise(0)
    clusters: dict[Task, NDArray[np.int64]] = {"basket": CLUSTERS}
    assert verdict({"basket": base}, {"basket": base}, clusters).passes
    assert verdict({"basket": base + 0.01}, {"basket": base}, clusters).passes
    assert not verdict({"basket": base - 0.01}, {"basket": base}, clusters).passes
    doubtful = verdict({"basket": noise(1)}, {"basket": noise(2)}, clusters)
    assert doubtful.gain.low < 0 < doubtful.gain.high
    assert not doubtful.passes


def test_no_task_may_pay_for_another() -> None:
    base = noise(0)
    found = verdict(
        {"basket": base + 0.5, "session": base - 0.01},
        {"basket": base, "session": base},
        {"basket": CLUSTERS, "session": CLUSTERS},
    )
    assert found.gain.low > 0
    assert found.tasks["session"].high < 0
    assert not found.passes


def test_tasks_count_alike_however_many_questions_they_have() -> None:
    differences = {"basket": (np.ones(10), np.arange(10)), "session": (np.zeros(1_000), np.arange(1_000))}
    found = overall(differences)  # type: ignore[arg-type]
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_a_question_is_cold_when_nothing_that_is_right_was_seen_often() -> None:
    data = example(*["2000-01-01 mug"] * FEW_ACTS, *["2000-01-02 tea"] * (FEW_ACTS - 1))
    held_out = HeldOut.of([[], [], [], []], [[0], [1], [1, 0], [-1]], [0, 1, 2, 3], known_barred=True)
    assert cold(Window(data, held_out, ())).tolist() == [False, True, False, True]


def test_figures_round_so_that_equals_have_no_width() -> None:
    third = np.full(400, 1 / 3)
    found = overall({"basket": (third, CLUSTERS)})
    assert found.low == found.high == pytest.approx(1 / 3, abs=1e-6)
