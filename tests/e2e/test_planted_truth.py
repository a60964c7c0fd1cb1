"""What training finds in the synthetic shop is what was planted there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from endcap.artifacts.bundle import Bundle
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.demo.state import SHOP
from endcap.stores import sqlite
from endcap.synthetic.shop import make_shop
from endcap.synthetic.truth import Truth
from tests.e2e.conftest import Demo


@pytest.fixture(scope="module")
def truth(demo: Demo) -> Truth:
    return make_shop(demo.prepared.seed, demo.prepared.end_ms).truth


@pytest.fixture(scope="module")
def bundle(demo: Demo) -> Iterator[Bundle]:
    home = sqlite.open_home(demo.home)
    try:
        stores = home.open(SHOP)
        active = stores.bundles.active()
        assert active is not None
        yield stores.bundles.load(active)
    finally:
        home.close()


def _precision(bundle: Bundle, artifact: str, truth: Truth, planted: str, k: int = 3) -> tuple[float, float]:
    """The share of an item's first k neighbours that were planted, over items with k neighbours; and what chance would give."""
    neighbors = bundle.artifacts[artifact]
    assert isinstance(neighbors, ItemNeighbors)
    hits, chances = [], []
    for row, item_id in enumerate(bundle.item_ids):
        found = neighbors.indices[neighbors.indptr[row] : neighbors.indptr[row + 1]][:k]
        if len(found) == k:
            right = getattr(truth, planted)(item_id)
            hits.append(np.mean([bundle.item_ids[one] in right for one in found]))
            chances.append(len(right) / (len(bundle.item_ids) - 1))
    return float(np.mean(hits)), float(np.mean(chances))


def test_bought_together_are_the_planted_complements(bundle: Bundle, truth: Truth) -> None:
    found, chance = _precision(bundle, "co_purchase", truth, "complements")
    assert found > 0.75
    assert found > 50 * chance


def test_bought_together_are_hardly_ever_substitutes(bundle: Bundle, truth: Truth) -> None:
    found, _ = _precision(bundle, "co_purchase", truth, "substitutes")
    assert found < 0.05


def test_viewed_next_serves_the_same_need(bundle: Bundle, truth: Truth) -> None:
    same, chance = _precision(bundle, "viewed_next", truth, "substitutes")
    higher, _ = _precision(bundle, "viewed_next", truth, "upgrades")
    assert same + higher > 0.3
    assert same > 20 * chance
