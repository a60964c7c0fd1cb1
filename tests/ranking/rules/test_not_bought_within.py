from __future__ import annotations

import numpy as np
import pytest

from endcap.core.query import Purchase, Query
from endcap.core.time import DAY_MS
from endcap.errors import BadOption
from endcap.ranking.rules.not_bought_within import NotBoughtWithin
from endcap.serving.items import ItemTable
from endcap.serving.view import AnswerView

from ...serving.shop import product

NONE = np.empty(0, dtype=np.int32)
NOW_MS = 1_000 * DAY_MS


def removed(days_ago: float, rule: NotBoughtWithin, replenish_days: int | None = None) -> list[int]:
    items = AnswerView(ItemTable(["mug"], [product("mug", replenish_days=replenish_days)]), {})
    query = Query(NOW_MS, -1, NONE, NONE, NONE, (Purchase(0, NOW_MS - int(days_ago * DAY_MS)),))
    return list(rule.removes(query, items))


def test_the_window_is_open_at_its_end() -> None:
    rule = NotBoughtWithin()
    assert removed(29.99, rule) == [0]
    assert removed(30, rule) == []
    assert removed(6, NotBoughtWithin(days=7)) == [0]


def test_consumables_return_after_their_own_interval() -> None:
    assert removed(15, NotBoughtWithin(), replenish_days=14) == []
    assert removed(45, NotBoughtWithin(), replenish_days=60) == [0]


def test_days_are_bounded() -> None:
    with pytest.raises(BadOption, match="days is 0"):
        NotBoughtWithin(days=0)
