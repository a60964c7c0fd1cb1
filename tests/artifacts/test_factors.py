from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.artifacts.base import Asked
from endcap.artifacts.factors import MOST, Factors, FoldIn
from endcap.errors import CorruptBundle

N_ITEMS, DIM = 30, 5


def made(**settings: float) -> Factors:
    rng = np.random.default_rng(0)
    fold_in = FoldIn(l2=0.5, unseen=2.0, frequency=0.7, confidence=3.0)._replace(**settings)
    parts = {"prior": rng.random(DIM), "biases": rng.normal(size=N_ITEMS)}
    return Factors.of(rng.normal(size=(N_ITEMS, DIM)), fold_in, "to_your_taste", **parts)


def plain_person(one: Factors, rows: list[int], confidences: NDArray[Any], values: NDArray[Any]) -> NDArray[np.float64]:
    how, vectors = one.fold_in, one.vectors[rows].astype(np.float64)
    penalty = how.l2 * (confidences.sum() + how.unseen) ** how.frequency
    system = vectors.T @ (confidences[:, None] * vectors) + np.diag(one.prior + penalty)
    found: NDArray[np.float64] = np.linalg.solve(system, vectors.T @ (confidences * (values - one.biases[rows] - how.mean)))
    return found


def asked(rows: list[int], weights: list[float]) -> Asked:
    return Asked(np.array(rows, np.int32), np.array(weights, np.float32))


def retrieved(one: Factors, question: Asked, blocked: list[int]) -> NDArray[np.float32]:
    n = one.n_items
    scores, touched, bars = np.zeros(n, np.float32), np.empty(n, np.int32), np.zeros(n, np.uint8)
    bars[blocked] = 1
    found = one.retrieve(question, bars, scores, touched)
    assert sorted(touched[:found].tolist()) == np.flatnonzero(scores).tolist()
    assert len(set(touched[:found].tolist())) == found
    return scores


@pytest.mark.parametrize("rows", [[3], [3, 7], [9, 3, 7, 1, 22, 13, 28]])
def test_it_answers_as_ridge_regression_does(rows: list[int]) -> None:
    one = made()
    weights = np.linspace(1, 0.3, len(rows))
    vector = plain_person(one, rows, 3.0 * weights, np.ones(len(rows)))
    expected = np.maximum(one.vectors @ vector + one.biases, 0)
    expected[[0, 5]] = 0
    np.testing.assert_allclose(retrieved(one, asked(rows, weights.tolist()), [0, 5]), expected, rtol=1e-4, atol=1e-5)


def test_ratings_are_told_from_ratings() -> None:
    one, rows, stars = made(mean=3.5), [4, 8, 15], np.array([5.0, 1.0, 4.0])
    vector = plain_person(one, rows, np.full(3, 3.0), stars)
    told = one.predict(np.array(rows, np.int32), stars.astype(np.float32), np.array([2, 4], np.int32))
    np.testing.assert_allclose(told, (one.vectors @ vector + one.biases + 3.5)[[2, 4]], rtol=1e-4)


def test_what_is_not_known_is_told_by_the_mean() -> None:
    one, nothing = made(mean=3.5), np.empty(0, np.int32)
    rows, stars = np.array([4, 8], np.int32), np.array([5.0, 1.0], np.float32)
    more, more_stars = np.array([4, N_ITEMS, 8, -1], np.int32), np.array([5.0, 2.0, 1.0, 1.0], np.float32)
    asked_for = np.array([3, N_ITEMS + 2, -1], np.int32)
    np.testing.assert_array_equal(one.predict(more, more_stars, asked_for), one.predict(rows, stars, asked_for))
    assert one.predict(rows, stars, asked_for)[1:].tolist() == [3.5, 3.5]
    told = one.predict(nothing, np.empty(0, np.float32), asked_for)
    np.testing.assert_allclose(told, [3.5 + one.biases[3], 3.5, 3.5], rtol=1e-6)


def test_rows_that_it_does_not_number_are_passed_over() -> None:
    one = made()
    plain = retrieved(one, asked([3, 7], [1.0, 0.5]), [])
    np.testing.assert_array_equal(retrieved(one, asked([3, N_ITEMS, 7, -1], [1.0, 1.0, 0.5, 1.0]), []), plain)


def test_nothing_asked_leaves_what_everybody_likes() -> None:
    one = made()
    np.testing.assert_array_equal(retrieved(one, asked([], []), []), np.maximum(one.biases, 0))


def test_a_large_catalogue_gives_its_best_allowed_items_only() -> None:
    rng = np.random.default_rng(1)
    one = Factors.of(rng.random((3 * MOST, 2)), FoldIn(l2=1.0), "to_your_taste")
    everything = one.vectors @ one.person(np.array([1], np.int32), np.ones(1, np.float32), np.ones(1, np.float32))
    barred = np.argsort(-everything)[:10].tolist()
    scores = retrieved(one, asked([1], [1.0]), barred)
    kept = np.flatnonzero(scores)
    assert set(np.argsort(-everything)[10 : MOST + 10].tolist()) <= set(kept.tolist())
    assert not scores[barred].any()
    assert len(kept) < 1.5 * MOST


@pytest.mark.parametrize(
    "changed",
    [
        {"vectors": np.zeros((N_ITEMS, DIM + 1), np.float32)},
        {"vectors": np.zeros((N_ITEMS, DIM))},
        {"biases": np.zeros(N_ITEMS - 1, np.float32)},
        {"prior": np.full(DIM, -1, np.float32)},
        {"prior": np.full(DIM, np.nan, np.float32)},
        {"settings": np.ones(2)},
        {"settings": np.zeros(len(FoldIn._fields))},
    ],
)
def test_what_does_not_fit_together_is_not_loaded(changed: dict[str, Any]) -> None:
    one = made()
    assert one.is_sound(N_ITEMS)
    assert not one.is_sound(N_ITEMS + 1)
    assert not replace(one, **changed).is_sound(N_ITEMS)
    with pytest.raises(CorruptBundle):
        Factors.from_arrays(one.arrays() | changed, one.reason)


@pytest.mark.parametrize("missing", ["vectors", "biases", "prior", "settings"])
def test_an_array_that_is_missing_is_named(missing: str) -> None:
    arrays = made().arrays()
    del arrays[missing]
    with pytest.raises(CorruptBundle, match=missing):
        Factors.from_arrays(arrays, "to_your_taste")


def test_it_counts_the_items_it_knows() -> None:
    vectors, biases = np.zeros((4, 2)), np.zeros(4)
    vectors[1, 0], biases[2] = 0.5, 0.1
    assert Factors.of(vectors, FoldIn(l2=1.0), "to_your_taste", biases=biases).n_entries == 2
