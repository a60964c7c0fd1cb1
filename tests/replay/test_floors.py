"""What simple methods reach on public data, on parts that were never the test part."""

from __future__ import annotations

from pathlib import Path

import pytest

from endcap.algorithms.base import Algorithm
from endcap.algorithms.sequential_rules import SequentialRules
from endcap.algorithms.session_knn import SessionKNN
from endcap.core.choice import Asking
from endcap.measurement.metrics.hit_rate import HitRate
from endcap.replay.answering import answer
from endcap.replay.held_out import EvaluationProtocol
from endcap.replay.layouts import order_layout, session_layout
from endcap.replay.orders import Orders
from endcap.replay.protocols.basket import BasketProtocol
from endcap.replay.protocols.session import SessionProtocol
from endcap.replay.tuning import fit, tune


@pytest.fixture(scope="module")
def online_retail(data_dir: Path) -> Orders:
    path = data_dir / "online_retail"
    return order_layout(path, None).read(path)


def sessions(folder: Path) -> SessionProtocol:
    return SessionProtocol(session_layout(None).read(folder / "train_sessions.csv.gz", folder / "test_prefixes.jsonl.gz"))


def hit_rate(name: str, protocol: EvaluationProtocol, k: int) -> float:
    """On the validation part, with settings chosen inside what is learnt from."""
    window, inner = protocol.window(1), protocol.window(2)
    choice = tune(name, inner, protocol.task, seed=1)
    answers = answer(fit(choice.algorithm, window.train, 1), window, choice.asking)
    return float(HitRate(k=k).values(answers).mean())


def test_the_windows_of_online_retail_have_the_published_sizes(online_retail: Orders) -> None:
    protocol = BasketProtocol(online_retail)
    test, validation = protocol.window(0), protocol.window(1)
    assert len(online_retail) == 18_273
    assert (test.train.n_items, len(test.train.baskets), len(test.held_out)) == (3_340, 16_435, 5_360)
    assert (validation.train.n_items, len(validation.held_out)) == (3_290, 4_855)


def test_the_windows_of_instacart_have_the_published_sizes(data_dir: Path) -> None:
    path = data_dir / "instacart"
    test = BasketProtocol(order_layout(path, None).read(path)).window(0)
    assert (test.train.n_items, len(test.train.baskets), len(test.held_out)) == (19_654, 111_468, 29_312)


# The floors are those that the methods reach on the test part; the validation part of Online Retail is some .02 easier, that of
# RetailRocket some .02 harder.
@pytest.mark.slow
@pytest.mark.parametrize(("name", "floor"), [("co_purchase", 0.28), ("item_knn", 0.25), ("association_rules", 0.26)])
def test_baskets_of_online_retail_are_completed_as_well_as_published(online_retail: Orders, name: str, floor: float) -> None:
    assert hit_rate(name, BasketProtocol(online_retail), 10) >= floor


# Settings as a shop's training begins with: to search them on this many visits would take minutes.
@pytest.mark.slow
@pytest.mark.parametrize("folder", ["diginetica", "retailrocket_sessions"])
@pytest.mark.parametrize(
    ("algorithm", "asking"),
    [(SequentialRules(repeats=5.0), Asking(last=20, decay=2.0)), (SessionKNN(repeats=2.0), Asking(last=20, decay=4.0))],
)
def test_visits_go_on_as_the_best_counting_methods_say(data_dir: Path, folder: str, algorithm: Algorithm, asking: Asking) -> None:
    window = sessions(data_dir / folder).window(1)
    answers = answer(fit(algorithm, window.train, 1), window, asking)
    assert float(HitRate(k=20).values(answers).mean()) >= 0.53
