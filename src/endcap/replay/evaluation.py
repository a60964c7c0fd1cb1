"""Every applicable algorithm, the baselines, and what Endcap would publish, on the same held-out queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap import registry
from endcap.artifacts.base import Artifact
from endcap.core.choice import Asking, Choice, Task
from endcap.core.interactions import Dataset
from endcap.measurement.metrics.base import Answers, Metric
from endcap.replay.answering import DEPTH, answer, one_by_one
from endcap.replay.applicable import applicable, choice_for, tuned
from endcap.replay.baselines import baselines
from endcap.replay.choosing import Chooser, answer_choice
from endcap.replay.comparison import Comparison, Measured, compare, slices
from endcap.replay.cost import Fitted, measured_fit, query_micros
from endcap.replay.held_out import EvaluationProtocol, Portion, Window
from endcap.replay.peers import PeerAnswers, answer_peers
from endcap.replay.report import Chosen, Evaluation, Report
from endcap.replay.shipped import SPOT, ShippedEngine
from endcap.replay.tuning import Tuned, fit
from endcap.replay.wanted import SHIPPED, Wanted

CUT_OFFS = (10, 20)
BASELINE = "popularity"
"""What every row is compared with."""
PRIMARY = f"mrr@{CUT_OFFS[-1]}"
"""What the strongest row is found by."""

Progress = Callable[[str, float], None]
"""Told what is being done and which share of everything is done, 0 to 1."""

_DEPTH: dict[Portion, int] = {"test": 0, "validation": 1}


@dataclass(frozen=True, slots=True)
class Published:
    """What training would publish: its artifacts by name, and how each task is answered with them."""

    artifacts: Mapping[str, Artifact]
    choices: tuple[Choice, ...] = ()


Publish = Callable[[Dataset], Published]
"""Fits everything that training would publish from a data set."""


@dataclass(slots=True)
class Notes:
    """What is told beside the table: what validation chose, and what was left out and why."""

    chosen: list[Chosen] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def evaluate(
    protocol: EvaluationProtocol, dataset: str, publish: Publish | None, *, portion: Portion = "test", seed: int = 1,
    wanted: Wanted | None = None, progress: Progress = lambda _what, _share: None,
) -> Evaluation:  # fmt: skip
    """Choose settings on a window inside the training part, fit on all of it, and score once on the held-out part.

    ``portion`` "validation" leaves the test part alone: the training part is then cut in the same way. ``wanted``
    says which rows are tried; the baselines are always there. Without ``publish`` there is no row of the whole.
    Raises NotEnoughData where too little is left to learn from or to ask for.
    """
    progress("cutting the data", 0.0)
    window, tuning_window = protocol.window(_DEPTH[portion]), protocol.window(_DEPTH[portion] + 1)
    task, notes, wanted = protocol.task, Notes(), wanted or Wanted()
    answered = list(_algorithms(task, window, tuning_window, seed, notes, progress, wanted))
    answered += [_baseline(name, task, window, seed) for name in baselines(task, window.train)]
    if wanted.peers:
        progress("trying other libraries", 0.6)
        answered += [_of_peer(one, notes) for one in answer_peers(wanted.peers, task, window, tuning_window, notes.left_out)]
    if publish is not None and wanted.whole:
        progress("training and serving everything", 0.85)
        answered += _whole(publish, window, task, seed, notes)
    progress("drawing intervals", 0.98)
    figures = metrics(answered[0].answers)
    measured = [one.measured(figures, window.held_out.weights) for one in answered]
    found = compare(measured, figures, window, baseline=BASELINE, ours=SHIPPED, primary=PRIMARY)
    progress("done", 1.0)
    return evaluation(protocol, dataset, portion, window, found, notes)


def evaluation(
    protocol: EvaluationProtocol, dataset: str, portion: Portion, window: Window, found: Comparison, notes: Notes
) -> Evaluation:
    """What was found, with what a reader needs to judge it."""
    counted = window.held_out.weights > 0
    sizes = {"all": int(np.count_nonzero(counted))}
    report = Report(
        task=protocol.task, dataset=dataset, protocol=protocol.name, rows=found.rows, portion=portion, strongest=found.strongest,
        sizes=sizes | {name: int(chosen.sum()) for name, chosen in slices(window).items()}, differences=found.differences,
        chosen=notes.chosen, left_out=notes.left_out,
    )  # fmt: skip
    return Evaluation(
        report=report, portion=portion, n_items=window.train.n_items, n_queries=sizes["all"],
        n_clusters=len(np.unique(window.held_out.clusters[counted])), chosen=notes.chosen, differences=found.differences,
        left_out=notes.left_out,
    )  # fmt: skip


def metrics(answers: Answers) -> dict[str, Metric]:
    """The metrics that say something about these answers, by ``name@k``."""
    several = bool((answers.n_relevant > 1).any())
    found: dict[str, Metric] = {}
    for name in registry.names("metrics"):
        kind = registry.find("metrics", name)
        if not issubclass(kind, Metric) or (kind.for_several and not several) or (kind.for_gains and answers.gains is None):
            continue
        for k in CUT_OFFS:
            metric = registry.build("metrics", name, {"k": k})
            assert isinstance(metric, Metric)
            found[f"{name}@{k}"] = metric
    return found


@dataclass(frozen=True, slots=True)
class _Answered:
    name: str
    answers: Answers
    seconds: float
    peak_mb: float
    micros: tuple[float, float]
    peer: bool = False

    def measured(self, figures: Mapping[str, Metric], weights: NDArray[np.float64]) -> Measured:
        answers = replace(self.answers, weights=weights)
        values = {name: figure.values(answers) for name, figure in figures.items()}
        return Measured(self.name, values, self.seconds, self.peak_mb, self.micros, self.peer)


def _algorithms(
    task: Task, window: Window, tuning_window: Window, seed: int, notes: Notes, progress: Progress, wanted: Wanted
) -> Iterator[_Answered]:
    names, left_out = applicable(task, window.train, BASELINE, wanted)
    notes.left_out |= left_out
    for number, name in enumerate(names):
        progress(f"tuning {name}", (number + 0.2) / (len(names) + 1) * 0.6)
        choice = tuned(name, tuning_window, task, seed)
        notes.chosen.append(_chosen(choice))
        progress(f"fitting {name}", (number + 0.8) / (len(names) + 1) * 0.6)
        yield _alone(name, measured_fit(partial(_fitted, choice, window.train, seed)), window, choice.asking, seed)


def _fitted(choice: Tuned, data: Dataset, seed: int) -> Mapping[str, Artifact]:
    return {choice.name: fit(choice.algorithm, data, seed)}


def _baseline(name: str, task: Task, window: Window, seed: int) -> _Answered:
    return _alone(name, measured_fit(lambda: {name: baselines(task, window.train)[name]}), window, Asking(), seed)


def _alone(name: str, fitted: Fitted, window: Window, asking: Asking, seed: int) -> _Answered:
    artifact = fitted.artifacts[name]
    answers = answer(artifact, window, asking)
    micros = query_micros(one_by_one(artifact, window, asking), len(answers), seed)
    return _Answered(name, answers, fitted.seconds, fitted.peak_mb, micros)


def _of_peer(one: PeerAnswers, notes: Notes) -> _Answered:
    notes.chosen.append(one.chosen)
    return _Answered(one.name, one.answers, one.seconds, one.peak_mb, one.micros, peer=True)


def _whole(publish: Publish, window: Window, task: Task, seed: int, notes: Notes) -> list[_Answered]:
    """What would be published: at the spot that is shipped for the task, else as training chose for it or the nearest task."""

    def work() -> tuple[Mapping[str, Artifact], object]:
        published = publish(window.train)
        return published.artifacts, published.choices

    fitted = measured_fit(work)
    choices = fitted.beside
    assert isinstance(choices, tuple)
    answer_one: Callable[[int], object]
    if task in SPOT:
        engine = ShippedEngine(fitted.artifacts, window, task, choices)
        answers, answer_one = engine.answer(), engine.answer_one
    else:
        choice = choice_for(task, choices)
        if choice is None:
            notes.left_out[SHIPPED] = "training chose nothing for this task"
            return []
        chooser = Chooser(choice, fitted.artifacts, window)
        answers, answer_one = answer_choice(choice, fitted.artifacts, window), partial(chooser.answer, count=DEPTH)
    micros = query_micros(answer_one, len(answers), seed)
    return [_Answered(SHIPPED, answers, fitted.seconds, fitted.peak_mb, micros)]


def _chosen(choice: Tuned) -> Chosen:
    asking: dict[str, object] = msgspec.to_builtins(choice.asking)
    return Chosen(row=choice.name, options=choice.algorithm.options(), asking=asking, score=choice.score, trials=choice.trials)
