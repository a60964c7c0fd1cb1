"""Held-out queries from tables: who asks, what they did before, what they did next."""

from __future__ import annotations

import numpy as np
import polars as pl

from endcap.core.interactions import Dataset
from endcap.replay.held_out import HeldOut


def held_out(
    known: pl.DataFrame, targets: pl.DataFrame, train: Dataset, *, known_barred: bool, newest: int | None = None
) -> HeldOut:
    """The queries of two tables that name each query by ``q``, numbered from 0.

    ``known`` has ``item``, ``kind`` and ``at_ms``, oldest first, and maybe ``rating``; ``targets`` has ``item`` and ``cluster``,
    and maybe ``asked_ms`` (when the query is asked) and ``value``. Items that ``train`` does not number are passed over where
    they are known, and missed by everybody where they are targets. Only the ``newest`` known acts of a query are kept.
    """
    rows = pl.DataFrame(
        {"item": train.item_ids, "row": np.arange(train.n_items, dtype=np.int32)}, schema_overrides={"item": pl.String}
    )
    targets = targets.sort("q", maintain_order=True).join(rows, on="item", how="left", maintain_order="left")
    queries = targets.group_by("q", maintain_order=True).agg(pl.first("cluster"), pl.len(), *_firsts(targets, "asked_ms"))
    columns = [name for name in ("q", "item", "kind", "at_ms", "rating") if name in known.columns]
    known = known.select(columns).sort("q", maintain_order=True).join(rows, on="item", how="inner", maintain_order="left")
    known = known.join(queries.select("q").with_row_index("place"), on="q", how="inner", maintain_order="left")
    known = known.sort("place", maintain_order=True)
    if newest is not None:
        known = known.filter(pl.int_range(pl.len()).reverse().over("place") < newest)
    n = len(queries)
    return HeldOut(
        starts=_starts(np.bincount(known["place"].to_numpy(), minlength=n)),
        rows=known["row"].to_numpy().astype(np.int32),
        target_starts=_starts(queries["len"].to_numpy()),
        targets=targets["row"].fill_null(-1).to_numpy().astype(np.int32),
        clusters=queries["cluster"].to_numpy().astype(np.int64),
        known_barred=known_barred,
        kinds=known["kind"].to_numpy().astype(np.uint8),
        at_ms=known["at_ms"].to_numpy().astype(np.int64),
        now_ms=queries["asked_ms"].to_numpy().astype(np.int64) if "asked_ms" in queries.columns else None,
        values=known["rating"].to_numpy().astype(np.float32) if "rating" in known.columns else None,
        target_values=targets["value"].to_numpy().astype(np.float32) if "value" in targets.columns else None,
    )


def _firsts(table: pl.DataFrame, *names: str) -> list[pl.Expr]:
    return [pl.first(name) for name in names if name in table.columns]


def _starts(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
