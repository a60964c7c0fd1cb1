from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from endcap.algorithms.item_knn import ItemKNN
from endcap.core.events import KIND
from endcap.testing.histories import example, random_data, rated
from tests.algorithms import fitted

WEIGHTS = {"view": 1.0, "add_to_cart": 3.0, "purchase": 5.0}


@pytest.mark.parametrize("weighting", ["cosine", "tfidf", "bm25"])
def test_it_is_the_formula_on_dense_matrices(weighting: Literal["cosine", "tfidf", "bm25"]) -> None:
    data = random_data(0)
    acts = data.interactions
    table = {KIND[name]: weight for name, weight in WEIGHTS.items()}
    people = np.zeros((acts.n_users, acts.n_items))
    for user, item, kind in zip(acts.users, acts.items, acts.kinds, strict=True):
        if user >= 0:
            people[user, item] += table.get(int(kind), 0.0)
    people = np.minimum(people, 4.0)
    taken = (people > 0).sum(axis=1, keepdims=True)
    rarity = 1 + np.log(acts.n_items / np.maximum(taken, 1))
    if weighting == "tfidf":
        people = people * rarity
    if weighting == "bm25":
        length = taken / taken[taken > 0].mean()
        people = people * 2.2 / (people + 1.2 * (0.25 + 0.75 * length)) * rarity
    norms = np.maximum(np.linalg.norm(people, axis=0), 1e-9)
    expected = (people.T @ people) / (np.outer(norms, norms) + 0.5)
    np.fill_diagonal(expected, 0)
    algorithm = ItemKNN(weighting=weighting, shrink=0.5, sharpness=1.5, cap=4.0, k=1_000, weights=dict(WEIGHTS))  # type: ignore[arg-type]
    np.testing.assert_allclose(fitted(algorithm, data).matrix().toarray(), expected**1.5, rtol=1e-3)


def test_sharpness_never_loses_a_neighbour() -> None:
    data = random_data(1)
    mild, sharp = (fitted(ItemKNN(sharpness=power), data) for power in (1.0, 10.0))
    assert mild.indices.tolist() == sharp.indices.tolist()
    assert (sharp.values > 0).all()


def test_adjusted_cosine_is_the_formula_on_a_dense_table() -> None:
    rng = np.random.default_rng(5)
    stars = rng.integers(1, 6, (40, 15)) + rng.normal(size=(40, 1)).round(1)
    given = rng.random(stars.shape) < 0.5
    data = rated(*(f"p{u} i{i} {stars[u, i]}" for u, i in np.argwhere(given)))
    order = [int(one[1:]) for one in data.item_ids]
    means = (stars * given).sum(axis=1) / given.sum(axis=1)
    above = ((stars - means[:, None]) * given)[:, order]
    lengths = np.linalg.norm(above, axis=0)
    expected = np.maximum(above.T @ above / (np.outer(lengths, lengths) + 2.0), 0)
    np.fill_diagonal(expected, 0)
    found = fitted(ItemKNN(weighting="adjusted", shrink=2.0, sharpness=1.0), data)
    np.testing.assert_allclose(found.matrix().toarray(), expected, rtol=1e-3, atol=1e-6)
    there = given[:, order].astype(int)
    rows = np.repeat(np.arange(15), np.diff(found.indptr))
    assert found.facts["people"].tolist() == (there.T @ there)[rows, found.indices].tolist()
    few = fitted(ItemKNN(weighting="adjusted", shrink=2.0, sharpness=1.0, k=3), data)
    for item in range(15):
        np.testing.assert_array_equal(few.row(item)[0], found.row(item)[0][:3])


def test_what_generous_and_strict_people_say_is_compared_with_what_each_says_at_all() -> None:
    # Both like mug and tea better than saw, though Bob's best is Ann's worst.
    data = rated("ann mug 5", "ann tea 5", "ann saw 3", "bob mug 3", "bob tea 3", "bob saw 1")
    found = fitted(ItemKNN(weighting="adjusted", sharpness=1.0), data)
    assert [data.item_ids[one] for one in found.indices] == ["tea", "mug"]
    assert found.values.tolist() == pytest.approx([1.0, 1.0])


def test_nothing_is_liked_alike_where_nobody_rates() -> None:
    assert fitted(ItemKNN(weighting="adjusted"), example("2000-01-01 mug tea")).n_entries == 0
    assert fitted(ItemKNN(weighting="adjusted"), example()).n_entries == 0
