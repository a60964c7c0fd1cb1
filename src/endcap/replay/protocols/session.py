"""Next item of a session: how sessions are cut, and which prefixes are continued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.core.time import SECOND_MS
from endcap.dataset.build import dataset_from_sessions
from endcap.errors import NotEnoughData
from endcap.replay.clicks import Clicks, Prefixes
from endcap.replay.held_out import HeldOut, Window
from endcap.replay.order_clock import spread

_VALIDATION_SHARE = 0.03
_VALIDATION_PREFIXES = 6_000


@dataclass(frozen=True, slots=True)
class SessionProtocol:
    """The given prefixes after all training sessions; validation on prefixes of the last sessions of the training file."""

    task: ClassVar[Task] = "session"
    clicks: Clicks
    seed: int = 1

    @property
    def name(self) -> str:
        """How the data are cut, in words."""
        return (
            f"the given train and test files; validation on the last {_VALIDATION_SHARE:.0%} of the training sessions; the next "
            f"item of a prefix; no item of the prefix is excluded ({_returns(self.clicks.test):.1%} of the test targets are in "
            "theirs); full ranking, ties against the method"
        )

    def window(self, depth: int) -> Window:
        """The window at a depth; the seed of the draw is the protocol's seed plus the depth. Raises NotEnoughData."""
        clicks = self.clicks
        n = len(clicks.indptr) - 1
        for _ in range(max(depth - 1, 0)):
            n = int(n * (1 - _VALIDATION_SHARE))
        end = n if depth == 0 else int(n * (1 - _VALIDATION_SHARE))
        rows, item_ids = _numbering(clicks.items[: clicks.indptr[end]], clicks.item_ids)
        train = _dataset(clicks, end, rows, item_ids)
        if depth == 0:
            places = {item_id: row for row, item_id in enumerate(item_ids)}
            known = [[places.get(one, -1) for one in prefix] for prefix in clicks.test.prefixes]
            held_out = _held_out(known, [places.get(one, -1) for one in clicks.test.targets], runs(clicks.test.prefixes))
        else:
            held_out = _cut_prefixes(clicks, end, n, rows, np.random.default_rng(self.seed + depth))
        if len(train.sessions) == 0 or len(held_out) == 0:
            raise NotEnoughData(
                f"{n} sessions leave {len(train.sessions)} to learn from and {len(held_out)} prefixes to ask for", field="train",
                value=n, remedy="evaluate on more sessions",
            )  # fmt: skip
        return Window(train, held_out, tuple(Item(item_id=one, title=one) for one in item_ids))


def runs(prefixes: Sequence[Sequence[str]]) -> list[int]:
    """The number of the run that each prefix belongs to: neighbours of which one begins with the other come from one session.

    >>> runs([["a", "b", "c"], ["a", "b"], ["x"], ["y"]])
    [0, 0, 1, 2]
    """
    numbers: list[int] = []
    for at, prefix in enumerate(prefixes):
        before = prefixes[at - 1] if at else []
        shorter, longer = sorted((before, prefix), key=len)
        same = at > 0 and len(shorter) < len(longer) and list(longer[: len(shorter)]) == list(shorter)
        numbers.append((numbers[-1] if same else numbers[-1] + 1) if numbers else 0)
    return numbers


def _returns(test: Prefixes) -> float:
    """The share of targets that are in their prefix."""
    pairs = zip(test.prefixes, test.targets, strict=True)
    return sum(target in prefix for prefix, target in pairs) / max(len(test.targets), 1)


def _numbering(items: NDArray[np.int32], item_ids: list[str]) -> tuple[NDArray[np.int32], list[str]]:
    """The row of every item, -1 for those that do not occur in ``items``, and the ids of the rows."""
    rows = np.full(len(item_ids), -1, dtype=np.int32)
    present = np.unique(items)
    rows[present] = np.arange(len(present), dtype=np.int32)
    return rows, [item_ids[one] for one in present]


def _held_out(known: list[list[int]], targets: list[int], clusters: list[int]) -> HeldOut:
    return HeldOut.of([[row for row in one if row >= 0] for one in known], targets, clusters, known_barred=False)


def _cut_prefixes(clicks: Clicks, start: int, end: int, rows: NDArray[np.int32], rng: np.random.Generator) -> HeldOut:
    """Every beginning of the sessions from ``start`` to ``end``; a sample of them where there are many."""
    cuts = [
        (session, at)
        for session in range(start, end)
        for at in range(int(clicks.indptr[session]) + 1, int(clicks.indptr[session + 1]))
    ]
    if len(cuts) > _VALIDATION_PREFIXES:
        cuts = [cuts[one] for one in np.sort(rng.choice(len(cuts), _VALIDATION_PREFIXES, replace=False))]
    known = [rows[clicks.items[clicks.indptr[session] : at]].tolist() for session, at in cuts]
    targets = [int(rows[clicks.items[at]]) for _, at in cuts]
    return _held_out(known, targets, [session for session, _ in cuts])


def _dataset(clicks: Clicks, n_sessions: int, rows: NDArray[np.int32], item_ids: list[str]) -> Dataset:
    """The first sessions as views of visitors who came once; their order is the clock."""
    indptr = clicks.indptr[: n_sessions + 1]
    lengths = np.diff(indptr)
    began = np.repeat(spread(len(clicks.indptr) - 1)[:n_sessions], lengths)
    at_ms = began + (np.arange(indptr[-1]) - np.repeat(indptr[:-1], lengths)) * SECOND_MS
    return dataset_from_sessions(item_ids, indptr, rows[clicks.items[: indptr[-1]]], at_ms)
