from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from endcap.algorithms.ease import EASE
from endcap.artifacts.base import Asked
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.testing.algorithms import fit_example
from endcap.testing.histories import example, random_data
from tests.algorithms import fitted


def in_numpy(rows: NDArray[np.float64], algorithm: EASE, among: list[int] | slice = slice(None)) -> NDArray[np.float64]:
    """The weights that the definition gives ``among`` these items, none cut."""
    n, sizes = len(rows), np.maximum((rows > 0).sum(axis=1), 1)
    rows = rows[:, among]
    age = 0.0 if algorithm.half_life_share is None else (n - np.arange(n)) / n / algorithm.half_life_share
    weights = sizes**-algorithm.size_exponent * 0.5**age
    inverse = np.linalg.inv(rows.T @ (weights[:, None] * rows) + algorithm.l2 * np.eye(rows.shape[1]))
    found: NDArray[np.float64] = -inverse / np.diag(inverse)
    np.fill_diagonal(found, 0)
    return found


def people(data: Dataset, algorithm: EASE) -> NDArray[np.float64]:
    found = np.zeros((data.interactions.n_users, data.n_items))
    weights = {KIND[name]: weight for name, weight in algorithm.weights.items()}
    acts = data.interactions
    for user, item, kind in zip(acts.users.tolist(), acts.items.tolist(), acts.kinds.tolist(), strict=True):
        if user >= 0:
            found[user, item] += weights.get(kind, 0.0)
    return np.minimum(found, algorithm.cap)


@pytest.mark.parametrize("options", [{}, {"half_life_share": None, "l2": 0.5}, {"size_exponent": 1.0, "half_life_share": 0.1}])
def test_orders_give_the_weights_of_the_definition(options: dict[str, float | None]) -> None:
    algorithm, data = EASE(k=1_000, **options), random_data(0)  # type: ignore[arg-type]
    expected = in_numpy(data.baskets.matrix().toarray().astype(np.float64), algorithm)
    np.testing.assert_allclose(fitted(algorithm, data).matrix().toarray(), expected, rtol=1e-5, atol=1e-7)


def test_people_give_the_weights_of_the_definition() -> None:
    algorithm, data = EASE(rows="people", k=1_000, l2=3.0, half_life_share=None), random_data(1)
    found = fitted(algorithm, data)
    np.testing.assert_allclose(found.matrix().toarray(), in_numpy(people(data, algorithm), algorithm), rtol=1e-5, atol=1e-7)
    assert found.reason == "liked_together"


def test_the_largest_weights_are_kept_those_against_too() -> None:
    data = random_data(2)
    whole, cut = fitted(EASE(k=1_000), data), fitted(EASE(k=5), data)
    for item in range(data.n_items):
        _, values = whole.row(item)
        kept = np.sort(values[np.argsort(-np.abs(values))][:5])[::-1]
        np.testing.assert_array_equal(cut.row(item)[1], kept)
    assert (cut.values < 0).any()


def test_what_is_shared_with_a_third_item_counts_once() -> None:
    # Butter goes with bread, jam goes with bread; butter and jam are never bought without it and no more than chance together.
    orders = [f"2000-01-{day:02} {items}" for day, items in enumerate(
        ["bread butter jam", "bread butter jam", "bread butter", "bread butter", "bread jam", "bread jam", "bread", "bread",
         *["tea milk"] * 16], 1,
    )]  # fmt: skip
    found = fit_example(EASE(l2=0.1, size_exponent=0.0, half_life_share=None), *orders)
    ids = example(*orders).item_ids
    weights = found.matrix().toarray()
    butter, jam, bread = (ids.index(name) for name in ("butter", "jam", "bread"))
    assert weights[butter, bread] > 5 * abs(weights[butter, jam])


def test_rare_items_are_solved_as_if_each_were_the_only_one_besides() -> None:
    data, n_exact = random_data(3), 20
    algorithm = EASE(k=1_000, exact_items=n_exact)
    found = fitted(algorithm, data).matrix().toarray()
    rows = data.baskets.matrix().toarray().astype(np.float64)
    frequent = np.argsort(-rows.sum(axis=0), kind="stable")
    head, tail = frequent[:n_exact], frequent[n_exact:]
    np.testing.assert_allclose(found[np.ix_(head, head)], in_numpy(rows, algorithm, head.tolist()), rtol=1e-4, atol=1e-6)
    for item in tail:
        expected = in_numpy(rows, algorithm, [*head, item])
        np.testing.assert_allclose(found[item, head], expected[-1, :-1], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(found[head, item], expected[:-1, -1], rtol=1e-4, atol=1e-6)


def test_memory_bounds_how_many_are_solved_together() -> None:
    assert EASE().n_exact(100) == 100
    assert EASE().n_exact(1_000_000) == EASE().exact_items
    assert EASE(memory_gb=4 * 10**6 / 2**30).n_exact(2_000) == 1_000


def test_what_speaks_against_an_item_lowers_what_others_say_for_it() -> None:
    data = random_data(4)
    found, whole = fitted(EASE(k=1_000), data), in_numpy(data.baskets.matrix().toarray().astype(np.float64), EASE())
    asked, n = np.array([0, 3, 7], np.int32), data.n_items
    scores, touched = np.zeros(n, np.float32), np.empty(n, np.int32)
    n_touched = found.retrieve(Asked(asked, np.ones(3, np.float32)), np.zeros(n, np.uint8), scores, touched)
    expected = whole[asked].sum(axis=0)
    above = expected > 1e-6
    np.testing.assert_allclose(scores[above], expected[above], rtol=1e-3, atol=1e-6)
    assert (scores[expected < -1e-6] < 1e-20).all()
    assert len(set(touched[:n_touched].tolist())) == n_touched
    assert (expected < -1e-6).any()
