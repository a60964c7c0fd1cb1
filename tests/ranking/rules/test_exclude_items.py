from __future__ import annotations

import numpy as np

from endcap.core.query import Query
from endcap.ranking.rules.exclude_items import ExcludeItems
from endcap.serving.items import ItemTable
from endcap.serving.view import AnswerView

NONE = np.empty(0, dtype=np.int32)


def test_named_items_are_removed_and_unknown_ones_ignored() -> None:
    items = AnswerView(ItemTable(["mug", "spoon"]), {})
    query = Query(0, -1, NONE, NONE, NONE)
    assert ExcludeItems(item_ids=("spoon", "gone")).removes(query, items).tolist() == [1]
