from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.algorithms.als import ALS
from endcap.algorithms.base import FitContext
from endcap.artifacts.base import Asked
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.core.time import DAY_MS
from endcap.testing.histories import random_data
from tests.algorithms import fitted

Floats = NDArray[np.float64]


def confidences(algorithm: ALS, data: Dataset) -> Floats:
    """The table of confidences, a cell an (act on, item), summed in a loop."""
    if algorithm.of == "baskets":
        table: Floats = data.baskets.matrix().toarray().astype(np.float64)
        return table
    acts = data.interactions
    by_kind = {KIND[name]: weight for name, weight in algorithm.weights.items()}
    table = np.zeros((acts.n_users, acts.n_items))
    for user, item, kind, at_ms in zip(acts.users, acts.items, acts.kinds, acts.at_ms, strict=True):
        if user >= 0 and int(kind) in by_kind:
            age_days = (data.now_ms - at_ms) / DAY_MS
            fading = 1.0 if algorithm.half_life_days is None else 0.5 ** (age_days / algorithm.half_life_days)
            table[user, item] += by_kind[int(kind)] * fading
    table[table > 0] **= algorithm.saturation
    return table


def plain_half_step(algorithm: ALS, table: Floats, vectors: Floats) -> Floats:
    """Every row by the normal equations of the objective, cell by cell."""
    n_rows, n_columns = table.shape
    dim = vectors.shape[1]
    solved = np.zeros((n_rows, dim))
    for row in range(n_rows):
        penalty = algorithm.l2 * (table[row].sum() + algorithm.unobserved * n_columns) ** algorithm.frequency
        system = penalty * np.eye(dim) + algorithm.unobserved * vectors.T @ vectors
        right = np.zeros(dim)
        for column in np.flatnonzero(table[row]):
            system += table[row, column] * np.outer(vectors[column], vectors[column])
            right += table[row, column] * vectors[column]
        solved[row] = np.linalg.solve(system, right)
    return solved


def objective(algorithm: ALS, table: Floats, people: Floats, items: Floats) -> float:
    told = people @ items.T
    fit = (table * (1 - told) ** 2).sum() + algorithm.unobserved * (told**2).sum()
    n_rows, n_columns = table.shape
    by_row = algorithm.l2 * (table.sum(axis=1) + algorithm.unobserved * n_columns) ** algorithm.frequency
    by_column = algorithm.l2 * (table.sum(axis=0) + algorithm.unobserved * n_rows) ** algorithm.frequency
    return float(fit + (by_row[:, None] * people**2).sum() + (by_column[:, None] * items**2).sum())


@pytest.mark.parametrize(
    "options",
    [
        {"of": "people", "dim": 4},
        {"of": "people", "dim": 12, "l2": 0.05, "frequency": 1.0, "unobserved": 0.03, "saturation": 0.5},
        {"of": "people", "dim": 6, "half_life_days": 4.0, "weights": {"view": 1.0, "purchase": 4.0}},
        {"of": "baskets", "dim": 8, "frequency": 0.5},
    ],
)
def test_one_epoch_is_two_plain_half_steps(options: dict[str, Any]) -> None:
    data = random_data(0)
    before, after = (fitted(ALS(epochs=epochs, **options), data) for epochs in (3, 4))
    algorithm = ALS(epochs=4, **options)
    table = confidences(algorithm, data)
    people = plain_half_step(algorithm, table, before.vectors.astype(np.float64))
    items = plain_half_step(algorithm, table.T, people)
    # The artifact's vectors are turned: what stays is their products.
    np.testing.assert_allclose(after.vectors @ after.vectors.T, items @ items.T, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(after.prior, algorithm.unobserved * np.linalg.eigvalsh(items.T @ items), rtol=1e-3, atol=1e-5)


def test_whoever_asks_is_solved_as_one_more_half_step_would() -> None:
    data, algorithm = random_data(0), ALS(of="baskets", dim=5, frequency=0.8, l2=0.3)
    found = fitted(algorithm, data)
    baskets = data.baskets
    table = baskets.matrix().toarray().astype(np.float64)
    trained = plain_half_step(algorithm, table, found.vectors.astype(np.float64))
    for basket in range(0, len(baskets), 7):
        rows = baskets.items[baskets.indptr[basket] : baskets.indptr[basket + 1]]
        ones = np.ones(len(rows), np.float32)
        np.testing.assert_allclose(found.person(rows, ones, ones), trained[basket], rtol=1e-4, atol=1e-5)
        scores, touched = np.zeros(data.n_items, np.float32), np.empty(data.n_items, np.int32)
        found.retrieve(Asked(rows, ones), np.zeros(data.n_items, np.uint8), scores, touched)
        np.testing.assert_allclose(scores, np.maximum(found.vectors @ trained[basket], 0), rtol=1e-3, atol=1e-5)


def test_every_epoch_lowers_the_objective() -> None:
    data = random_data(1)
    values = []
    for epochs in (1, 2, 4, 8, 16):
        algorithm = ALS(dim=4, epochs=epochs, frequency=0.5)
        table = confidences(algorithm, data)
        items = fitted(algorithm, data).vectors.astype(np.float64)
        values.append(objective(algorithm, table, plain_half_step(algorithm, table, items), items))
    assert all(later < earlier * (1 + 1e-6) for earlier, later in pairwise(values))
    assert values[-1] < 0.98 * values[0]


def test_another_seed_starts_elsewhere() -> None:
    data = random_data(2)
    one, other = (ALS(dim=4, epochs=1).fit(data, FitContext(np.random.default_rng(seed), data.now_ms)) for seed in (0, 1))
    assert not np.array_equal(one.vectors, other.vectors)
