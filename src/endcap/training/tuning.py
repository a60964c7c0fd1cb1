"""Options chosen on held-out time: fit on the past, ask about what came after, keep the best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import msgspec
import numpy as np

from endcap.algorithms.base import Algorithm, FitContext
from endcap.artifacts.base import Artifact
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.dataset.splits import before, since
from endcap.measurement.metrics.hit_rate import HitRate
from endcap.measurement.metrics.mrr import MRR
from endcap.replay.answering import answer
from endcap.replay.held_out import HeldOut, Window
from endcap.training.tasks import ASKING, questions

HELD_OUT_SHARE = 0.1
"""The newest part of the orders or visits, which validation asks about."""

MIN_QUESTIONS = 200
"""With fewer questions the differences between options are noise, and the defaults stay."""

TASKS: tuple[Task, ...] = ("basket", "session", "purchase")


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How an artifact fitted on the past answered ``questions`` about what came after."""

    task: Task
    questions: int
    hit_rate_10: float
    hit_rate_20: float
    mrr_20: float

    @property
    def objective(self) -> float:
        """What options are chosen by: the first places count, and so does being on the list at all."""
        return self.mrr_20 + self.hit_rate_20 / 4


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of options and how it did."""

    algorithm: Algorithm
    quality: Quality


class Validation:
    """The past of a data set, and questions about the rest of it by task; tasks with too few questions are left out."""

    def __init__(self, data: Dataset, seed: int) -> None:
        self._seed = seed
        self._windows: dict[Task, Window] = {}
        for task in TASKS:
            window = _window(task, data, np.random.default_rng(seed))
            if window is not None:
                self._windows[task] = window

    def task_for(self, tasks: Sequence[Task]) -> Task | None:
        """The first of these tasks that can be asked."""
        return next((task for task in tasks if task in self._windows), None)

    def judge(self, algorithm: Algorithm, task: Task) -> Trial:
        """Fit on the past of a task and ask its questions."""
        window = self._windows[task]
        context = FitContext(rng=np.random.default_rng(self._seed), now_ms=window.train.now_ms)
        return Trial(algorithm, quality(algorithm.fit(window.train, context), window, task))

    def best(self, algorithm: Algorithm, task: Task, tunable: Mapping[str, tuple[Any, ...]]) -> Trial:
        """The best of the algorithm as it is and with all combinations of ``tunable`` options; of equals the first."""
        trials = (self.judge(candidate, task) for candidate in combinations(algorithm, tunable))
        return max(trials, key=lambda trial: trial.quality.objective)


def combinations(algorithm: Algorithm, tunable: Mapping[str, tuple[Any, ...]]) -> Iterator[Algorithm]:
    """The algorithm itself, then with every other combination of these option values."""
    yield algorithm
    for values in product(*tunable.values()):
        candidate = msgspec.structs.replace(algorithm, **dict(zip(tunable, values, strict=True)))
        if candidate != algorithm:
            yield candidate


def quality(artifact: Artifact, window: Window, task: Task) -> Quality:
    """The figures of an artifact that was fitted on ``window.train``."""
    answers = answer(artifact, window, ASKING[task])
    return Quality(
        task=task, questions=len(answers), hit_rate_10=float(HitRate(k=10).values(answers).mean()),
        hit_rate_20=float(HitRate(k=20).values(answers).mean()), mrr_20=float(MRR(k=20).values(answers).mean()),
    )  # fmt: skip


def _window(task: Task, data: Dataset, rng: np.random.Generator) -> Window | None:
    cut_ms = _cut_ms(task, data)
    if cut_ms is None:
        return None
    held_out: HeldOut = questions(task, since(data, cut_ms), rng)
    return Window(before(data, cut_ms), held_out, ()) if len(held_out) >= MIN_QUESTIONS else None


def _cut_ms(task: Task, data: Dataset) -> int | None:
    """When the newest tenth of the orders or visits began."""
    if task == "basket":
        began = data.baskets.at_ms
    else:
        began = np.sort(data.sessions.at_ms[data.sessions.indptr[:-1]])
    return int(began[int(len(began) * (1 - HELD_OUT_SHARE))]) if len(began) else None
