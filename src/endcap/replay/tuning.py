"""Choosing the options of an algorithm, and how it is asked, on a validation window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import msgspec
import numpy as np

from endcap import registry
from endcap.algorithms.base import Algorithm, FitContext
from endcap.artifacts.base import Artifact
from endcap.artifacts.item_scores import ItemScores
from endcap.core.choice import Asking, Task
from endcap.core.interactions import Dataset
from endcap.measurement.metrics.base import Answers
from endcap.measurement.metrics.hit_rate import HitRate
from endcap.measurement.metrics.mrr import MRR
from endcap.replay.answering import answer
from endcap.replay.asking import forms
from endcap.replay.held_out import Window


@dataclass(frozen=True, slots=True)
class Choice:
    """The setting with the best validation score, and how many were tried."""

    name: str
    algorithm: Algorithm
    asking: Asking
    score: float
    trials: int


def tune(name: str, window: Window, task: Task, seed: int) -> Choice:
    """The best setting of an algorithm among its grid and the ways of asking, by the score of the task on the window."""
    best: tuple[float, Algorithm, Asking] | None = None
    trials = 0
    for algorithm in settings(name, task):
        artifact = fit(algorithm, window.train, seed)
        ways = forms(task)[:1] if isinstance(artifact, ItemScores) else forms(task)
        for asking in ways:
            trials += 1
            score = validation_score(answer(artifact, window, asking), task)
            if best is None or score > best[0]:
                best = score, algorithm, asking
    assert best is not None
    return Choice(name, best[1], best[2], best[0], trials)


def settings(name: str, task: Task) -> Iterator[Algorithm]:
    """Every combination of an algorithm's grid with its variants for the task, defaults included."""
    found = registry.find("algorithms", name)
    assert issubclass(found, Algorithm)
    seen = set()
    for variant in found.variants.values():
        if task not in (variant.tasks or found.tasks):
            continue
        plain = msgspec.convert(dict(variant.options), found)
        for values in [(), *product(*found.grid.values())]:
            changed: dict[str, Any] = dict(zip(found.grid, values, strict=False))
            algorithm = msgspec.structs.replace(plain, **changed)
            if algorithm.digest() not in seen:
                seen.add(algorithm.digest())
                yield algorithm


def fit(algorithm: Algorithm, data: Dataset, seed: int) -> Artifact:
    """The artifact that the algorithm learns from the data."""
    return algorithm.fit(data, FitContext(rng=np.random.default_rng(seed), now_ms=data.now_ms))


def validation_score(answers: Answers, task: Task) -> float:
    """What settings are compared by: MRR@10 for baskets, MRR@20 + hit rate@20 / 4 for sessions."""
    if task == "basket":
        return float(MRR(k=10).values(answers).mean())
    return float(MRR(k=20).values(answers).mean() + HitRate(k=20).values(answers).mean() / 4)
