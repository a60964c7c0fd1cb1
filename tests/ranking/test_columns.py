"""Columns follow the catalogue, whatever changes in it."""

from __future__ import annotations

import threading
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.core.catalog import Item
from endcap.ranking.columns import Columns
from endcap.ranking.rules.brands import Brands
from endcap.ranking.tiers import Tiers
from endcap.serving.items import ItemTable

from .random_shops import IDS, items

_CODED = ("brand", "category", "top_category", "tags", "attributes", "seasons", "family", "tier", "currency")
_CHANGES = st.lists(st.one_of(st.sampled_from(IDS), st.sampled_from(IDS).flatmap(items)), max_size=4)


def described(table: ItemTable) -> list[object]:
    """All columns in values that say the same whatever was there before."""
    columns = table.columns
    coded = [columns.coded(name) for name in _CODED]
    return [
        *([one.values[code] if code >= 0 else None for code in one.codes[: len(table)]] for one in coded),
        *(np.nan_to_num(columns.numbers(name), nan=-1).tolist() for name in ("price", "margin", "opens")),
        table.tier[: len(table)].tolist(),
        [columns.accessories(one) for one in IDS],
    ]


@given(st.lists(_CHANGES, min_size=2, max_size=4))
def test_what_changed_row_by_row_is_as_if_made_at_once(batches: list[list[Item | str]]) -> None:
    grown, final = ItemTable([*IDS, *(f"unsold{number}" for number in range(40))]), ItemTable([*IDS])
    for batch in batches:
        for change in batch:
            for table in (grown, final):
                if isinstance(change, str):
                    table.update([], deleted=[change])
                else:
                    table.update([change])
        described(grown)
    told = [one[: len(IDS)] if isinstance(one, list) else one for one in described(grown)]
    assert told == described(final)


def test_accessories_are_known_by_what_they_belong_to() -> None:
    table = ItemTable([], [Item(item_id="lens", title="Lens", accessory_of=("camera", "kit"))])
    assert table.columns.accessories("camera") == [0]
    table.update(
        [Item(item_id="lens", title="Lens", accessory_of=("kit",)), Item(item_id="bag", title="Bag", accessory_of=("kit",))]
    )
    assert (table.columns.accessories("camera"), table.columns.accessories("kit")) == ([], [0, 1])
    table.update([], deleted=["lens"])
    assert table.columns.accessories("kit") == [1]


@given(
    st.lists(st.tuples(st.integers(-1, 2), st.none() | st.integers(1, 5)), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(0, 19), st.integers(-1, 2), st.none() | st.integers(1, 5)), max_size=5),
)
def test_tiers_are_thirds_of_a_category(priced: list[tuple[int, int | None]], changes: list[tuple[int, int, int | None]]) -> None:
    def arrays() -> tuple[np.ndarray, np.ndarray]:
        categories, prices = zip(*priced, strict=True)
        return np.array(categories, dtype=np.int32), np.array([np.nan if one is None else one for one in prices], dtype=float)

    tiers = Tiers(*arrays())
    for row, category, price in changes:
        if row < len(priced):
            priced[row] = category, price
            tiers.renew(*arrays(), np.array([row], dtype=np.int32))
    for row, (category, price) in enumerate(priced):
        others = [cost for other, cost in priced if other == category and cost is not None]
        expected = -1 if price is None else 3 * sum(cost < price for cost in others) // len(others)
        assert tiers.of_row[row] == expected


def test_tiers_have_room_for_products_to_come() -> None:
    table = ItemTable([], [Item(item_id="a", title="A", price=Decimal(1), currency="EUR")])
    assert len(table.tier) >= table.room
    assert table.tier[:2].tolist() == [0, -1]


def test_a_rule_is_asked_again_only_about_what_changed() -> None:
    class Counting:
        def __init__(self) -> None:
            self.asked: list[int] = []

        def matches(self, columns: object, rows: np.ndarray, moment: object) -> np.ndarray:
            self.asked.append(len(rows))
            return np.ones(len(rows), dtype=np.bool_)

    table = ItemTable([], [Item(item_id=str(number), title="Mug") for number in range(100)])
    rule = Counting()
    for _ in range(3):
        table.columns.mask(rule)
    table.update([Item(item_id="7", title="Cup"), Item(item_id="new", title="Cup")])
    assert len(table.columns.mask(rule)) == 101
    assert rule.asked == [100, 2]
    assert table.columns.mask(rule, "another moment").all()
    assert rule.asked == [100, 2, 101]


def test_what_changes_while_a_rule_is_asked_is_in_its_answer_too() -> None:
    changes = [Item(item_id="7", title="Mug", brand="ash"), Item(item_id="new", title="Mug", brand="ash")]

    class Slow:
        def matches(self, columns: Columns, rows: np.ndarray, moment: object) -> np.ndarray:
            table.update(changes)  # as another thread would, which takes in a newer catalogue
            changes.clear()
            return columns.coded("brand").where(rows, "ash".__eq__)

    table = ItemTable([], [Item(item_id=str(number), title="Mug", brand="oak") for number in range(100)])
    rule = Slow()
    table.columns.mask(rule)
    assert np.flatnonzero(table.columns.mask(rule)).tolist() == [7, 100]


def test_an_unknown_property_is_an_error() -> None:
    with pytest.raises(KeyError):
        ItemTable().columns.coded("smell")


def test_threads_that_answer_and_change_at_once_end_with_the_truth() -> None:
    table = ItemTable([], [Item(item_id=str(number), title="Mug", brand="oak") for number in range(200)])
    rule = Brands(only=("ash",))
    failed: list[Exception] = []

    def answer() -> None:
        try:
            for _ in range(300):
                assert len(table.columns.mask(rule)) <= len(table)
                table.columns.codes("category")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=answer) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(300):
        table.update([Item(item_id=str(number), title="Mug", brand="ash")])
    for thread in threads:
        thread.join()
    assert not failed
    assert not table.columns.mask(rule).any()
    assert len(table.columns.mask(rule)) == 300
