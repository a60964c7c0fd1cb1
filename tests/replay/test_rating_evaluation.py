from __future__ import annotations

import numpy as np
import pytest

from endcap.replay.protocols.ratings import RatingsProtocol
from endcap.replay.rating_baselines import BASELINES, RatingBaseline, fit_baseline
from endcap.replay.rating_evaluation import evaluate_ratings, predictions
from endcap.replay.wanted import Wanted
from tests.replay.protocols.histories import history

# Odd items are good and even ones are not, and every third person is generous.
RATED = [
    f"{1 + (37 * person + 11 * item) % 101 / 10:.1f} p{person} rating item{item} {1 + 2 * (item % 2) + (person % 3 == 0)}"
    for item in range(20)
    for person in range(30)
    if (person + item) % 4
]


def test_biases_are_means_of_what_is_left() -> None:
    train = RatingsProtocol(
        history("1 a rating x 5", "2 a rating y 3", "3 b rating x 4", "4 b rating y 1", "9 b rating z 1")
    ).window(0)
    model = fit_baseline(train.train, item_damping=0.0, person_damping=1.0)
    # The mean is 13 / 4; x is 1.25 above it, y 1.25 below. Somebody who gave x 5 stars is .5 above, of which half is believed.
    assert model.facts.tolist() == [3.25, 1.0]
    assert model.item_bias.tolist() == [1.25, -1.25]
    found = model.predict(np.array([0], np.int32), np.array([5.0], np.float32), np.array([1, -1], np.int32))
    assert found.tolist() == [2.25, 3.5]


def test_each_baseline_knows_what_it_says() -> None:
    window = RatingsProtocol(history(*RATED)).window(0)
    errors = {}
    for name, build in BASELINES.items():
        found = predictions(build(window.train), window)
        errors[name] = float(np.square(found.predicted - found.given).mean())
    assert errors["biases"] < errors["item mean"] < errors["mean"]
    assert errors["biases"] < errors["person mean"]


def test_the_report_has_errors_and_intervals() -> None:
    found = evaluate_ratings(RatingsProtocol(history(*RATED)), "stars", portion="validation")
    rows = {row.name: row for row in found.report.rows}
    assert {"mean", "item mean", "person mean", "biases"} <= set(rows)
    assert set(rows["mean"].metrics) == {"mae", "rmse"}
    assert rows["biases"].metrics["rmse"].value < rows["mean"].metrics["rmse"].value
    assert found.report.task == "ratings"
    compared = {(one.row, one.against) for one in found.differences}
    assert ("mean", "item mean") in compared


def test_only_the_algorithms_asked_for_are_run_beside_the_baselines() -> None:
    protocol = RatingsProtocol(history(*RATED))
    found = evaluate_ratings(protocol, "stars", portion="validation", wanted=Wanted.of(["sgd_mf", "co_purchase", "endcap"]))
    assert {row.name for row in found.report.rows} == {*BASELINES, "sgd_mf"}
    assert found.left_out == dict.fromkeys(("co_purchase", "endcap"), "it does not predict ratings")
    without = evaluate_ratings(protocol, "stars", portion="validation", wanted=Wanted.of(["endcap"]))
    assert {row.name for row in without.report.rows} == set(BASELINES)


def test_predictions_stay_inside_the_scale() -> None:
    window = RatingsProtocol(history(*RATED)).window(0)
    far = RatingBaseline(np.array([99.0, -1.0]), np.zeros(window.train.n_items, np.float32))
    assert predictions(far, window).predicted.max() == pytest.approx(4.0)
