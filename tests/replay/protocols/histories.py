"""Small histories whose right answers are known."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.time import DAY_MS
from endcap.dataset.build import ACTS
from endcap.replay.held_out import Window
from endcap.replay.history import History

DAY_0 = 1_600_000_000_000


def history(*lines: str, products: Sequence[Item] = (), test: Sequence[str] = ()) -> History:
    """Acts written as ``day user kind item`` and maybe stars, an hour's minutes apart in the order of the lines.

    Purchases of a person on one day are one order.
    """
    acts = _acts(lines)
    told = _acts(test).drop("seq", "at_ms") if test else None
    return History(acts.sort("at_ms", "seq", maintain_order=True), told, tuple(products))


def _acts(lines: Sequence[str]) -> pl.DataFrame:
    rows = []
    orders: dict[tuple[str, str], int] = {}
    for number, line in enumerate(lines):
        day, user, kind, item, *stars = line.split()
        seq = orders.setdefault((day, user), number) if kind == "purchase" else number
        at_ms = DAY_0 + round(float(day) * DAY_MS) + seq
        rows.append((seq, at_ms, KIND[kind], user, user, item, 1, None, float(stars[0]) if stars else None))
    return pl.DataFrame(rows, schema={**ACTS, "rating": pl.Float64()}, orient="row")


def queries(window: Window) -> list[tuple[list[str], list[str]]]:
    """What each query knows and what is right, by item id; ``?`` is an item outside the vocabulary."""
    held_out, ids = window.held_out, [*window.train.item_ids, "?"]
    return [
        (
            [ids[row] for row in held_out.rows[held_out.starts[q] : held_out.starts[q + 1]]],
            [ids[row] for row in held_out.targets[held_out.target_starts[q] : held_out.target_starts[q + 1]]],
        )
        for q in range(len(held_out))
    ]
