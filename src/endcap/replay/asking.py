"""What a source is asked with: which of the known items, and how much each counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from endcap.core.choice import Asking, Task
from endcap.replay.held_out import HeldOut

_UNORDERED = (Asking(),)
"""A basket has no order: every item in it says as much."""

_NEWEST = (
    Asking(last=20),
    Asking(last=20, decay=4.0),
    Asking(last=20, decay=2.0),
    Asking(last=20, decay=1.0),
    Asking(last=20, decay=0.5),
    Asking(last=1),
)
"""A visit has an order: what was seen last may say most."""

_FORMS: dict[Task, tuple[Asking, ...]] = {"session": _NEWEST, "purchase": (*_UNORDERED, *_NEWEST)}


def forms(task: Task) -> tuple[Asking, ...]:
    """The ways of asking that validation chooses from."""
    return _FORMS.get(task, _UNORDERED)


def asked(held_out: HeldOut, asking: Asking) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Every query's items as a source is asked with them: starts int64 (n_queries + 1,), rows int32, weights float32.

    The newest come first; an item known several times counts once, where it was seen last, as a shopper's history has it.
    """
    n_queries = len(held_out)
    query = np.repeat(np.arange(n_queries, dtype=np.int64), np.diff(held_out.starts))
    newest_first = np.lexsort((-np.arange(len(query)), query))
    rows = held_out.rows[newest_first].astype(np.int64)
    pairs = query * (rows.max(initial=0) + 1) + rows
    first = np.sort(np.unique(pairs, return_index=True)[1])
    query, rows = query[first], rows[first]
    starts = np.concatenate(([0], np.cumsum(np.bincount(query, minlength=n_queries)))).astype(np.int64)
    age = np.arange(len(query)) - starts[query]
    keep = age < asking.last
    weights = np.ones(len(age)) if asking.decay is None else np.exp(-age / asking.decay)
    kept = np.concatenate(([0], np.cumsum(np.bincount(query[keep], minlength=n_queries)))).astype(np.int64)
    return kept, rows[keep].astype(np.int32), weights[keep].astype(np.float32)
