"""Every applicable algorithm, and what Endcap would publish, on the same held-out queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from endcap import registry
from endcap.algorithms.base import Algorithm
from endcap.artifacts.base import Artifact
from endcap.core.choice import Task
from endcap.core.interactions import Dataset
from endcap.dataset.stats import measure
from endcap.measurement.metrics.base import Answers, Metric
from endcap.replay.answering import answer, one_by_one
from endcap.replay.asking import forms
from endcap.replay.bootstrap import Floats, cluster_bootstrap, interval
from endcap.replay.cost import Fitted, measured_fit, query_micros
from endcap.replay.held_out import EvaluationProtocol, Portion, Window
from endcap.replay.report import Chosen, Difference, Estimate, Evaluation, Report, Row
from endcap.replay.shipped import SPOT, ShippedEngine
from endcap.replay.tuning import Tuned, fit, search, settings, validation_values

CUT_OFFS = (10, 20)
BASELINE = "popularity"
"""What every row is compared with."""
SHIPPED = "endcap"
"""The row of what training would publish, answered by the engine."""

Publish = Callable[[Dataset], Mapping[str, Artifact]]
"""Fits everything that training would publish from a data set."""
Progress = Callable[[str, float], None]
"""Told what is being done and which share of everything is done, 0 to 1."""

_DIGITS = 6
_DEPTH: dict[Portion, int] = {"test": 0, "validation": 1}


@dataclass(frozen=True, slots=True)
class _Answered:
    name: str
    answers: Answers
    fitted: Fitted
    micros: tuple[float, float]


def evaluate(
    protocol: EvaluationProtocol, dataset: str, publish: Publish, *, portion: Portion = "test", seed: int = 1,
    progress: Progress = lambda _what, _share: None,
) -> Evaluation:  # fmt: skip
    """Choose settings on a window inside the training part, fit on all of it, and score once on the held-out part.

    ``portion`` "validation" leaves the test part alone: the training part is then cut in the same way. Raises NotEnoughData
    where too little is left to learn from or to ask for.
    """
    task = protocol.task
    progress("cutting the data", 0.0)
    window, tuning_window = protocol.window(_DEPTH[portion]), protocol.window(_DEPTH[portion] + 1)
    names, left_out = _applicable(task, window.train)
    choices: list[Tuned] = []
    answered: list[_Answered] = []
    for number, name in enumerate(names):
        progress(f"tuning {name}", (number + 0.2) / (len(names) + 1.5))
        choices.append(_tuned(name, tuning_window, task, seed))
        progress(f"fitting {name}", (number + 0.8) / (len(names) + 1.5))
        answered.append(_answer_alone(choices[-1], window, seed))
    if task in SPOT:
        progress("training and serving everything", (len(names) + 0.2) / (len(names) + 1.5))
        answered.append(_answer_shipped(publish, window, task, seed))
    progress("drawing intervals", 0.98)
    rows, differences = _compare(answered, window)
    progress("done", 1.0)
    return Evaluation(
        report=Report(task=task, dataset=dataset, protocol=protocol.name, rows=rows),
        portion=portion,
        n_items=window.train.n_items,
        n_queries=len(window.held_out),
        n_clusters=len(np.unique(window.held_out.clusters)),
        chosen=[_chosen(one) for one in choices],
        differences=differences,
        left_out=left_out,
    )


def metrics(answers: Answers) -> dict[str, Metric]:
    """The metrics that say something about these answers, by ``name@k``."""
    several = bool((answers.n_relevant > 1).any())
    found: dict[str, Metric] = {}
    for name in registry.names("metrics"):
        for k in CUT_OFFS:
            metric = registry.build("metrics", name, {"k": k})
            assert isinstance(metric, Metric)
            if several or not metric.for_several:
                found[f"{name}@{k}"] = metric
    return found


def _applicable(task: Task, data: Dataset) -> tuple[list[str], dict[str, str]]:
    """The algorithms that have an artifact for the task and enough data, the baseline first; and why the others are out."""
    names: list[str] = []
    left_out: dict[str, str] = {}
    for name in registry.names("algorithms"):
        found = registry.find("algorithms", name)
        assert issubclass(found, Algorithm)
        wanted = found.requirement
        if _kin(name, task) is None:
            left_out[name] = f"not made for this task ({', '.join(found.tasks)})"
        elif name != BASELINE and (there := measure(wanted.measure, data)) < wanted.at_least:
            left_out[name] = f"wants {wanted.at_least} {wanted.measure.replace('_', ' ')}, the data have {there}"
        else:
            names.append(name)
    return sorted(names, key=lambda name: (name != BASELINE, name)), left_out


_KIN: dict[Task, tuple[Task, ...]] = {
    "purchase": ("topn", "session"),
    "complement": ("basket",),
    "next_basket": ("basket",),
    "topn": ("purchase", "session"),
    "cold_start": ("session", "basket"),
    "upsell": ("session",),
}
"""The tasks whose settings are tried where an algorithm has none for the task itself."""


def _kin(name: str, task: Task) -> Task | None:
    """The task whose settings of an algorithm are tried."""
    return next((one for one in (task, *_KIN.get(task, ())) if next(settings(name, one), None) is not None), None)


def _tuned(name: str, window: Window, task: Task, seed: int) -> Tuned:
    """The best setting of an algorithm for the task on the window."""
    kin = _kin(name, task)
    assert kin is not None
    found = search(
        list(settings(name, kin)), [window], forms(task), fit=lambda algorithm, data: fit(algorithm, data, seed),
        score=lambda answers: validation_values(answers, task),
    )  # fmt: skip
    return Tuned(name, found.best.arm.algorithm, found.best.arm.asking, found.best.score, found.tried)


def _answer_alone(choice: Tuned, window: Window, seed: int) -> _Answered:
    fitted = measured_fit(lambda: {choice.name: fit(choice.algorithm, window.train, seed)})
    artifact = fitted.artifacts[choice.name]
    answers = answer(artifact, window, choice.asking)
    micros = query_micros(one_by_one(artifact, window, choice.asking), len(answers), seed)
    return _Answered(choice.name, answers, fitted, micros)


def _answer_shipped(publish: Publish, window: Window, task: Task, seed: int) -> _Answered:
    fitted = measured_fit(lambda: publish(window.train))
    engine = ShippedEngine(fitted.artifacts, window, task)
    answers = engine.answer()
    return _Answered(SHIPPED, answers, fitted, query_micros(engine.answer_one, len(answers), seed))


def _compare(answered: list[_Answered], window: Window) -> tuple[list[Row], list[Difference]]:
    """The rows with their intervals, and every row's paired difference to the baseline and to the strongest other row."""
    asked = metrics(answered[0].answers)
    values = np.stack([metric.values(one.answers) for one in answered for metric in asked.values()], axis=1)
    weights = window.held_out.weights
    means = np.average(values, axis=0, weights=weights)
    drawn = cluster_bootstrap(values, window.held_out.clusters, weights=weights)
    width = len(asked)
    columns = {one.name: slice(at * width, (at + 1) * width) for at, one in enumerate(answered)}

    def estimates(mean: Floats, draws: Floats) -> dict[str, Estimate]:
        # Rounded, so that where all queries agree the interval is the value, whatever the order of addition.
        return {
            name: Estimate(*(round(one, _DIGITS) for one in (float(mean[at]), *interval(draws[:, at]))))
            for at, name in enumerate(asked)
        }

    rows = [
        Row(
            name=one.name,
            metrics=estimates(means[columns[one.name]], drawn[:, columns[one.name]]),
            fit_seconds=round(one.fitted.seconds, 3),
            peak_mb=round(one.fitted.peak_mb, 1),
            query_us_p50=round(one.micros[0], 1),
            query_us_p99=round(one.micros[1], 1),
        )
        for one in answered
    ]
    pairs = [(one.name, BASELINE) for one in answered if one.name != BASELINE and BASELINE in columns]
    if SHIPPED in columns and len(rows) > 1:
        pairs.append((SHIPPED, _strongest([row for row in rows if row.name != SHIPPED])))
    differences = [
        Difference(
            row=row, against=other,
            metrics=estimates(means[columns[row]] - means[columns[other]], drawn[:, columns[row]] - drawn[:, columns[other]]),
        )
        for row, other in dict.fromkeys(pairs)
    ]  # fmt: skip
    return rows, differences


def _strongest(rows: list[Row]) -> str:
    return max(rows, key=lambda row: row.metrics[f"mrr@{CUT_OFFS[-1]}"].value).name


def _chosen(choice: Tuned) -> Chosen:
    asking: dict[str, object] = msgspec.to_builtins(choice.asking)
    return Chosen(row=choice.name, options=choice.algorithm.options(), asking=asking, score=choice.score, trials=choice.trials)
