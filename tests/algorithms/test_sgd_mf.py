from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.algorithms.base import FitContext
from endcap.algorithms.sgd_mf import SgdMF
from endcap.artifacts.base import RatingPredictor
from endcap.core.interactions import Dataset
from endcap.errors import BadOption
from endcap.replay.rating_baselines import BASELINES
from endcap.testing.histories import rated

N_PEOPLE, N_ITEMS, DIM, NOISE = 400, 60, 3, 0.3
Floats = NDArray[np.float64]


def context(seed: int = 0) -> FitContext:
    return FitContext(np.random.default_rng(seed), 0)


def planted(seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """Stars that biases and three factors make, with noise, and which of them were given, in random order."""
    rng = np.random.default_rng(seed)
    people, items = rng.normal(size=(N_PEOPLE, DIM)), rng.normal(size=(N_ITEMS, DIM)) / np.sqrt(DIM)
    biases = 0.4 * rng.normal(size=(N_PEOPLE, 1)) + 0.5 * rng.normal(size=N_ITEMS)
    stars = 3 + biases + 0.8 * people @ items.T + NOISE * rng.normal(size=(N_PEOPLE, N_ITEMS))
    return stars, rng.permutation(np.argwhere(rng.random(stars.shape) < 0.5))


def given(stars: Floats, cells: NDArray[np.int64]) -> Dataset:
    return rated(*(f"p{person} i{item} {stars[person, item]}" for person, item in cells.tolist()))


def only(data: Dataset, rows: slice) -> Dataset:
    """Some of the ratings, items and people numbered as before."""
    acts = data.interactions
    stars = None if acts.stars is None else acts.stars[rows]
    kept = replace(
        acts, users=acts.users[rows], items=acts.items[rows], kinds=acts.kinds[rows], at_ms=acts.at_ms[rows], stars=stars
    )
    return replace(data, interactions=kept)


def rmse(predictor: RatingPredictor, data: Dataset, stars: Floats, known: NDArray[np.int64], asked: NDArray[np.int64]) -> float:
    row: Mapping[str, int] = {item: number for number, item in enumerate(data.item_ids)}
    errors = []
    for person in np.unique(asked[:, 0]).tolist():
        before = known[known[:, 0] == person, 1]
        after = asked[asked[:, 0] == person, 1]
        rows, targets = (np.array([row[f"i{item}"] for item in items], np.int32) for items in (before, after))
        errors.append(predictor.predict(rows, stars[person, before].astype(np.float32), targets) - stars[person, after])
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def test_it_finds_factors_that_means_and_biases_cannot() -> None:
    stars, cells = planted(0)
    known, asked = cells[: len(cells) * 9 // 10], cells[len(cells) * 9 // 10 :]
    data = given(stars, known)
    found = rmse(SgdMF(dim=8).fit(data, context()), data, stars, known, asked)
    plain = {name: rmse(build(data), data, stars, known, asked) for name, build in BASELINES.items()}
    assert found < 0.5 * min(plain.values())
    assert plain["biases"] < plain["item mean"] < plain["mean"]
    assert NOISE * 0.9 < found < NOISE * 1.25


def test_going_on_with_the_new_half_comes_close_to_learning_all_anew() -> None:
    stars, cells = planted(1)
    known, asked = cells[: len(cells) * 9 // 10], cells[len(cells) * 9 // 10 :]
    data, half = given(stars, known), len(known) // 2
    old, new = only(data, slice(0, half)), only(data, slice(half, None))
    algorithm = SgdMF(dim=8)
    first = algorithm.fit(old, context())
    further = algorithm.go_on(first, new, context(1))
    before, after, anew = (rmse(one, data, stars, known, asked) for one in (first, further, algorithm.fit(data, context())))
    assert after < before - 0.5 * (before - anew)
    assert after < 1.05 * anew
    assert rmse(algorithm.fit(new, context()), data, stars, known, asked) > after


def test_new_items_join_those_that_are_known() -> None:
    stars, cells = planted(2)
    known = cells[np.argsort(cells[:, 1] >= N_ITEMS - 10, kind="stable")]
    data, n_old = given(stars, known), int((known[:, 1] < N_ITEMS - 10).sum())
    algorithm = SgdMF(dim=4)
    old = replace(only(data, slice(0, n_old)), item_ids=data.item_ids[: N_ITEMS - 10])
    old = replace(old, interactions=replace(old.interactions, n_items=N_ITEMS - 10))
    first = algorithm.fit(old, context())
    further = algorithm.go_on(first, only(data, slice(n_old, None)), context())
    assert further.is_sound(N_ITEMS)
    # Nobody rated an old item anew: what is known of them stays.
    np.testing.assert_allclose(further.vectors[: N_ITEMS - 10], first.vectors, rtol=1e-5)
    new = cells[cells[:, 1] >= N_ITEMS - 10]
    rows = {item: number for number, item in enumerate(data.item_ids)}
    bias = {item: stars[new[new[:, 1] == item, 0], item].mean() for item in range(N_ITEMS - 10, N_ITEMS)}
    told = [float(further.biases[rows[f"i{item}"]]) for item in bias]
    assert np.corrcoef(told, list(bias.values()))[0, 1] > 0.8


def test_going_on_wants_the_same_factors_and_the_same_items() -> None:
    data = rated("ann mug 5", "bob tea 1", "bob mug 4")
    known = SgdMF(dim=2).fit(data, context())
    with pytest.raises(BadOption, match="2 factors of 2 items"):
        SgdMF(dim=3).go_on(known, data, context())
    with pytest.raises(BadOption, match="2 factors of 2 items"):
        SgdMF(dim=2).go_on(known, rated("ann mug 5"), context())


def test_a_scale_of_a_hundred_points_is_learnt_like_one_of_five_stars() -> None:
    stars, cells = planted(3)
    few, many = (SgdMF(dim=4).fit(given(one, cells), context()) for one in (stars, 20 * stars - 10))
    known, nobody = np.arange(5, dtype=np.int32), np.arange(N_ITEMS, dtype=np.int32)
    told = np.array([1.0, 2.0, 5.0, 4.0, 3.0], np.float32)
    np.testing.assert_allclose(
        many.predict(known, 20 * told - 10, nobody), 20 * few.predict(known, told, nobody) - 10, rtol=1e-2, atol=0.1
    )


def test_whoever_asks_is_the_least_squares_solution() -> None:
    stars, cells = planted(4)
    algorithm = SgdMF(dim=3, l2=0.07, newcomer=2.0)
    found = algorithm.fit(given(stars, cells[:3_000]), context())
    spread = float(found.vectors[0, 0])
    rows, told = np.array([3, 8, 20, 41], np.int32), np.array([4.5, 1.0, 3.2, 2.8], np.float32)
    vectors = found.vectors[rows].astype(np.float64) / spread
    wanted = (told - found.fold_in.mean - found.biases[rows]) / spread
    person = np.linalg.solve(vectors.T @ vectors + 0.07 * (4 + 2) * np.eye(4), vectors.T @ wanted)
    every = np.arange(N_ITEMS, dtype=np.int32)
    expected = found.fold_in.mean + found.biases + found.vectors @ person
    np.testing.assert_allclose(found.predict(rows, told, every), expected, rtol=1e-4)


def test_the_last_rating_of_an_item_counts() -> None:
    one = SgdMF(dim=1).fit(rated("ann mug 1", "bob tea 3", "ann mug 5"), context())
    other = SgdMF(dim=1).fit(rated("bob tea 3", "ann mug 5"), context())
    assert one.fold_in.mean == other.fold_in.mean == 4.0


def test_an_item_that_nobody_rated_is_predicted_as_the_mean() -> None:
    data = rated("ann mug 5", "bob mug 3", "bob tea 1")
    more = replace(data, item_ids=[*data.item_ids, "milk"], interactions=replace(data.interactions, n_items=3))
    found = SgdMF(dim=2).fit(more, context())
    nothing = np.empty(0, np.int32)
    assert found.predict(nothing, nothing.astype(np.float32), np.array([2], np.int32))[0] == pytest.approx(3.0)
