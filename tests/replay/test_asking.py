from __future__ import annotations

import numpy as np
import pytest

from endcap.core.choice import Asking
from endcap.replay.asking import asked
from endcap.replay.held_out import HeldOut

HELD = HeldOut.of([[4, 2, 4, 1], [], [3]], [0, 0, 0], [0, 1, 2], known_barred=False)


def test_an_item_seen_twice_is_asked_with_once_where_it_was_seen_last() -> None:
    starts, rows, weights = asked(HELD, Asking())
    assert starts.tolist() == [0, 3, 3, 4]
    assert rows.tolist() == [1, 4, 2, 3]
    assert weights.tolist() == [1, 1, 1, 1]


def test_older_items_count_less_by_their_place_among_different_items() -> None:
    _, rows, weights = asked(HELD, Asking(decay=2.0))
    assert rows.tolist() == [1, 4, 2, 3]
    assert weights.tolist() == pytest.approx([1, np.exp(-1 / 2), np.exp(-1), 1])


def test_only_the_newest_items_are_asked_with() -> None:
    starts, rows, _ = asked(HELD, Asking(last=2))
    assert starts.tolist() == [0, 2, 2, 3]
    assert rows.tolist() == [1, 4, 3]


def test_no_queries_ask_nothing() -> None:
    starts, rows, _ = asked(HeldOut.of([], [], [], known_barred=True), Asking())
    assert starts.tolist() == [0]
    assert rows.tolist() == []
