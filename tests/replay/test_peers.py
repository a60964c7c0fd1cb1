"""Other libraries, as far as they are installed: the light ones are part of the development environment."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from scipy import sparse

from endcap import registry
from endcap.core.choice import Asking
from endcap.core.events import KIND
from endcap.replay.peers import Asker, answer_peers
from endcap.replay.peers.base import Peer, history_of
from endcap.replay.peers.mlxtend_rules import MlxtendRules
from endcap.replay.protocols.basket import BasketProtocol
from endcap.replay.protocols.purchase import PurchaseProtocol
from tests.replay.protocols.histories import history
from tests.replay.worlds import orders, themed

INSTALLED = [
    name
    for name in registry.names("peers")
    if issubclass(kind := registry.find("peers", name), Peer) and find_spec(kind.module.split(".")[0]) is not None
]
THEMES = sparse.csr_matrix(np.kron(np.eye(4, dtype=np.float32), np.ones((30, 5), np.float32)))
"""Thirty groups for each of four themes of five items."""


def peer(name: str) -> Peer:
    built = registry.build("peers", name)
    assert isinstance(built, Peer)
    return built


def test_the_light_ones_are_here() -> None:
    assert {"implicit_als", "implicit_bm25", "implicit_bpr", "implicit_cosine", "implicit_tfidf", "mlxtend_rules"} <= set(
        INSTALLED
    )


@pytest.mark.parametrize("name", INSTALLED)
@pytest.mark.filterwarnings("ignore")
def test_the_rest_of_a_theme_comes_first(name: str) -> None:
    model = peer(name).fit(THEMES, 1)
    rows = np.array([5, 6], np.int32)
    answer = model.recommend(rows, np.ones(2, np.float32), 3, own=False)
    assert sorted(answer.rows.tolist()) == [7, 8, 9]
    assert (np.diff(answer.scores) <= 0).all()


@pytest.mark.parametrize("name", INSTALLED)
@pytest.mark.filterwarnings("ignore")
def test_own_items_are_left_out_or_not(name: str) -> None:
    model = peer(name).fit(THEMES, 1)
    asked = np.array([5, 6, 7], np.int32), np.ones(3, np.float32)
    assert not {5, 6, 7} & set(model.recommend(*asked, 20, own=False).rows.tolist())
    assert {5, 6, 7} <= set(model.recommend(*asked, 20, own=True).rows.tolist())


def test_rules_score_by_the_best_one_that_holds() -> None:
    # Of four baskets with item 0 three hold item 1 and one holds item 2; both with item 3 hold item 2.
    baskets = sparse.csr_matrix(
        np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 1, 1], [0, 0, 1, 1]], "f4")
    )
    model = MlxtendRules(min_support=0.1).fit(baskets, 1)
    answer = model.recommend(np.array([0, 3], np.int32), np.ones(2, np.float32), 10, own=False)
    assert answer.rows.tolist() == [2, 1]
    assert answer.scores.tolist() == pytest.approx([1.0, 0.75])


def test_each_is_tuned_and_asked_on_the_split_of_the_others() -> None:
    protocol = BasketProtocol(orders(themed(400)))
    left_out: dict[str, str] = {}
    window = protocol.window(0)
    found = {one.name: one for one in answer_peers(registry.names("peers"), "basket", window, protocol.window(1), left_out)}
    assert set(found) == set(INSTALLED)
    assert set(left_out) == set(registry.names("peers")) - set(INSTALLED)
    for name, one in found.items():
        assert (one.answers.best_ranks <= 10).mean() > 0.6, name
        assert one.seconds > 0
        assert one.peak_mb > 10
        assert 0 < one.micros[0] <= one.micros[1]
        assert one.chosen.trials == len(list(peer(name).settings("basket")))
    assert all("pip install" in why for why in left_out.values())


def test_what_is_not_made_for_a_task_is_left_out() -> None:
    protocol = BasketProtocol(orders(themed(400)))
    left_out: dict[str, str] = {}
    list(answer_peers(registry.names("peers"), "cold_start", protocol.window(0), protocol.window(1), left_out))
    assert set(left_out) == set(registry.names("peers"))


def test_acts_count_alike_or_by_their_type_on_both_sides() -> None:
    given = history("1 ann view mug", "2 ann purchase mug", "3 ann view tea", "4 bob view milk", test=["9 ann purchase milk"])
    window = PurchaseProtocol(given).window(0)
    assert history_of("purchase", window.train, by_event=False).toarray().tolist() == [[1, 1, 0], [0, 0, 1]]
    assert history_of("purchase", window.train, by_event=True).toarray().tolist() == [[6, 1, 0], [0, 0, 1]]
    seen: list[tuple[list[int], list[float]]] = []

    class Noting:
        def recommend(self, rows, weights, count, *, own):  # type: ignore[no-untyped-def]
            seen.append((rows.tolist(), weights.tolist()))
            return np.empty(0, np.int64), np.empty(0)

    for by_event in (False, True):
        Asker(Noting(), window.held_out, Asking(), by_event=by_event).answer(0)
    assert seen == [([1, 0], [1.0, 1.0]), ([1, 0], [1.0, 6.0])]
    assert KIND["purchase"] in window.train.interactions.kinds.tolist()
