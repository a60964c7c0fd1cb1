"""What every algorithm must do, and small data to show it on. A plug-in author can run the same checks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from endcap.algorithms.base import Algorithm, FitContext
from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.core.time import to_ms
from endcap.dataset.build import ACTS, build_dataset


def example(*lines: str, kind: str = "purchase") -> Dataset:
    """A data set of events written as ``"<ISO time> item item ..."``, one basket, or one visit's views, a line.

    Items are numbered as they appear; the data end when the last event happens.

    >>> example("2000-01-01 mug tea", "2000-01-02 tea").item_ids
    ['mug', 'tea']
    """
    rows: list[tuple[Any, ...]] = []
    for number, line in enumerate(lines, 1):
        at, *items = line.split()
        for item in items:
            at_ms = to_ms(datetime.fromisoformat(at))
            rows.append((number, at_ms, KIND[kind], f"user {number}", f"visit {number}", item, 1, None))
    acts = pl.DataFrame(rows, schema=ACTS, orient="row")
    return build_dataset(acts, now_ms=int(acts["at_ms"].max() or 0))  # type: ignore[arg-type]


def fit_example(algorithm: Algorithm, *lines: str, kind: str = "purchase") -> Any:
    """The artifact of :func:`example` data."""
    data = example(*lines, kind=kind)
    return algorithm.fit(data, FitContext(rng=np.random.default_rng(0), now_ms=data.now_ms))


def shown(artifact: Any) -> list[list[float]]:
    """The scores of item neighbours as a table of two decimals, for examples."""
    table: list[list[float]] = artifact.matrix().toarray().astype(np.float64).round(2).tolist()
    return table


def fit_titles(algorithm: Algorithm, *titles: str) -> Any:
    """The artifact of a catalogue of these titles that nobody has acted on."""
    products = [Item(item_id=str(number), title=title) for number, title in enumerate(titles)]
    data = build_dataset(ACTS.to_frame(), products, now_ms=0)
    return algorithm.fit(data, FitContext(rng=np.random.default_rng(0), now_ms=0))
