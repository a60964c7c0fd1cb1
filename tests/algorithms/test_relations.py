from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.stats import nbinom

from endcap.algorithms.base import FitContext
from endcap.algorithms.relations import COMPANIONS, STRANGERS, TWINS, Relations
from endcap.algorithms.upgrades import Upgrades
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.dataset.build import ACTS, build_dataset
from endcap.synthetic.shop import Shop, Size, make_shop
from tests.algorithms import fitted

END_MS = 1_750_000_000_000


def history(products: list[Item], orders: list[list[str]], visits: list[list[str]]) -> Dataset:
    """Orders that no visit led to, and visits that buy nothing."""
    rows: list[tuple[object, ...]]
    rows = [(n, n, KIND["purchase"], f"o{n}", None, item, 1, None) for n, order in enumerate(orders, 1) for item in order]
    start = len(orders) + 1
    rows += [(n, n, KIND["view"], None, f"v{n}", item, 1, None) for n, visit in enumerate(visits, start) for item in visit]
    return build_dataset(pl.DataFrame(rows, schema=ACTS, orient="row"), products)


def kettles(**changes: object) -> list[Item]:
    facts = {"category": ("kitchen",)} | changes
    return [Item(item_id=one, title=one, **facts) for one in ("kettle", "pot", "tea", "hose")]  # type: ignore[arg-type]


ORDERS = [["kettle", "tea"]] * 6 + [["pot", "tea"]] * 5 + [["hose"]] * 600
VISITS = [["kettle", "pot"]] * 8 + [["kettle", "tea"]] * 3 + [["hose"]] * 600


def test_what_is_bought_along_and_what_is_bought_instead() -> None:
    found = fitted(Relations(), history(kettles(), ORDERS, VISITS))
    values = found.matrix().toarray()
    np.testing.assert_allclose(values, values.T)
    kettle, pot, tea, hose = range(4)
    assert values[kettle, tea] > 0.9
    assert values[kettle, pot] < -0.7
    assert abs(values[kettle, hose]) < 0.5
    assert found.pair_facts(kettle, tea)["together"] == 6
    assert found.pair_facts(kettle, pot) == pytest.approx({"value": values[kettle, pot], "together": 0, "apart": 8})


def test_the_score_is_that_of_bayes_rule() -> None:
    found = fitted(Relations(least=1e-6), history(kettles(), ORDERS, VISITS))
    n_orders, n_visits = len(ORDERS), len(VISITS)

    def expected(together: int, apart: int, orders: tuple[int, int], visits: tuple[int, int]) -> float:
        """By hand, for products of one category without a word in common."""
        twin = 0.95 / (1 + np.exp(16 * 0.3))
        companion = 0.02 * (1 - twin)
        bought, seen = orders[0] * orders[1] / n_orders, visits[0] * visits[1] / n_visits
        chances = []
        for prior, (along, beside), shape in (
            (companion, COMPANIONS, 2.0), (twin, TWINS, 2.0), (1 - companion - twin, STRANGERS, 1.0),
        ):  # fmt: skip
            of_orders = nbinom.pmf(together, shape, shape / (shape + bought * along))
            of_visits = nbinom.pmf(apart, shape, shape / (shape + seen * beside))
            chances.append(prior * of_orders * of_visits)
        return float((chances[0] - chances[1]) / sum(chances))

    assert found.pair_facts(0, 2)["value"] == pytest.approx(expected(6, 0, (6, 11), (11, 3)), rel=1e-5)
    assert found.pair_facts(0, 1)["value"] == pytest.approx(expected(0, 8, (6, 5), (11, 8)), rel=1e-5)


def test_words_and_category_decide_where_nobody_acted() -> None:
    others = [Item(item_id=f"o{n}", title=f"thing {n} of {n}", category=("garden",)) for n in range(20)]
    twins = [Item(item_id=one, title=f"{one} steel kettle", category=("kitchen",), brand=one) for one in ("ava", "bor")]
    hoses = [Item(item_id="hose", title="steel kettle", category=("garden",))]
    found = fitted(Relations(), history([*twins, *hoses, *others], [], []))
    assert found.pair_facts(0, 1)["value"] < -0.5
    assert found.pair_facts(0, 2) == {}


