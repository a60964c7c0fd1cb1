from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import numpy as np
from scipy import sparse

from endcap.artifacts.base import Artifact
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.catalog import Item
from endcap.core.choice import Asking
from endcap.measurement.metrics.base import MISS
from endcap.replay.answering import DEPTH, answer
from endcap.replay.held_out import HeldOut, Window
from endcap.replay.protocols.basket import BasketProtocol
from endcap.replay.protocols.session import SessionProtocol
from endcap.replay.protocols.upsell import UpsellProtocol
from endcap.replay.shipped import SPOT, ShippedEngine, pessimistic_rank
from endcap.serving.placements import shipped
from tests.replay.protocols.histories import history
from tests.replay.worlds import clicks, orders, themed

N_ITEMS = 30


def random_window(seed: int, n_items: int = N_ITEMS) -> Window:
    """A window whose vocabulary is large enough for full lists."""
    base = BasketProtocol(orders(themed(400, themes=3, items=10))).window(0)
    assert base.train.n_items == n_items
    rng = np.random.default_rng(seed)
    known = [rng.choice(n_items, 3, replace=False).tolist() for _ in range(40)]
    targets = [int(rng.choice([row for row in range(n_items) if row not in rows])) for rows in known]
    return Window(base.train, HeldOut.of(known, targets, range(40), known_barred=True), base.products)


def neighbors(seed: int, n_items: int = N_ITEMS) -> ItemNeighbors:
    rng = np.random.default_rng(seed)
    dense = rng.random((n_items, n_items)) * (rng.random((n_items, n_items)) < 0.15)
    return ItemNeighbors.of(sparse.csr_array(dense), "bought_together")


def test_with_one_source_the_engine_lists_what_the_batch_lists() -> None:
    window = random_window(1)
    artifact = neighbors(2)
    engine = ShippedEngine({"co_purchase": artifact}, window, "basket").answer()
    batch = answer(artifact, window, Asking())
    several = 0
    for q in range(len(batch)):
        proposed = batch.lists[q][batch.lists[q] >= 0]
        several += len(proposed) > 1
        assert engine.lists[q, : len(proposed)].tolist() == proposed.tolist()
        if np.isfinite(batch.ranks[q]) and batch.ranks[q] <= len(proposed):
            assert engine.ranks[q] == batch.ranks[q]
    assert several > 30


def test_the_list_goes_on_with_the_shelfs_fallback() -> None:
    window = random_window(1)
    popularity = ItemScores.of(np.arange(N_ITEMS, 0, -1), "popular")
    found = ShippedEngine({"co_purchase": neighbors(2), "popularity": popularity}, window, "basket").answer()
    assert (found.lists >= 0).all()
    assert found.lists.shape == (40, DEPTH)
    for q in range(40):
        known = window.held_out.rows[window.held_out.starts[q] : window.held_out.starts[q + 1]]
        assert not set(found.lists[q].tolist()) & set(known.tolist())


def test_sessions_are_asked_with_the_newest_first() -> None:
    sessions = [["a", "b", "c", "d"]] * 50
    window = SessionProtocol(clicks(sessions, [(["a", "b"], "c"), (["b", "a"], "c")])).window(0)
    # After a comes c, after b comes d: what was seen last counts most.
    dense = np.zeros((4, 4))
    dense[0, 2], dense[1, 3] = 1.0, 1.0
    artifacts: dict[str, Artifact] = {"viewed_again": ItemNeighbors.of(sparse.csr_array(dense), "viewed_next")}
    found = ShippedEngine(artifacts, window, "session").answer()
    assert found.ranks.tolist() == [2.0, 1.0]


def test_an_upgrade_is_asked_for_on_the_page_of_the_product_among_the_candidates() -> None:
    prices = {"plain": "10", "fine": "15", "finer": "20", "finest": "21"}
    shop = [
        Item(item_id=name, title=name, category=("mugs",), price=Decimal(price), currency="EUR") for name, price in prices.items()
    ]
    past = [f"{day} filler purchase plain" for day in range(1, 19)]
    window = UpsellProtocol(history(*past, "30 ann view plain", "30 ann purchase finer", products=shop)).window(0)
    dense = np.zeros((4, 4))
    dense[0] = [0.0, 1.0, 2.0, 3.0]  # The finest is proposed first, and costs more than twice as much.
    found = ShippedEngine({"upgrades": ItemNeighbors.of(sparse.csr_array(dense), "upgrade")}, window, "upsell").answer()
    assert found.lists[0, :3].tolist() == [2, 1, -1]
    assert found.ranks.tolist() == [1.0]
    assert found.gains is not None
    assert found.gains.tolist() == [10.0]


def test_variants_of_one_product_stand_side_by_side_as_they_do_in_every_other_row() -> None:
    window = random_window(1)
    alike = tuple(msgspec.structs.replace(item, family="mugs") for item in window.products)
    plainly = tuple(window.products)
    scores = {"popularity": ItemScores.of(np.arange(N_ITEMS, 0, -1), "popular")}
    found, plain = (ShippedEngine(scores, replace(window, products=one), "basket").answer() for one in (alike, plainly))
    np.testing.assert_array_equal(found.lists, plain.lists)


def test_ties_count_against_the_engine() -> None:
    scores = [5.0, 4.0, 4.0, 3.0, 3.0]
    assert [pessimistic_rank(scores, place, asked=6) for place in range(5)] == [1.0, 3.0, 3.0, 5.0, 5.0]
    # Five were asked for and five came: the last ones may tie with a sixth that was cut off.
    assert [pessimistic_rank(scores, place, asked=5) for place in range(5)] == [1.0, 3.0, 3.0, MISS, MISS]


def test_the_spots_are_shipped() -> None:
    for placement, shelf in SPOT.values():
        assert shelf in [one.name for one in shipped()[placement].shelves]
