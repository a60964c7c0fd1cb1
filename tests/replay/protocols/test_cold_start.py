from __future__ import annotations

import pytest

from endcap.errors import NotEnoughData
from endcap.replay.protocols.cold_start import ColdStartProtocol
from tests.replay.protocols.histories import history, queries

PAST = [f"{day} filler view item{day}" for day in range(1, 28)]


def test_new_items_count_and_warm_ones_are_shown_beside_them() -> None:
    given = history(*PAST, "30 ann view item1", "30 ann view novelty", "30 ann view item2")
    window = ColdStartProtocol(given).window(0)
    assert queries(window) == [(["item1"], ["novelty"]), (["item1"], ["item2"])]
    assert window.held_out.counted is not None
    assert window.held_out.counted.tolist() == [True, False]
    assert window.held_out.weights.tolist() == [1.0, 0.0]


def test_a_new_item_is_numbered_and_described_but_has_no_acts() -> None:
    given = history(*PAST, "30 ann view item1", "30 ann view novelty", "30 ann view item2")
    train = ColdStartProtocol(given).window(0).train
    row = train.item_ids.index("novelty")
    assert train.catalog.titles[row] == "novelty"
    assert row not in train.interactions.items.tolist()


def test_items_that_are_new_themselves_are_no_clue() -> None:
    given = history(*PAST, "30 ann view novelty", "30 ann view invention", "30 ann view item2")
    with pytest.raises(NotEnoughData, match="one that was new then"):
        ColdStartProtocol(given).window(0)


def test_without_new_items_there_is_nothing_to_ask() -> None:
    with pytest.raises(NotEnoughData, match="no acts on items that were new"):
        ColdStartProtocol(history(*[f"{day} filler view item1" for day in range(1, 30)])).window(0)
