"""Purchases minus refunds."""

from __future__ import annotations

from collections import defaultdict

import polars as pl

from endcap.core.events import KIND

_PURCHASE, _REFUND = KIND["purchase"], KIND["refund"]


def without_refunded(acts: pl.DataFrame) -> pl.DataFrame:
    """The acts without refunds and without the purchases that were given back whole, in the same order.

    ``acts`` are in time order. A refund takes pieces back from the order it names, if that order holds the item, and else
    from what the same user bought of the item before, newest first; what nobody bought is ignored. A purchase of which a piece
    was kept stays.
    """
    refunds = acts.filter(pl.col("kind") == _REFUND)
    if refunds.is_empty():
        return acts
    acts = acts.with_row_index("line")
    concerned = pl.concat([acts.join(refunds, on=key, how="semi") for key in (["order", "item"], ["user", "item"])])
    lines = concerned.filter(pl.col("kind").is_in((_PURCHASE, _REFUND))).unique("line").sort("line")
    returned = _returned_lines(lines)
    return acts.filter((pl.col("kind") != _REFUND) & ~pl.col("line").is_in(returned)).drop("line")


def _returned_lines(lines: pl.DataFrame) -> list[int]:
    """The ``line`` of every purchase that was given back whole."""
    left: dict[int, int] = {}
    by_order: dict[tuple[str, str], list[int]] = defaultdict(list)
    by_user: dict[tuple[str, str], list[int]] = defaultdict(list)
    columns = lines.select("line", "kind", "item", "quantity", "user", "order")
    for line, kind, item, quantity, user, order in columns.iter_rows():
        if kind == _PURCHASE:
            left[line] = quantity
            if order is not None:
                by_order[order, item].append(line)
            if user is not None:
                by_user[user, item].append(line)
            continue
        candidates = by_order.get((order, item)) or by_user.get((user, item)) or []
        for bought in reversed(candidates):
            taken = min(quantity, left[bought])
            left[bought] -= taken
            quantity -= taken
    return [line for line, pieces in left.items() if pieces == 0]
