"""The products that lines of a file describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from endcap.core.catalog import Item
from endcap.core.ids import MAX_ID

MAX_TITLE = 512
FACTS = ("title", "description", "brand", "category", "price")
"""What lines may tell of their item; a category is a path, broadest first, with ``>`` between its parts."""

_CURRENCY = "XXX"  # ISO 4217 for no currency: the files tell amounts only


def described(lines: pl.DataFrame, item_ids: Sequence[str]) -> tuple[Item, ...]:
    """The items in the order of ``item_ids`` as the last word of their lines describes them; without words an id is the title.

    ``lines`` has ``item_id`` and any of :data:`FACTS`.
    """
    known = [name for name in FACTS if name in lines.columns]
    last = lines.group_by("item_id").agg(pl.col(name).drop_nulls().last() for name in known)
    facts = {row["item_id"]: row for row in last.iter_rows(named=True)} if known else {}
    return tuple(_product(item_id, facts.get(item_id, {})) for item_id in item_ids)


def _product(item_id: str, facts: Mapping[str, Any]) -> Item:
    price = facts.get("price")
    priced = price is not None and price >= 0
    return Item(
        item_id=item_id[:MAX_ID],
        title=(facts.get("title") or item_id)[:MAX_TITLE],
        description=(facts.get("description") or "")[:MAX_TITLE],
        brand=facts.get("brand"),
        category=tuple(part.strip() for part in (facts.get("category") or "").split(">") if part.strip()),
        price=Decimal(str(price)) if priced else None,
        currency=_CURRENCY if priced else None,
    )
