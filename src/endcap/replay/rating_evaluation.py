"""Predicted ratings on held-out data: means, biases and whatever artifacts predict ratings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from endcap import registry
from endcap.algorithms.base import Algorithm
from endcap.artifacts.base import Artifact, RatingPredictor
from endcap.core.interactions import Dataset
from endcap.measurement.metrics.base import Predictions, RatingMetric
from endcap.replay.comparison import Measured, compare
from endcap.replay.cost import measured_fit, query_micros
from endcap.replay.evaluation import Notes, Progress, evaluation
from endcap.replay.held_out import EvaluationProtocol, Portion, Window
from endcap.replay.rating_baselines import BASELINES, RatingBaseline
from endcap.replay.report import Chosen, Evaluation
from endcap.replay.tuning import fit, settings
from endcap.replay.wanted import SHIPPED, Wanted

BASELINE = "item mean"
PRIMARY = "rmse"
_DEPTH: dict[Portion, int] = {"test": 0, "validation": 1}


def evaluate_ratings(
    protocol: EvaluationProtocol, dataset: str, *, portion: Portion = "test", seed: int = 1,
    wanted: Wanted | None = None, progress: Progress = lambda _what, _share: None,
) -> Evaluation:  # fmt: skip
    """How far predicted stars are from those given, by every baseline and every algorithm that predicts ratings.

    Settings are chosen by RMSE on a window inside the training part. Predictions are kept inside the scale that the training
    part shows. ``wanted`` says which algorithms are tried; the baselines are always there. Raises NotEnoughData where too little
    is left to learn from or to ask for.
    """
    progress("cutting the data", 0.0)
    window, tuning_window = protocol.window(_DEPTH[portion]), protocol.window(_DEPTH[portion] + 1)
    notes, wanted = Notes(), wanted or Wanted()
    figures = rating_metrics()
    progress("means and biases", 0.1)
    measured = [_baseline(name, build, window, figures, seed) for name, build in BASELINES.items()]
    progress("algorithms that predict ratings", 0.3)
    measured += _algorithms(window, tuning_window, figures, seed, notes, wanted)
    without = wanted.only.difference(notes.left_out, (one.name for one in measured))
    notes.left_out |= dict.fromkeys(sorted(without), "it does not predict ratings")
    progress("drawing intervals", 0.95)
    found = compare(measured, figures, window, baseline=BASELINE, ours=SHIPPED, primary=PRIMARY)
    progress("done", 1.0)
    return evaluation(protocol, dataset, portion, window, found, notes)


def rating_metrics() -> dict[str, RatingMetric]:
    """The metrics of predicted ratings by name."""
    found = {name: registry.build("metrics", name) for name in registry.names("metrics")}
    return {name: one for name, one in found.items() if isinstance(one, RatingMetric)}


def predictions(predictor: RatingPredictor, window: Window) -> Predictions:
    """What a predictor says of every held-out rating, kept inside the scale."""
    held_out, stars = window.held_out, window.train.interactions.stars
    assert held_out.target_values is not None
    assert stars is not None
    ask = asker(predictor, window)
    predicted = np.array([ask(q) for q in range(len(held_out))], dtype=np.float64)
    predicted = np.clip(predicted, float(np.nanmin(stars)), float(np.nanmax(stars)))
    return Predictions(predicted, held_out.target_values.astype(np.float64))


def asker(predictor: RatingPredictor, window: Window) -> Callable[[int], float]:
    """A function that predicts the stars of query ``q`` alone."""
    held_out = window.held_out
    assert held_out.values is not None
    values = held_out.values

    def ask(q: int) -> float:
        known = slice(held_out.starts[q], held_out.starts[q + 1])
        return float(predictor.predict(held_out.rows[known], values[known], held_out.targets[q : q + 1])[0])

    return ask


def _baseline(
    name: str, build: Callable[[Dataset], RatingBaseline], window: Window, figures: dict[str, RatingMetric], seed: int
) -> Measured:
    fitted = measured_fit(lambda: {name: build(window.train)})
    return _measured(name, fitted.artifacts[name], fitted.seconds, fitted.peak_mb, window, figures, seed)


def _algorithms(
    window: Window, tuning_window: Window, figures: dict[str, RatingMetric], seed: int, notes: Notes, wanted: Wanted
) -> Iterator[Measured]:
    asked_for, on_demand = wanted.algorithms()
    notes.left_out |= {name: why for name, why in on_demand.items() if any(settings(name, "ratings"))}
    for name in asked_for:
        tried = list(settings(name, "ratings"))
        if not tried:
            continue
        scored = [(_error(algorithm, tuning_window, figures, seed), algorithm) for algorithm in tried]
        score, best = min(scored, key=lambda one: one[0])
        if not np.isfinite(score):
            notes.left_out[name] = "what it makes does not predict ratings"
            continue
        notes.chosen.append(Chosen(row=name, options=best.options(), asking={}, score=score, trials=len(tried)))
        fitted = measured_fit(partial(_fitted, name, best, window.train, seed))
        yield _measured(name, fitted.artifacts[name], fitted.seconds, fitted.peak_mb, window, figures, seed)


def _fitted(name: str, algorithm: Algorithm, data: Dataset, seed: int) -> dict[str, Artifact]:
    return {name: fit(algorithm, data, seed)}


def _error(algorithm: Algorithm, window: Window, figures: dict[str, RatingMetric], seed: int) -> float:
    artifact = fit(algorithm, window.train, seed)
    if not isinstance(artifact, RatingPredictor):
        return float("inf")
    figure = figures[PRIMARY]
    return float(figure.of_mean(figure.values(predictions(artifact, window)).mean()))


def _measured(
    name: str, artifact: Artifact, seconds: float, peak_mb: float, window: Window, figures: dict[str, RatingMetric], seed: int
) -> Measured:
    assert isinstance(artifact, RatingPredictor)
    found = predictions(artifact, window)
    values = {metric: figure.values(found) for metric, figure in figures.items()}
    micros = query_micros(asker(artifact, window), len(window.held_out), seed)
    return Measured(name, values, seconds, peak_mb, micros)
