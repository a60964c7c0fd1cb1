from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from endcap.measurement.metrics.hit_rate import HitRate
from endcap.measurement.metrics.revenue_weighted_hit import RevenueWeightedHit
from endcap.measurement.metrics.rmse import RMSE
from endcap.replay.comparison import Measured, compare, holm, slices, two_sided
from endcap.replay.held_out import HeldOut, Window
from endcap.replay.report import Estimate
from tests.replay.worlds import basket_window

N = 400


def window(targets: list[int] | None = None, *, alike: bool = False) -> Window:
    known = [[0]] * N
    held_out = HeldOut.of(known, targets or [1] * N, [q // 2 for q in range(N)], known_barred=True)
    if alike:
        held_out = HeldOut(**{name: getattr(held_out, name) for name in HeldOut.__slots__} | {"clusters_alike": True})
    return Window(basket_window(n_items=4).train, held_out, ())


def measured(name: str, values: list[float], metric: str = "hit_rate@10") -> Measured:
    return Measured(name, {metric: np.array(values)}, 1.0, 2.0, (3.0, 4.0))


def test_rows_are_compared_with_the_baseline_and_with_the_strongest_of_the_others() -> None:
    rng = np.random.default_rng(0)
    rows = [measured(name, (rng.random(N) < share).tolist()) for name, share in (("a", 0.2), ("b", 0.6), ("endcap", 0.9))]
    found = compare(rows, {"hit_rate@10": HitRate()}, window(), baseline="a", ours="endcap", primary="hit_rate@10")
    assert found.strongest == "b"
    assert [(one.row, one.against) for one in found.differences] == [("b", "a"), ("endcap", "a"), ("a", "b"), ("endcap", "b")]
    gain = found.differences[-1]
    assert gain.metrics["hit_rate@10"].value == pytest.approx(
        found.rows[2].metrics["hit_rate@10"].value - found.rows[1].metrics["hit_rate@10"].value, abs=2e-6
    )
    assert gain.metrics["hit_rate@10"].low > 0
    assert gain.p["hit_rate@10"] < 0.01


def test_chance_is_called_chance() -> None:
    rng = np.random.default_rng(1)
    rows = [measured(name, rng.random(N).tolist()) for name in "abcdef"]
    found = compare(rows, {"hit_rate@10": HitRate()}, window(), baseline="a", ours="endcap", primary="hit_rate@10")
    assert all(one.p["hit_rate@10"] > 0.05 for one in found.differences if one.against == found.strongest)


def test_a_figure_that_is_no_mean_has_intervals_of_its_own() -> None:
    rows = [measured("good", [1.0] * N, "rmse"), measured("bad", [4.0] * N, "rmse")]
    found = compare(rows, {"rmse": RMSE()}, window(), baseline="bad", ours="endcap", primary="rmse")
    assert found.strongest == "good"  # less is more
    one = found.rows[1].metrics["rmse"]
    assert (one.value, one.low, one.high) == (2.0, 2.0, 2.0)
    assert found.differences[0].metrics["rmse"].value == -1.0


def test_a_share_of_the_money_stays_a_share() -> None:
    # Every gain is hit, the large ones in few clusters: the drawn money differs much, the share of it does not.
    gains = np.where(np.arange(N) < 8, 100.0, 1.0)
    held_out = replace(window().held_out, target_values=gains.astype(np.float32))
    world = replace(window(), held_out=held_out)
    values = gains / gains.mean()
    name = "revenue_weighted_hit@10"
    rows = [measured("all", values.tolist(), name), measured("dear", (values * (gains > 1)).tolist(), name)]
    found = compare(rows, {name: RevenueWeightedHit()}, world, baseline="all", ours="endcap", primary=name)
    every, dear = (row.metrics[name] for row in found.rows)
    assert (every.value, every.low, every.high) == (1.0, 1.0, 1.0)
    assert dear.value == pytest.approx(800 / 1192, abs=1e-6)
    assert 0 < dear.low < dear.value < dear.high < 1
    nothing = replace(window(), held_out=replace(held_out, target_values=np.zeros(N, np.float32)))
    found = compare([measured("all", [1.0] * N, name)], {name: RevenueWeightedHit()}, nothing, baseline="", ours="", primary=name)
    assert found.rows[0].metrics[name] == Estimate(1.0, 1.0, 1.0)


def test_clusters_may_count_alike() -> None:
    # Cluster 0 has one hit among three queries, cluster 1 one hit in one query.
    held_out = HeldOut.of([[0]] * 4, [1] * 4, [0, 0, 0, 1], known_barred=True)
    assert held_out.weights.tolist() == [1.0] * 4
    alike = HeldOut(**{name: getattr(held_out, name) for name in HeldOut.__slots__} | {"clusters_alike": True})
    rows = [measured("a", [1.0, 0.0, 0.0, 1.0])]
    found = compare(
        rows, {"hit_rate@10": HitRate()}, Window(basket_window(n_items=4).train, alike, ()), baseline="a", ours="x",
        primary="hit_rate@10",
    )  # fmt: skip
    assert found.rows[0].metrics["hit_rate@10"].value == pytest.approx(2 / 3, abs=1e-6)


def test_warm_and_cold_targets_are_slices() -> None:
    cut = window([1, -1] * (N // 2))
    assert {name: int(chosen.sum()) for name, chosen in slices(cut).items()} == {"warm": N // 2, "cold": N // 2}
    assert slices(window()) == {}
    rows = [measured("a", [1.0, 0.0] * (N // 2))]
    found = compare(rows, {"hit_rate@10": HitRate()}, cut, baseline="a", ours="x", primary="hit_rate@10")
    assert found.rows[0].slices == {"warm": {"hit_rate@10": 1.0}, "cold": {"hit_rate@10": 0.0}}


def test_holm_steps_down_and_never_falls_back() -> None:
    p = np.array([[0.01, 0.5], [0.04, 0.5], [0.03, 0.5], [0.005, 0.5]])
    # Ascending .005 × 4, .01 × 3, .03 × 2, then .04 × 1 is no less than what came before.
    assert holm(p).round(3).tolist() == [[0.03, 1.0], [0.06, 1.0], [0.06, 1.0], [0.02, 1.0]]


def test_two_sided_counts_the_smaller_tail_twice() -> None:
    drawn = np.array([[-1.0], [1.0], [2.0], [3.0]])
    assert two_sided(drawn).tolist() == pytest.approx([2 * 2 / 5])
