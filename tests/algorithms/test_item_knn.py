from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from endcap.algorithms.item_knn import ItemKNN
from endcap.core.events import KIND
from endcap.testing.histories import random_data
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
