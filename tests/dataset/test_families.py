from __future__ import annotations

import numpy as np

from endcap.core.catalog import Item
from endcap.core.interactions import Dataset
from endcap.dataset.build import ACTS, build_dataset
from endcap.dataset.families import Products

BLUE, RED = "Ava Mug, blue", "Ava Mug, red"


def catalogue(*items: Item) -> Dataset:
    return build_dataset(ACTS.to_frame(), items, now_ms=0)


def variants() -> Dataset:
    return catalogue(
        Item(item_id="0", title=BLUE, family="mug", brand="Ava"),
        Item(item_id="1", title="Spoon"),
        Item(item_id="2", title=RED, family="mug", brand="Ava"),
    )


def test_variants_are_one_product_and_the_rest_stand_alone() -> None:
    products = Products.of(variants())
    assert products.of_item.tolist() == [0, 1, 0]
    assert len(products) == 2
    place, items = products.variants(np.array([1, 0]))
    assert place.tolist() == [0, 1, 1]
    assert items.tolist() == [1, 0, 2]


def test_what_variants_have_in_common_without_the_brand_is_their_text() -> None:
    data = variants()
    assert Products.of(data).texts(data.catalog) == ["mug", "spoon"]


def test_a_set_holds_a_product_once_however_many_variants() -> None:
    products = Products.of(variants())
    sets = products.sets(np.array([0, 0, 1]), np.array([0, 2, 1], dtype=np.int32), 2)
    assert sets.toarray().tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_no_items_make_no_products() -> None:
    data = catalogue()
    products = Products.of(data)
    assert len(products) == 0
    assert products.sets(np.empty(0, np.int64), np.empty(0, np.int32), 0).shape == (0, 0)
