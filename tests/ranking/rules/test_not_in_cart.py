from __future__ import annotations

import numpy as np

from endcap.core.query import Query
from endcap.ranking.rules.not_in_cart import NotInCart
from endcap.serving.items import ItemTable
from endcap.serving.view import AnswerView

NONE = np.empty(0, dtype=np.int32)


def test_cart_and_anchor_are_removed() -> None:
    items = AnswerView(ItemTable(["mug", "spoon"]), {})
    cart = np.array([1], dtype=np.int32)
    assert NotInCart().removes(Query(0, 0, cart, NONE, NONE), items).tolist() == [1, 0]
    assert NotInCart().removes(Query(0, -1, cart, NONE, NONE), items).tolist() == [1]