def test_words_alone_are_not_enough() -> None:
    products = [Item(item_id=one, title="steel kettle") for one in ("ava", "bor")]
    others = [Item(item_id=f"o{n}", title=f"thing {n} of {n}") for n in range(20)]
    assert fitted(Relations(), history([*products, *others], [], [])).pair_facts(0, 1)["value"] > -0.5


def test_variants_are_substitutes_and_accessories_complements_whatever_people_do() -> None:
    products = kettles()
    said = [
        Item(item_id="red", title="cup", family="cup"),
        Item(item_id="blue", title="cup", family="cup", accessory_of=("pot",)),
    ]
    orders = [["red", "blue"]] * 9 + [["hose"]] * 90
    values = fitted(Relations(), history([*products, *said], orders, [["pot", "red"]] * 9)).matrix().toarray()
    assert values[4, 5] == values[5, 4] == -1.0
    assert values[4, 1] == values[1, 5] == 1.0


def test_variants_share_what_is_known_of_them() -> None:
    cups = [Item(item_id=f"cup{n}", title="cup", family="cup") for n in range(3)]
    orders = [["cup0", "tea"]] * 3 + [["cup1", "tea"]] * 3 + [["hose"]] * 600
    values = fitted(Relations(), history([*kettles(), *cups], orders, [])).matrix().toarray()
    assert values[2, 4] == values[2, 5] == values[2, 6] > 0.9


def test_the_surest_are_kept_on_each_side() -> None:
    products = [Item(item_id=str(n), title=f"thing {n}", category=("kitchen",)) for n in range(12)]
    orders = [["0", str(n)] for n in range(1, 6) for _ in range(n)] + [["11"]] * 60
    visits = [["0", str(n)] for n in range(6, 11) for _ in range(2 * n)] + [["11"]] * 60
    whole, cut = (fitted(Relations(k=k, least=0.01), history(products, orders, visits)) for k in (100, 2))
    row, values = cut.row(0)
    assert (values > 0).sum() == (values < 0).sum() == 2
    assert row.tolist() == [*whole.row(0)[0][:2], *whole.row(0)[0][-2:]]


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(5, END_MS, Size(customers=1_500, guests=2_500))


@pytest.fixture(scope="module")
def learnt(shop: Shop) -> Dataset:
    rows = [
        (n, event.at_ms, KIND[event.type], event.user_id, event.session_id, line.item_id, line.quantity, event.order_id)
        for n, event in enumerate(shop.events, 1)
        if event.type in ("view", "add_to_cart", "purchase", "refund")
        for line in event.lines
    ]
    return build_dataset(pl.DataFrame(rows, schema=ACTS, orient="row"), shop.items)


def planted(shop: Shop, data: Dataset, name: str) -> NDArray[np.bool_]:
    rows = {item_id: row for row, item_id in enumerate(data.item_ids)}
    table = np.zeros((data.n_items, data.n_items), dtype=bool)
    for item_id, row in rows.items():
        table[row, [rows[other] for other in getattr(shop.truth, name)(item_id)]] = True
    return table


def precision_recall(called: NDArray[np.bool_], right: NDArray[np.bool_]) -> tuple[float, float]:
    both = (called & right).sum()
    return float(both / called.sum()), float(both / right.sum())


def test_the_planted_truth_is_found(shop: Shop, learnt: Dataset) -> None:
    context = FitContext(np.random.default_rng(0), learnt.now_ms)
    relations = Relations().fit(learnt, context)
    values = relations.matrix().toarray()
    up = planted(shop, learnt, "upgrades")
    twice_up = (up.astype(np.float32) @ up.astype(np.float32)) > 0
    variants = planted(shop, learnt, "variants")
    need = planted(shop, learnt, "substitutes") | variants | up | up.T | twice_up | twice_up.T
    precision, recall = precision_recall(values <= -0.5, need)
    assert precision > 0.9
    assert recall > 0.9
    complements = planted(shop, learnt, "complements")
    precision, recall = precision_recall(values >= 0.5, complements)
    assert precision > 0.7
    assert recall > 0.4
    assert not (complements & ~need & (values <= -0.5)).sum() > 0.01 * complements.sum()
    better = Upgrades().fit(learnt, FitContext(np.random.default_rng(0), learnt.now_ms, {"relations": relations}))
    assert isinstance(better, ItemNeighbors)
    precision, recall = precision_recall(better.matrix().toarray() > 0, up)
    assert precision > 0.85
    assert recall > 0.85
