"""The gate: a bundle is published only where it is at least as good as what serves, on the newest time, by a lower bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.core.choice import Task
from endcap.measurement.metrics.base import Floats
from endcap.replay.report import Estimate
from endcap.training.judging import gain, overall

Differences = Mapping[Task, tuple[Floats, NDArray[np.int64]]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a proposal passes, by how much it gains over all tasks, and in each."""

    passes: bool
    gain: Estimate
    tasks: dict[Task, Estimate]


def verdict(
    proposed: Mapping[Task, Floats], serving: Mapping[Task, Floats], clusters: Mapping[Task, NDArray[np.int64]]
) -> Verdict:
    """Compare the values of the same answers; tasks that both have count, each alike.

    It passes where the lower bound of the mean gain is not below zero and no single task is worse for sure.
    """
    tasks = [task for task in proposed if task in serving]
    each = {task: gain(proposed[task], serving[task], clusters[task]) for task in tasks}
    total = overall({task: (proposed[task] - serving[task], clusters[task]) for task in tasks})
    return Verdict(total.low >= 0 and all(one.high >= 0 for one in each.values()), total, each)
