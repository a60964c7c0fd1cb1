from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from endcap.algorithms.co_purchase import CoPurchase
from endcap.core.choice import Asking, Task
from endcap.core.interactions import Dataset
from endcap.measurement.metrics.base import Answers
from endcap.measurement.metrics.hit_rate import HitRate
from endcap.replay.answering import answer
from endcap.replay.evaluation import Published, evaluate, metrics
from endcap.replay.held_out import Window
from endcap.replay.protocols.basket import BasketProtocol
from endcap.replay.protocols.session import SessionProtocol
from endcap.replay.report import Evaluation, Row
from endcap.replay.tuning import fit
from endcap.replay.wanted import Wanted
from endcap.training.job import fit_all
from tests.replay.worlds import clicks, orders, themed

BASKETS = themed(900)
VISITS = themed(1_000, size=4)
ASKED = [(visit[:at], visit[at]) for visit in themed(60, size=4, seed=1) for at in (3, 2, 1)]


def publish(data: Dataset) -> Published:
    made, choices, _ = fit_all(data, 1, tune=False)
    return Published({name: one.artifact for name, one in made.items()}, choices)


def hit_rate(row: Row) -> float:
    return row.metrics["hit_rate@10"].value


def rows(found: Evaluation) -> dict[str, Row]:
    return {row.name: row for row in found.report.rows}


@pytest.fixture(scope="module")
def baskets() -> Evaluation:
    return evaluate(BasketProtocol(orders(BASKETS)), "themes", publish)


@pytest.fixture(scope="module")
def sessions() -> Evaluation:
    return evaluate(SessionProtocol(clicks(VISITS, ASKED)), "themes", publish)


def test_baskets_of_one_theme_are_easy_for_what_sees_themes(baskets: Evaluation) -> None:
    by_name = rows(baskets)
    # A theme has twelve items of which two are known: ten items hold the target. By popularity it is ten of ninety-six.
    assert hit_rate(by_name["co_purchase"]) > 0.9
    assert hit_rate(by_name["endcap"]) > 0.9
    assert 0.03 < hit_rate(by_name["popularity"]) < 0.25


def test_sessions_of_one_theme_are_easy_for_what_sees_themes(sessions: Evaluation) -> None:
    by_name = rows(sessions)
    assert hit_rate(by_name["sequential_rules"]) > 0.8
    assert hit_rate(by_name["endcap"]) > 0.8
    assert hit_rate(by_name["popularity"]) < 0.25
    assert "co_purchase" not in by_name
    assert "co_purchase" in sessions.left_out


def test_every_row_has_every_figure(baskets: Evaluation, sessions: Evaluation) -> None:
    for found in (baskets, sessions):
        assert found.report.rows[0].name == "popularity"
        assert found.report.rows[-1].name == "endcap"
        for row in found.report.rows:
            assert {"hit_rate@10", "hit_rate@20", "mrr@10", "mrr@20", "ndcg@10", "coverage@10"} <= set(row.metrics)
            assert all(one.low <= one.value <= one.high for one in row.metrics.values())
            assert row.fit_seconds > 0
            assert row.peak_mb > 10
            assert 0 < row.query_us_p50 <= row.query_us_p99


def test_differences_are_paired_and_agree_with_the_rows(baskets: Evaluation) -> None:
    by_name = rows(baskets)
    one = next(d for d in baskets.differences if (d.row, d.against) == ("endcap", "popularity"))
    gain = one.metrics["hit_rate@10"]
    assert gain.value == pytest.approx(hit_rate(by_name["endcap"]) - hit_rate(by_name["popularity"]), abs=2e-6)
    assert 0 < gain.low < gain.value < gain.high
    compared = {(d.row, d.against) for d in baskets.differences}
    assert {(name, "popularity") for name in by_name if name != "popularity"} <= compared


class Noted:
    """A protocol that notes which windows are cut."""

    def __init__(self, protocol: BasketProtocol) -> None:
        self._protocol = protocol
        self.depths: list[int] = []

    @property
    def task(self) -> Task:
        return "basket"

    @property
    def name(self) -> str:
        return self._protocol.name

    def window(self, depth: int) -> Window:
        self.depths.append(depth)
        return self._protocol.window(depth)


def test_the_validation_part_leaves_the_test_part_alone() -> None:
    protocol = Noted(BasketProtocol(orders(themed(300))))
    found = evaluate(protocol, "themes", publish, portion="validation")
    assert protocol.depths == [1, 2]
    assert found.portion == "validation"


def test_nothing_is_learnt_from_what_is_asked() -> None:
    """Test baskets follow another pattern than training baskets: whoever has not seen them cannot complete them.

    Training baskets pair items by theme, test baskets hold one item of each of three themes. A method that has seen the test
    part knows those companions; one that has not is no better than chance.
    """
    rng = np.random.default_rng(5)
    train = themed(900)
    themes = [[f"t{theme}i{number}" for theme in range(3)] for number in rng.integers(0, 12, 100)]
    found = evaluate(BasketProtocol(orders(train + themes)), "leak", publish)
    for row in found.report.rows:
        assert hit_rate(row) < 0.3, f"{row.name} knows what only the test part shows"
    window = BasketProtocol(orders(train[:800] + themes * 5)).window(0)
    seen = answer(fit(CoPurchase(), window.train, 1), window, Asking())
    assert float(HitRate(k=10).values(seen).mean()) > 0.9


def test_only_the_rows_asked_for_are_run_beside_the_baselines() -> None:
    protocol = BasketProtocol(orders(BASKETS))

    def never(_data: Dataset) -> Published:
        raise AssertionError

    wanted = Wanted.of(["co_purchase", "sequential_rules"])
    found = evaluate(protocol, "themes", never, wanted=wanted)
    assert list(rows(found)) == ["popularity", "co_purchase", "popular, 7 days"]
    assert [one.row for one in found.chosen] == ["popularity", "co_purchase"]
    assert list(found.left_out) == ["sequential_rules"]
    assert found.report.strongest == "co_purchase"
    whole = evaluate(protocol, "themes", publish, wanted=Wanted.of(["endcap"]))
    assert list(rows(whole)) == ["popularity", "popular, 7 days", "endcap"]
    assert whole.left_out == {}


def test_metrics_for_several_targets_appear_only_where_there_are_several() -> None:
    lists = np.zeros((1, 0), dtype=np.int32)
    single = Answers.single(np.ones(1), lists, np.ones(1, np.int64))
    several = replace(single, ranks=np.array([1.0, 2.0]), indptr=np.array([0, 2]))
    assert "recall@10" not in metrics(single)
    assert {"recall@10", "precision@10", "average_precision@20"} <= set(metrics(several))
