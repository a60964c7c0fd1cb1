"""What a training says of itself: everything that was tried, how good it was, and why what was taken was taken."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from endcap.core.choice import Task
from endcap.core.promise import Promise
from endcap.replay.report import Estimate
from endcap.training.candidates import Kind
from endcap.training.goals import Goal
from endcap.training.readiness import Readiness

TASKS_IN_WORDS: Mapping[Task, str] = {
    "basket": "the rest of an order", "session": "the next act of a visit", "purchase": "what somebody buys next",
    "next_basket": "a person's next order",
}  # fmt: skip


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How an artifact, fitted on the past and asked alone, answered ``questions`` about the newest time."""

    task: Task
    questions: int
    hit_rate_10: float
    hit_rate_20: float
    mrr_20: float


class FitReport(msgspec.Struct, frozen=True, kw_only=True):
    """One artifact: the options chosen, what it cost, what it holds, how it did on held-out time.

    ``tuned`` names the options that held-out time chose, of ``tried`` settings; it is empty, and ``quality`` missing, where the
    data were too few to hold some out. ``seconds`` is the fit on all data; ``mb`` what its arrays take, in MiB. ``entries``
    counts the neighbours of an item-neighbours artifact, the scored items of an item-scores artifact.
    """

    name: str
    algorithm: str
    label: str
    options: dict[str, object]
    tuned: tuple[str, ...]
    tried: int
    seconds: float
    mb: float
    entries: int
    warming_up: bool
    quality: Quality | None


class SliceReport(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the questions, how many they are, and the mean value of the answers to them; nothing where there are none."""

    questions: int
    value: float | None


class CandidateReport(msgspec.Struct, frozen=True, kw_only=True):
    """One way to answer a task, judged in the newest time.

    ``value`` is what the goal makes of its answers; ``against_picked`` its paired difference to what was taken. ``warm`` are the
    questions whose answer had at least five acts in the past, ``cold`` the others. ``sources`` names the artifacts with their
    weights; ``seconds`` is what choosing it cost on top of the artifacts.
    """

    name: str
    kind: Kind
    picked: bool
    value: Estimate
    against_picked: Estimate
    warm: SliceReport
    cold: SliceReport
    metrics: dict[str, Estimate]
    sources: dict[str, float]
    seconds: float


class TaskReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a task will be answered. Without ``candidates`` there was too little to ask, and the default blend was taken.

    ``promise`` is what the watch holds the bundle to, where the task has one.
    """

    task: Task
    chosen_by: int
    judged_by: int
    picked: str
    why: str
    candidates: tuple[CandidateReport, ...] = ()
    promise: Promise | None = None


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the bundle was published, and why.

    ``against`` says what it was compared with: ``arrays``, what serves as it is; ``recipe``, its options and choices on the same
    past; ``nothing`` where nothing serves; ``unjudged`` where there was too little to ask. ``gain`` is the mean difference to it
    over all tasks, ``tasks`` that of each.
    """

    published: bool
    forced: bool = False
    against: str
    serving: str | None = None
    kept_recipe: bool = False
    gain: Estimate | None = None
    tasks: dict[str, Estimate] = {}
    why: str


class TrainingReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a training made. ``left_out`` names what there were no data for, with what it waits for, and what nothing asks for;
    ``cut`` what the budget cut.

    ``version`` is missing where nothing was published.
    """

    items: int
    interactions: int
    baskets: int
    sessions: int
    data_until_ms: int
    position: int
    goal: Goal
    worth: str
    choosing_from_ms: int | None = None
    judging_from_ms: int | None = None
    tasks: tuple[TaskReport, ...] = ()
    gate: GateReport
    fitted: tuple[FitReport, ...]
    left_out: tuple[Readiness, ...]
    cut: tuple[str, ...] = ()
    seconds: float
    peak_mb: float
    version: str | None = None
