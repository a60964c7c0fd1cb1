from __future__ import annotations

import time

import numpy as np

from endcap.algorithms.content import Content
from endcap.core.catalog import Item
from endcap.dataset.build import ACTS, build_dataset
from endcap.testing.algorithms import fit_titles
from tests.algorithms import fitted


def products(*items: Item) -> list[list[int]]:
    found = fitted(Content(), build_dataset(ACTS.to_frame(), items, now_ms=0))
    return [found.row(row)[0].tolist() for row in range(len(items))]


def test_the_same_category_and_brand_and_attributes_make_alike() -> None:
    rows = products(
        Item(item_id="0", title="cup", category=("kitchen", "cups"), brand="Ava", attributes={"colour": "red"}),
        Item(item_id="1", title="mug", category=("kitchen", "cups"), brand="Ava", attributes={"colour": "red"}),
        Item(item_id="2", title="jug", category=("kitchen", "cups"), brand="Bor", attributes={"colour": "blue"}),
        Item(item_id="3", title="hose", category=("garden",), brand="Ava"),
    )
    assert rows[0] == [1, 2, 3]
    assert rows[3] == [0, 1]


def test_words_weigh_by_rarity() -> None:
    titles = [f"{kind} lamp" for kind in ("desk", "floor", "wall", "table")]
    found = fit_titles(Content(category=0.0), "zebra lamp", "zebra rug", *titles)
    assert found.row(0)[0][0] == 1


def test_the_score_is_that_of_the_formula() -> None:
    found = fit_titles(Content(rarity=2.0, length=0.5, word_pairs=0.5), "red mug", "red mug", "mug", "tea")
    mug, red, pair = np.log(5 / 3) ** 2, np.log(5 / 2) ** 2, 0.5 * np.log(5 / 2) ** 2
    rich, poor = mug + red + pair, mug
    np.testing.assert_allclose(
        found.matrix().toarray()[0], [0, rich / np.sqrt(rich * rich), mug / np.sqrt(rich * poor), 0], rtol=1e-6
    )
    assert found.pair_facts(0, 1)["words"] == 3


def test_what_goes_along_stands_in_another_category_of_the_same_part() -> None:
    place = {"own": ("shop", "a", "x"), "twin": ("shop", "a", "x"), "near": ("shop", "a", "y"), "far": ("shop", "b", "z")}
    items = [Item(item_id=one, title="canon lens", category=path) for one, path in place.items()]
    along = Content(same_category=0.9, elsewhere=0.5, category=0.0)
    found = fitted(along, build_dataset(ACTS.to_frame(), items, now_ms=0))
    assert found.row(0)[0].tolist() == [2, 1, 3]
    np.testing.assert_allclose(found.row(0)[1] / found.row(0)[1][0], [1.0, 0.9, 0.5], rtol=1e-6)


def test_titles_without_a_word_have_no_neighbours() -> None:
    assert len(fit_titles(Content(), "!!!", "???").indices) == 0


def test_ten_thousand_products_take_seconds() -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(3_000)])
    chance = 1 / np.arange(1, 3_001)
    picked = rng.choice(words, size=(10_000, 6), p=chance / chance.sum())
    items = [Item(item_id=str(row), title=" ".join(title)) for row, title in enumerate(picked)]
    data = build_dataset(ACTS.to_frame(), items, now_ms=0)
    started = time.perf_counter()
    found = fitted(Content(), data)
    assert time.perf_counter() - started < 30
    assert np.diff(found.indptr).max() == Content().k
