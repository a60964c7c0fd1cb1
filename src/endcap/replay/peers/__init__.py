"""The libraries that a user would otherwise pick, one model a file, on the same split in the same run.

They are installed on demand (``pip install 'endcap[peers]'``) and never imported unless they are asked for.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from endcap import registry
from endcap.core.choice import Asking, Task
from endcap.measurement.metrics.base import MISS, Answers
from endcap.replay.answering import DEPTH, answers
from endcap.replay.asking import asked, forms
from endcap.replay.choosing import pessimistic_ranks
from endcap.replay.cost import measured, query_micros
from endcap.replay.held_out import HeldOut, Window
from endcap.replay.peers.base import Fitted, Peer, event_weights, history_of
from endcap.replay.report import Chosen
from endcap.replay.tuning import validation_score

LIST = 100
"""How many items a library is asked for: ranks are exact up to here, and what comes later is a miss."""
TUNED_WITH = 1_500
"""How many queries of the tuning window, drawn, decide a peer's settings."""

_MIB = 2**20
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in


@dataclass(frozen=True, slots=True)
class PeerAnswers:
    """What a peer answered with its best setting, and what that cost."""

    name: str
    answers: Answers
    chosen: Chosen
    seconds: float
    peak_mb: float
    micros: tuple[float, float]


def answer_peers(
    names: Iterable[str], task: Task, window: Window, tuning_window: Window, left_out: dict[str, str], *, seed: int = 1
) -> Iterator[PeerAnswers]:
    """The answers of those among the named peers that are installed and made for the task; ``left_out`` is told of the others.

    Each is tuned on the tuning window and fitted once on the window, in a process of its own.
    """
    for name in names:
        kind = registry.find("peers", name)
        assert issubclass(kind, Peer)
        if task not in kind.tasks or window.held_out.eligible is not None:
            left_out[name] = f"not made for this task ({', '.join(kind.tasks)})"
        elif importlib.util.find_spec(kind.module.split(".")[0]) is None:
            left_out[name] = f"not installed: pip install {kind.package}, or all of them with pip install 'endcap[peers]'"
        else:
            yield _answers(name, kind, task, window, tuning_window, seed)


def _answers(name: str, kind: type[Peer], task: Task, window: Window, tuning_window: Window, seed: int) -> PeerAnswers:
    peer, asking, score, trials = measured(lambda: _tuned(kind, task, tuning_window, seed)).result
    ranks, lists, seconds, peak_mb, micros = measured(lambda: _scored(peer, task, window, asking, seed)).result
    how: dict[str, object] = {"last": asking.last, "decay": asking.decay}
    chosen = Chosen(row=name, options=peer.options(), asking=how, score=score, trials=trials)
    return PeerAnswers(name, answers(window, ranks, lists), chosen, seconds, peak_mb, micros)


def _tuned(kind: type[Peer], task: Task, window: Window, seed: int) -> tuple[Peer, Asking, float, int]:
    """The best setting and way of asking on some queries of the window, its score, and how many were tried."""
    n = len(window.held_out)
    some = np.sort(np.random.default_rng(seed).choice(n, min(n, TUNED_WITH), replace=False))
    best: tuple[float, Peer, Asking] | None = None
    trials = 0
    with _quietly():
        for peer in kind.settings(task):
            model = peer.fit(history_of(task, window.train, by_event=peer.by_event), seed)
            for asking in forms(task):
                trials += 1
                asker = Asker(model, window.held_out, asking, by_event=peer.by_event)
                ranks = np.concatenate([asker.ranks(int(q))[0] for q in some])
                starts = np.concatenate(([0], np.cumsum(np.diff(window.held_out.target_starts)[some])))
                lists = np.full((len(some), DEPTH), -1, dtype=np.int32)
                score = validation_score(Answers(ranks, starts, lists, np.zeros(window.train.n_items, np.int64)), task)
                if best is None or score > best[0]:
                    best = score, peer, asking
    assert best is not None
    return best[1], best[2], best[0], trials


def _scored(peer: Peer, task: Task, window: Window, asking: Asking, seed: int) -> tuple[Any, ...]:
    """Ranks and lists of every query, the seconds of the fit and the most memory until it was done, and query times."""
    with _quietly():
        history = history_of(task, window.train, by_event=peer.by_event)
        started = time.perf_counter()
        model = peer.fit(history, seed)
        seconds = time.perf_counter() - started
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / _MIB
        held_out = window.held_out
        asker = Asker(model, held_out, asking, by_event=peer.by_event)
        ranks, lists = np.full(len(held_out.targets), MISS), np.full((len(held_out), DEPTH), -1, dtype=np.int32)
        for q in range(len(held_out)):
            places, listed = asker.ranks(q)
            ranks[held_out.target_starts[q] : held_out.target_starts[q + 1]] = places
            lists[q, : len(listed[:DEPTH])] = listed[:DEPTH]
        return ranks, lists, seconds, peak_mb, query_micros(asker.answer, len(held_out), seed)


@contextmanager
def _quietly() -> Iterator[None]:
    """One thread, and no word from libraries about how they would rather be called."""
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Asker:
    """Asks a model the queries of a window one by one."""

    def __init__(self, model: Fitted, held_out: HeldOut, asking: Asking, *, by_event: bool) -> None:
        self._model, self._held_out = model, held_out
        self._starts, self._rows, weights = asked(held_out, asking)
        self._weights = weights * _events(held_out, self._starts, self._rows) if by_event else weights

    def answer(self, q: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The list for a query and its scores, best first."""
        span = slice(self._starts[q], self._starts[q + 1])
        if self._starts[q] == self._starts[q + 1]:
            return np.empty(0, np.int64), np.empty(0)
        return self._model.recommend(self._rows[span], self._weights[span], LIST, own=not self._held_out.known_barred)

    def ranks(self, q: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The pessimistic ranks of a query's targets, and the list."""
        rows, scores = self.answer(q)
        targets = self._held_out.targets[self._held_out.target_starts[q] : self._held_out.target_starts[q + 1]]
        complete = len(rows) < LIST
        return pessimistic_ranks(rows.astype(np.int32), scores.astype(np.float32), targets, complete=complete), rows


def _events(held_out: HeldOut, starts: NDArray[np.int64], rows: NDArray[np.int32]) -> NDArray[np.float32]:
    """What each row that a query is asked with weighs by the acts that made it known, float32 (n,)."""
    if held_out.kinds is None:
        return np.ones(len(rows), dtype=np.float32)
    weights = event_weights(by_event=True)[held_out.kinds]
    n = int(max(held_out.rows.max(initial=0), rows.max(initial=0))) + 1
    query = np.repeat(np.arange(len(held_out)), np.diff(held_out.starts))
    cells, at = np.unique(query * n + held_out.rows, return_inverse=True)
    sums = np.bincount(at, weights=weights)
    wanted = np.repeat(np.arange(len(held_out)), np.diff(starts)) * n + rows
    return np.maximum(sums[np.searchsorted(cells, wanted)], np.finfo(np.float32).tiny).astype(np.float32)
