"""Small shops whose right answers are known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from endcap.core.time import DAY_MS, iso
from endcap.replay.clicks import Clicks, Prefixes
from endcap.replay.held_out import Window
from endcap.replay.orders import Orders
from endcap.replay.protocols.basket import BasketProtocol

START_MS = 1_600_000_000_000


def orders(baskets: Sequence[Sequence[str]], *, timed: bool = True, min_items: int = 2) -> Orders:
    """These baskets, one a day."""
    lines = pl.DataFrame(
        [
            {"order_id": str(number), "item_id": item, "at_ms": START_MS + number * DAY_MS}
            for number, basket in enumerate(baskets)
            for item in basket
        ]
    )
    return Orders.of(lines if timed else lines.drop("at_ms"), min_items=min_items)


def pairs(n: int, n_items: int = 4) -> list[list[str]]:
    """Baskets of an even item and the odd one after it: a, b · c, d · a, b · …"""
    names = [f"item{number}" for number in range(n_items)]
    return [[names[2 * (number % (n_items // 2))], names[2 * (number % (n_items // 2)) + 1]] for number in range(n)]


def basket_window(n: int = 100, n_items: int = 4) -> Window:
    """The test window of baskets of pairs."""
    return BasketProtocol(orders(pairs(n, n_items))).window(0)


def clicks(sessions: Sequence[Sequence[str]], test: Sequence[tuple[Sequence[str], str]]) -> Clicks:
    """These sessions in order, and these prefixes with their targets."""
    ids = sorted({item for session in sessions for item in session})
    rows = {item: row for row, item in enumerate(ids)}
    indptr = np.concatenate(([0], np.cumsum([len(one) for one in sessions]))).astype(np.int64)
    items = np.array([rows[item] for session in sessions for item in session], dtype=np.int32)
    return Clicks(indptr, items, ids, Prefixes([list(prefix) for prefix, _ in test], [target for _, target in test]))


def write_orders(path: Path, baskets: Sequence[Sequence[str]]) -> Path:
    """A CSV of these baskets, one a day, in the generic layout."""
    lines = ["order_id,sku,created_at"]
    for number, basket in enumerate(baskets):
        at = iso(START_MS + number * DAY_MS)
        lines += [f"{number},{item},{at}" for item in basket]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_sessions(
    train: Path, test: Path, sessions: Sequence[Sequence[str]], asked: Sequence[tuple[Sequence[str], str]]
) -> None:
    """The two files of the session layout."""
    lines = ["session_id,position,item_id"]
    for number, session in enumerate(sessions):
        lines += [f"{number},{place},{item}" for place, item in enumerate(session)]
    train.write_text("\n".join(lines) + "\n")
    test.write_text("".join(json.dumps({"prefix": list(prefix), "target": target}) + "\n" for prefix, target in asked))


def themed(n: int, *, themes: int = 8, items: int = 12, size: int = 3, seed: int = 0) -> list[list[str]]:
    """Baskets (or visits) that each draw from one theme: enough pairs for every algorithm, and easy to complete."""
    rng = np.random.default_rng(seed)
    return [
        [f"t{theme}i{item}" for item in rng.choice(items, size, replace=False)] for theme in rng.integers(0, themes, n).tolist()
    ]
