from __future__ import annotations

from endcap.core.catalog import Item
from endcap.dataset.build import ACTS, build_dataset
from endcap.neural.traits import traits


def described(*products: Item, most: int = 6) -> list[list[int]]:
    table: list[list[int]] = traits(build_dataset(ACTS.to_frame(), list(products), now_ms=0).catalog, most).tolist()
    return table


def test_categories_come_first_from_the_leaf_up_then_the_brand_then_words() -> None:
    found = described(
        Item(item_id="1", title="Blue Mug", brand="Acme", category=("Kitchen", "Mugs")),
        Item(item_id="2", title="blue cup", brand="ACME", category=("Kitchen", "Mugs")),
        Item(item_id="3", title="a spoon", category=("Kitchen",)),
    )
    assert found == [[1, 2, 3, 4, 0, 0], [1, 2, 3, 4, 0, 0], [2, 0, 0, 0, 0, 0]]


def test_what_one_item_alone_has_is_no_trait_and_too_many_are_cut() -> None:
    assert described(Item(item_id="1", title="mug"), Item(item_id="2", title="tea")) == [[0] * 6] * 2
    assert described(Item(item_id="1", title="a b c"), Item(item_id="2", title="c b a"), most=2) == [[1, 2], [3, 2]]
