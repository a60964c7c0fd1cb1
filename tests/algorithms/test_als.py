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
from endcap.dataset.splits import newest
from endcap.testing.histories import random_data
from tests.algorithms import fitted

Floats = NDArray[np.float64]


def plain_rows(algorithm: ALS, data: Dataset) -> tuple[Floats, Floats]:
    """The table of confidences, filled in loops, and how much each row counts."""
    if algorithm.rows == "baskets":
        table: Floats = data.baskets.matrix().toarray().astype(np.float64)
        n_people = 0
    else:
        acts, visits = data.interactions, data.sessions
        by_kind = {KIND[name]: weight for name, weight in algorithm.weights.items()}
        table = np.zeros((acts.n_users, data.n_items))
        for user, item, kind in zip(acts.users, acts.items, acts.kinds.tolist(), strict=True):
            if user >= 0:
                table[user, item] += by_kind.get(kind, 0.0)
        table = table[table.any(axis=1)]
        n_people = len(table)
        for visit in range(len(visits) if algorithm.visit_weight > 0 else 0):
            span = slice(visits.indptr[visit], visits.indptr[visit + 1])
            row = np.zeros((1, data.n_items))
            for item, kind in zip(visits.items[span], visits.kinds[span].tolist(), strict=True):
                if by_kind.get(kind, 0.0) > 0:
                    row[0, item] = algorithm.visit_weight
            if (row > 0).sum() > 1:
                table = np.concatenate([table, row])
    n = len(table) - n_people
    shares = np.maximum((table > 0).sum(axis=1), 1) ** -float(algorithm.size_exponent)
    if algorithm.half_life_share is not None:
        shares[n_people:] *= [0.5 ** ((n - row) / (n * algorithm.half_life_share)) for row in range(n)]
    return table, shares / shares.mean()


def plain_half_step(algorithm: ALS, table: Floats, vectors: Floats, shares: Floats | None = None) -> Floats:
    """Every row by the normal equations of the objective, cell by cell; columns count by ``shares``."""
    n_rows, n_columns = table.shape
    dim = vectors.shape[1]
    counts = np.ones(n_columns) if shares is None else shares
    solved = np.zeros((n_rows, dim))
    for row in range(n_rows):
        penalty = algorithm.l2 * (table[row] @ counts + algorithm.unobserved * n_columns) ** algorithm.frequency
        system, right = penalty * np.eye(dim), np.zeros(dim)
        for column in range(n_columns):
            system += counts[column] * (algorithm.unobserved + table[row, column]) * np.outer(vectors[column], vectors[column])
            right += counts[column] * table[row, column] * vectors[column]
        solved[row] = np.linalg.solve(system, right)
    return solved


def objective(algorithm: ALS, table: Floats, shares: Floats, rows: Floats, items: Floats) -> float:
    told = rows @ items.T
    fit = (table * (1 - told) ** 2).sum(axis=1) + algorithm.unobserved * (told**2).sum(axis=1)
    n_rows, n_columns = table.shape
    by_row = algorithm.l2 * (table.sum(axis=1) + algorithm.unobserved * n_columns) ** algorithm.frequency
    by_column = algorithm.l2 * (shares @ table + algorithm.unobserved * n_rows) ** algorithm.frequency
    return float(shares @ (fit + by_row * (rows**2).sum(axis=1)) + by_column @ (items**2).sum(axis=1))


@pytest.mark.parametrize(
    "options",
    [
        {"rows": "people", "visit_weight": 0.0, "dim": 4},
        {"rows": "people", "dim": 12, "l2": 0.05, "frequency": 1.0, "unobserved": 0.03},
        {"rows": "people", "dim": 6, "visit_weight": 2.0, "weights": {"view": 1.0, "purchase": 4.0}, "half_life_share": 0.5},
        {"rows": "baskets", "dim": 8, "frequency": 0.5, "size_exponent": 0.5, "half_life_share": 0.35},
    ],
)
def test_one_epoch_is_two_plain_half_steps(options: dict[str, Any]) -> None:
    data = random_data(0)
    before, after = (fitted(ALS(epochs=epochs, steps=0, **options), data) for epochs in (3, 4))
    algorithm = ALS(epochs=4, **options)
    table, shares = plain_rows(algorithm, data)
    rows = plain_half_step(algorithm, table, before.vectors.astype(np.float64))
    items = plain_half_step(algorithm, table.T, rows, shares)
    # The artifact's vectors are turned: what stays is their products.
    np.testing.assert_allclose(after.vectors @ after.vectors.T, items @ items.T, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(after.prior, algorithm.unobserved * np.linalg.eigvalsh(items.T @ items), rtol=1e-3, atol=1e-5)


def test_whoever_asks_is_solved_as_one_more_half_step_would() -> None:
    data, algorithm = random_data(0), ALS(rows="baskets", dim=5, frequency=0.8, l2=0.3, size_exponent=0.5)
    found = fitted(algorithm, data)
    baskets = data.baskets
    trained = plain_half_step(algorithm, plain_rows(algorithm, data)[0], found.vectors.astype(np.float64))
    for basket in range(0, len(baskets), 7):
        rows = baskets.items[baskets.indptr[basket] : baskets.indptr[basket + 1]]
        ones = np.ones(len(rows), np.float32)
        np.testing.assert_allclose(found.person(rows, ones, ones), trained[basket], rtol=1e-4, atol=1e-5)
        scores, touched = np.zeros(data.n_items, np.float32), np.empty(data.n_items, np.int32)
        found.retrieve(Asked(rows, ones), np.zeros(data.n_items, np.uint8), scores, touched)
        np.testing.assert_allclose(scores, np.maximum(found.vectors @ trained[basket], 0), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("options", [{"frequency": 0.5}, {"rows": "baskets", "size_exponent": 1.0, "half_life_share": 0.5}])
def test_every_epoch_lowers_the_objective(options: dict[str, Any]) -> None:
    data = random_data(1)
    values = []
    for epochs in (1, 2, 4, 8, 16):
        algorithm = ALS(dim=4, epochs=epochs, **options)
        table, shares = plain_rows(algorithm, data)
        items = fitted(algorithm, data).vectors.astype(np.float64)
        values.append(objective(algorithm, table, shares, plain_half_step(algorithm, table, items), items))
    assert all(later < earlier * (1 + 1e-6) for earlier, later in pairwise(values))
    assert values[-1] < 0.995 * values[0]


def test_there_are_no_more_numbers_than_items() -> None:
    assert fitted(ALS(dim=500), random_data(0)).vectors.shape == (30, 30)


def test_another_seed_starts_elsewhere() -> None:
    data = random_data(2)
    one, other = (ALS(dim=4, epochs=1).fit(data, FitContext(np.random.default_rng(seed), data.now_ms)) for seed in (0, 1))
    assert not np.array_equal(one.vectors, other.vectors)


def test_of_a_long_history_the_newest_acts_are_learnt_from() -> None:
    data = random_data(2)
    few = len(data.interactions.items) // 2
    assert len(newest(data, few).interactions.items) < len(data.interactions.items)
    short = fitted(ALS(rows="people", dim=4, most_acts=few), data)
    plain = fitted(ALS(rows="people", dim=4), newest(data, few))
    np.testing.assert_array_equal(short.vectors, plain.vectors)
    assert not np.array_equal(short.vectors, fitted(ALS(rows="people", dim=4), data).vectors)
