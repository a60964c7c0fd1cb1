from __future__ import annotations

from itertools import product

import msgspec
import numpy as np
import pytest

from endcap import registry
from endcap.algorithms.base import Algorithm
from endcap.measurement.metrics.base import Answers
from endcap.replay.answering import answer
from endcap.replay.asking import forms
from endcap.replay.protocols.basket import BasketProtocol
from endcap.replay.protocols.session import SessionProtocol
from endcap.replay.tuning import fit, settings, tune, validation_score
from tests.replay.worlds import clicks, orders, themed

BASKETS = BasketProtocol(orders(themed(600))).window(1)
SESSIONS = SessionProtocol(clicks(themed(600), [])).window(1)


def answers(*ranks: float) -> Answers:
    return Answers.single(np.array(ranks), np.zeros((len(ranks), 0), np.int32), np.zeros(0, np.int64))


def test_baskets_are_scored_by_mrr_at_10_and_sessions_by_mrr_and_hit_rate_at_20() -> None:
    ranks = answers(2.0, 16.0, 21.0)
    assert validation_score(ranks, "basket") == pytest.approx((1 / 2) / 3)
    assert validation_score(ranks, "session") == pytest.approx((1 / 2 + 1 / 16) / 3 + (2 / 3) / 4)


@pytest.mark.parametrize("name", registry.names("algorithms"))
def test_the_defaults_and_every_combination_of_the_grid_are_tried_once(name: str) -> None:
    kind = registry.find("algorithms", name)
    assert issubclass(kind, Algorithm)
    for task in ("basket", "session"):
        tried = list(settings(name, task))
        assert len({one.digest() for one in tried}) == len(tried)
        fitting = [one for one in kind.variants.values() if task in (one.tasks or kind.tasks)]
        if not fitting:
            assert tried == []
            continue
        for variant in fitting:
            assert msgspec.convert(dict(variant.options), kind) in tried
        combinations = {tuple(getattr(one, option) for option in kind.grid) for one in tried}
        assert combinations >= set(product(*kind.grid.values()))


def test_the_choice_has_the_best_score_of_all_settings_and_ways_of_asking() -> None:
    choice = tune("sequential_rules", SESSIONS, "session", seed=1)
    scores = [
        validation_score(answer(fit(algorithm, SESSIONS.train, 1), SESSIONS, asking), "session")
        for algorithm in settings("sequential_rules", "session")
        for asking in forms("session")
    ]
    assert choice.score == max(scores)
    assert choice.trials == len(scores)
    again = answer(fit(choice.algorithm, SESSIONS.train, 1), SESSIONS, choice.asking)
    assert validation_score(again, "session") == choice.score


def test_item_scores_are_asked_in_one_way_only() -> None:
    assert tune("popularity", BASKETS, "basket", seed=1).trials == len(list(settings("popularity", "basket")))
    assert tune("popularity", SESSIONS, "session", seed=1).trials == len(list(settings("popularity", "session")))
