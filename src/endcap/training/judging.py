"""Candidates judged on time that nothing was chosen by, and the simplest that no other beats for sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Artifact
from endcap.core.choice import Task
from endcap.measurement.metrics.base import Answers, Floats
from endcap.replay.bootstrap import cluster_bootstrap, interval
from endcap.replay.held_out import Window
from endcap.replay.report import Estimate
from endcap.training.candidates import Candidate, Kind
from endcap.training.goals import Objective, values

FEW_ACTS = 5
"""An item with fewer acts than this in the past is cold."""

ORDER: tuple[Kind, ...] = ("serving", "single", "default", "blend", "ranker")
"""From what stands and what is simple to what is not: each has to beat what was kept before it."""

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate, what it answered in the gate's window, and the value of each answer, float64 (n_queries,)."""

    candidate: Candidate
    answers: Answers
    values: Floats

    @property
    def mean(self) -> float:
        """The mean value."""
        return float(self.values.mean())


def judged(candidate: Candidate, artifacts: Mapping[str, Artifact], window: Window, objective: Objective) -> Judged:
    """Ask a candidate the questions of a window."""
    answers = candidate.answers(artifacts, window)
    return Judged(candidate, answers, values(answers, objective.weights(window.held_out)))


def pick(field: Sequence[Judged], clusters: NDArray[np.int64]) -> Judged:
    """What is kept of a field with one candidate of each kind at most.

    It begins with the one that comes first in :data:`ORDER`; each further one is taken where the lower bound of its paired
    difference to what is kept is above zero.
    """
    in_order = sorted(field, key=lambda one: ORDER.index(one.candidate.kind))
    kept = in_order[0]
    for one in in_order[1:]:
        if gain(one.values, kept.values, clusters).low > 0:
            kept = one
    return kept


def gain(ours: Floats, theirs: Floats, clusters: NDArray[np.int64]) -> Estimate:
    """The mean paired difference and its interval, over whole clusters.

    >>> gain(np.array([1.0, 1.0]), np.array([0.0, 1.0]), np.array([0, 1]))
    Estimate(value=0.5, low=0.0, high=1.0)
    """
    difference = ours - theirs
    return estimate(difference, cluster_bootstrap(difference[:, None], clusters)[:, 0])


def estimate(sample: Floats, drawn: Floats) -> Estimate:
    """A mean and the interval of its drawn values, rounded so that equal values have no width."""
    return Estimate(*(round(one, _DIGITS) for one in (float(sample.mean()), *interval(drawn))))


def overall(differences: Mapping[Task, tuple[Floats, NDArray[np.int64]]]) -> Estimate:
    """The mean of the tasks' mean differences, each task counting alike, and its interval; differences come with clusters."""
    drawn = [cluster_bootstrap(one[:, None], clusters)[:, 0] for one, clusters in differences.values()]
    means = np.array([one.mean() for one, _ in differences.values()])
    return estimate(means, np.mean(drawn, axis=0))


def cold(window: Window) -> NDArray[np.bool_]:
    """Which queries look for an item that has fewer than :data:`FEW_ACTS` acts in the past; of several targets the best known."""
    held_out = window.held_out
    counts = np.bincount(window.train.interactions.items, minlength=window.train.n_items)
    known = np.where(held_out.targets >= 0, counts[held_out.targets], 0)
    most: NDArray[np.int64] = np.maximum.reduceat(known, held_out.target_starts[:-1])
    return most < FEW_ACTS
