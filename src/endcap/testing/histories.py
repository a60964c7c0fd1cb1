"""Small data sets to show and test algorithms on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.interactions import Catalog, Dataset
from endcap.core.time import MINUTE_MS, to_ms
from endcap.dataset.build import ACTS, build_dataset

_START_MS = 1_500_000_000_000
_RATED = pl.Schema({**ACTS, "rating": pl.Float64()})
_WORDS = ("red", "blue", "mug", "tea", "lamp")
_KINDS = {"view": 0.6, "add_to_cart": 0.1, "purchase": 0.25, "rating": 0.05}


def example(
    *lines: str, kind: str = "purchase", user: str | None = None, products: Sequence[Item] = ()
) -> Dataset:  # fmt: skip
    """A data set of events written as ``"<ISO time> item item ..."``, one basket, or one visit's views, a line.

    Each line is somebody else's unless a ``user`` is named. Items are numbered as the ``products`` are and then as they appear;
    the data end when the last event happens.

    >>> example("2000-01-01 mug tea", "2000-01-02 tea").item_ids
    ['mug', 'tea']
    """
    rows: list[tuple[Any, ...]] = []
    for number, line in enumerate(lines, 1):
        at, *items = line.split()
        for item in items:
            at_ms = to_ms(datetime.fromisoformat(at))
            rows.append((number, at_ms, KIND[kind], user or f"user {number}", f"visit {number}", item, 1, None))
    acts = pl.DataFrame(rows, schema=ACTS, orient="row")
    return build_dataset(acts, products, now_ms=int(acts["at_ms"].to_numpy().max(initial=0)))


def rated(*lines: str) -> Dataset:
    """A data set of ratings written as ``"person item stars"``, a minute apart.

    >>> rated("ann mug 5", "bob mug 3").interactions.stars.tolist()
    [5.0, 3.0]
    """
    rows: list[tuple[Any, ...]] = []
    for number, line in enumerate(lines, 1):
        user, item, stars = line.split()
        rows.append((number, _START_MS + number * MINUTE_MS, KIND["rating"], user, None, item, 1, None, float(stars)))
    return build_dataset(pl.DataFrame(rows, schema=_RATED, orient="row"))


def random_data(seed: int, *, n_items: int = 30, n_events: int = 2_000) -> Dataset:
    """A small shop of chance: purchases, visits and ratings by users and guests, products with titles, brands and categories."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice([KIND[name] for name in _KINDS], size=n_events, p=list(_KINDS.values()))
    rows: list[tuple[Any, ...]] = []
    for number, kind in enumerate(kinds.tolist(), 1):
        user = f"user {rng.integers(60)}" if rng.random() < 0.7 else None
        visit = f"visit {number // 6}" if rng.random() < 0.9 else None
        at_ms = _START_MS + number * 20 * MINUTE_MS
        several = int(rng.integers(1, 6)) if kind == KIND["purchase"] else 1
        items = rng.choice(n_items, size=several, replace=False, p=_skewed(n_items)).tolist()
        stars = 1.0 + number % 5 if kind == KIND["rating"] else None
        rows += [(number, at_ms, kind, user, visit, f"item {item}", 1, None, stars) for item in items]
    products = [
        Item(item_id=f"item {row}", title=_title(row), brand=_WORDS[row % 2], category=(_WORDS[row % 4],))
        for row in range(n_items)
    ]
    return build_dataset(pl.DataFrame(rows, schema=_RATED, orient="row"), products)


def only_products() -> Dataset:
    """Three products of one title that nobody has acted on."""
    products = [Item(item_id=str(number), title="mug") for number in range(3)]
    return build_dataset(ACTS.to_frame(), products, now_ms=0)


def renumbered(data: Dataset, order: NDArray[np.int64]) -> Dataset:
    """The same data with item ``order[n]`` as number ``n``."""
    new = np.argsort(order).astype(np.int32)
    baskets, catalog = data.baskets, data.catalog
    rows = np.repeat(np.arange(len(baskets)), np.diff(baskets.indptr))
    items = new[baskets.items]
    return replace(
        data,
        item_ids=[data.item_ids[old] for old in order],
        interactions=replace(data.interactions, items=new[data.interactions.items]),
        baskets=replace(baskets, items=items[np.lexsort((items, rows))]),
        sessions=replace(data.sessions, items=new[data.sessions.items]),
        catalog=Catalog(
            titles=[catalog.titles[old] for old in order],
            descriptions=[catalog.descriptions[old] for old in order],
            brands=[catalog.brands[old] for old in order],
            categories=[catalog.categories[old] for old in order],
            attributes=[catalog.attributes[old] for old in order],
            price_minor=catalog.price_minor[order],
            families=[catalog.families[old] for old in order],
            tiers=[catalog.tiers[old] for old in order],
            accessory_of=[catalog.accessory_of[old] for old in order],
        ),
    )


def _title(row: int) -> str:
    return f"{_WORDS[row % 3]} {_WORDS[row % 5]} {row}"


def _skewed(n_items: int) -> NDArray[np.float64]:
    chances = 1 / np.arange(1, n_items + 1)
    shares: NDArray[np.float64] = chances / chances.sum()
    return shares
