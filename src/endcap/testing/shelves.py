"""Products and shoppers that rules are tried on, by name; a plug-in's author can use them too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from msgspec.structs import replace

from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.catalog import Item
from endcap.core.query import Purchase, Query, Rows
from endcap.ranking.rulebook import ActiveRules, Rulebook
from endcap.ranking.rules.base import Rule
from endcap.serving.items import ItemTable
from endcap.serving.view import AnswerView

NOW_MS = 1_700_000_000_000  # 14 November 2023

NONE: Rows = np.empty(0, dtype=np.int32)


def product(item_id: str, price: float | str | None = None, **facts: Any) -> Item:
    """A product, in euros unless another currency is said."""
    money: dict[str, Any] = {} if price is None else {"price": Decimal(str(price)), "currency": "EUR"}
    return Item(item_id=item_id, title=item_id.title(), **(money | facts))


def shelf(*products: Item, trained: Sequence[str] = (), **artifacts: Mapping[tuple[str, str], float]) -> AnswerView:
    """What rules see of these products; artifacts by name, as pairs with their values."""
    table = ItemTable(trained, products)
    made = {}
    for name, pairs in artifacts.items():
        rows, cols = (np.array([table.row(pair[side]) for pair in pairs], dtype=np.int64) for side in (0, 1))
        values = np.array(list(pairs.values()), dtype=np.float32)
        made[name] = ItemNeighbors.from_triples(rows, cols, values, n_items=len(table), reason="goes_with")
    return AnswerView(table, made)


def shopper(
    items: AnswerView,
    on_page: str | None = None,
    cart: Sequence[str] = (),
    bought: Mapping[str, float] | None = None,
    **facts: Any,
) -> Query:
    """Somebody with a product before them, a cart and purchases so many days ago."""
    bought_ms = {items.row(one): NOW_MS - round(days * 86_400_000) for one, days in (bought or {}).items()}
    query = Query(
        NOW_MS, items.row(on_page) if on_page else -1, np.array([items.row(one) for one in cart], dtype=np.int32), NONE, NONE,
        tuple(Purchase(row, at_ms) for row, at_ms in bought_ms.items()),
    )  # fmt: skip
    return replace(query, **facts)


def left(rules: Rule | Sequence[Rule], items: AnswerView, query: Query | None = None) -> list[str]:
    """The ids of what rules leave, in order."""
    query = query or shopper(items)
    blocked = items.table.blocked_at(query.now_ms).copy()
    ActiveRules(Rulebook((rules,) if isinstance(rules, Rule) else rules, 8), query, items).block(blocked)
    return [items.table.item_id(row) for row in range(len(items)) if blocked[row] == 0]


def factors(rule: Rule, items: AnswerView, query: Query | None = None) -> dict[str, float]:
    """What a rule multiplies scores by, rounded, where it is not 1."""
    found = rule.factors(query or shopper(items), items, np.arange(len(items), dtype=np.int32))
    listed = [] if found is None else found.tolist()
    return {items.table.item_id(row): round(factor, 4) for row, factor in enumerate(listed) if factor != 1}
