"""What training learns from, what it chooses by, and what it is judged by: three stretches of time, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.dataset.splits import before, since
from endcap.replay.held_out import HeldOut, Window
from endcap.training.tasks import MOST_QUESTIONS, TASKS, TIMES_TO_TEACH, lessons, questions
from endcap.training.wanted import has_data

MIN_QUESTIONS = 100
"""With fewer questions the differences between candidates are noise, and nothing is chosen by them."""

_SHARES, _SHARE_OF_FEW = (0.03, 0.05), 0.15
_FEW = 5_000
"""With fewer orders and visits than this, larger shares are held out."""
_ENOUGH = 5_000
"""So many orders and visits of several items ask all the questions that are asked, and teach all that is taught."""

Moments = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Windows:
    """A shop's history cut twice.

    ``past`` is what happened before ``choose_from_ms``: everything is fitted on it. Up to ``gate_from_ms`` follow the questions
    by which options, ways of asking and mixtures are chosen (``choosing``), from then on those by which the result is judged
    (``gate``); neither has a task with fewer than :data:`MIN_QUESTIONS`. ``teaching`` has more questions about the orders that
    choose: a ranker learns from them.
    """

    past: Dataset
    choose_from_ms: int
    gate_from_ms: int
    choosing: Mapping[Task, HeldOut]
    gate: Mapping[Task, HeldOut]
    teaching: Mapping[Task, HeldOut] = field(default_factory=dict)

    def choosing_window(self, task: Task) -> Window:
        """The past, and the questions that choices are made by."""
        return Window(self.past, self.choosing[task], ())

    def gate_window(self, task: Task) -> Window:
        """The past, and the questions that choices are judged by."""
        return Window(self.past, self.gate[task], ())


def windows(data: Dataset, seed: int, most: int = MOST_QUESTIONS, times_to_teach: int = TIMES_TO_TEACH) -> Windows:
    """Cut a history: the newest orders and visits judge, as many before them choose, the rest is learnt from.

    As many are a twentieth, of a short history more; of a long one less, down to three hundredths, where that is enough: a ranker
    is taught on sources that know the past only, and judges best those that are nearly as old as what it will meet. Of each
    task about as many questions as ``most`` are asked in a window. One cut serves all tasks, so that whatever is fitted is
    fitted once.
    """
    began = np.sort(np.concatenate([data.baskets.at_ms, data.sessions.at_ms[data.sessions.indptr[:-1]]]))
    share = _held_out_share(data) if len(began) >= _FEW else _SHARE_OF_FEW
    choose_from_ms, gate_from_ms = _at(began, 1 - 2 * share, data.now_ms), _at(began, 1 - share, data.now_ms)
    later = since(data, choose_from_ms)
    past = before(data, choose_from_ms)
    known = before(data, gate_from_ms)
    between = before(later, gate_from_ms)
    choosing = _asked(between, past, seed, most)
    gate = _asked(since(data, gate_from_ms), known, seed + 1, most)
    taught = lessons(between, np.random.default_rng(seed), most, times_to_teach)
    teaching = {task: found for task, found in taught.items() if task in choosing}
    return Windows(past, choose_from_ms, gate_from_ms, choosing, gate, teaching)


def _held_out_share(data: Dataset) -> float:
    """The share of a long history that one window holds."""
    several = [int(np.count_nonzero(np.diff(one.indptr) > 1)) for one in (data.baskets, data.sessions)]
    fewest = min((n for n in several if n >= MIN_QUESTIONS), default=_ENOUGH)
    least, most = _SHARES
    return min(max(_ENOUGH / fewest, least), most)


def _at(began: Moments, share: float, otherwise_ms: int) -> int:
    return int(began[int(len(began) * share)]) if len(began) else otherwise_ms


def _asked(future: Dataset, past: Dataset, seed: int, most: int) -> dict[Task, HeldOut]:
    asked = [task for task in TASKS if has_data(task, future)]
    found = {task: questions(task, future, np.random.default_rng(seed), past=past, most=most) for task in asked}
    return {task: held_out for task, held_out in found.items() if len(held_out) >= MIN_QUESTIONS}
