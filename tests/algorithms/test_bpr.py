from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from endcap.algorithms.base import FitContext
from endcap.algorithms.bpr import BPR
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.testing.algorithms import asked
from endcap.testing.histories import example, random_data
from tests.algorithms import fitted

Floats = NDArray[np.float64]

COUNTED = [KIND[name] for name in ("view", "add_to_cart", "purchase", "own")]


def taken(data: Dataset) -> NDArray[np.bool_]:
    """Who took what, of the kinds that count by default."""
    table = np.zeros((data.interactions.n_users, data.n_items), np.bool_)
    for user, item, kind in zip(data.interactions.users, data.interactions.items, data.interactions.kinds, strict=True):
        if user >= 0 and kind in COUNTED:
            table[user, item] = True
    return table


def plain_epoch(algorithm: BPR, table: NDArray[np.bool_], people: Floats, items: Floats, rng: np.random.Generator) -> None:
    """One visit of every cell, the formulas of the paper in loops."""
    persons, things = np.nonzero(table)
    order = rng.permutation(len(things))
    if algorithm.negatives == "popular":
        others = things[rng.integers(len(things), size=len(things))]
    else:
        others = rng.integers(table.shape[1], size=len(things), dtype=np.int32)
    for place, other in zip(order, others, strict=True):
        u, i = persons[place], things[place]
        if table[u, other]:
            continue
        w, better, worse = people[u].copy(), items[i].copy(), items[other].copy()
        wrong = 1 / (1 + np.exp(w @ (better - worse)))
        people[u] += algorithm.rate * (wrong * (better - worse) - algorithm.l2 * w)
        items[i] += algorithm.rate * (wrong * w - algorithm.l2 * better)
        items[other] += algorithm.rate * (-wrong * w - algorithm.l2 * worse)


@pytest.mark.parametrize("options", [{}, {"negatives": "popular", "l2": 0.1, "rate": 0.2}])
def test_an_epoch_is_that_of_plain_numpy(options: dict[str, Any]) -> None:
    data = random_data(0)
    table = taken(data)
    algorithm = BPR(dim=5, **options)
    rng = np.random.default_rng(1)
    people, items = (rng.normal(size=(n, 5)) for n in table.shape)
    found, found_items = people.astype(np.float32), items.astype(np.float32)
    for number in range(2):
        algorithm.epoch(sparse.csr_array(table.astype(np.float32)), found, found_items, np.random.default_rng(number))
        plain_epoch(algorithm, table, people, items, np.random.default_rng(number))
    np.testing.assert_allclose(found, people, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found_items, items, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("negatives", ["uniform", "popular"])
def test_whoever_asks_minimises_the_second_order_of_what_was_learnt(negatives: Any) -> None:
    data = random_data(3)
    algorithm = BPR(dim=4, epochs=20, negatives=negatives, l2=0.05)
    found = fitted(algorithm, data)
    # The same fit by hand up to the vectors themselves, which the artifact holds centred and turned.
    rng = np.random.default_rng(0)
    table = taken(data)
    people, items = ((rng.standard_normal((n, 4)) * 0.1).astype(np.float32) for n in table.shape)
    for _ in range(20):
        algorithm.epoch(sparse.csr_array(table.astype(np.float32)), people, items, rng)
    vectors, often = items.astype(np.float64), table.sum(axis=0)
    chances = often / often.sum() if negatives == "popular" else np.full(data.n_items, 1 / data.n_items)
    known = [0, 3, 7]
    # sum over i, mean over j of (w . (h_i - h_j) - 2)^2 + 4 l2 |w|^2, as weighted least squares over all pairs.
    differences = vectors[known][:, None] - vectors[None]
    weighed = differences * chances[None, :, None]
    system = np.einsum("ijf,ijg->fg", weighed, differences) + 4 * 0.05 * len(known) * np.eye(4)
    person = np.linalg.solve(system, 2 * weighed.sum(axis=(0, 1)))
    expected = (vectors - chances @ vectors) @ person
    np.testing.assert_allclose(asked(found, known), np.maximum(expected, 0), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("negatives", ["uniform", "popular"])
def test_people_are_led_to_their_own_half_of_the_shop(negatives: Any) -> None:
    rng = np.random.default_rng(0)
    lines = []
    for person in range(200):
        half = person % 2 * 10
        lines.append("2000-01-01 " + " ".join(f"i{item}" for item in half + rng.choice(10, 4, replace=False)))
    data = example(*lines)
    found = fitted(BPR(dim=2, epochs=100, negatives=negatives), data)
    halves = np.array([int(one[1:]) >= 10 for one in data.item_ids])
    best = [np.argsort(-asked(found, [row]))[:5] for row in range(20)]
    assert np.mean([halves[few] == halves[row] for row, few in enumerate(best)]) > 0.9


def test_steps_are_limited() -> None:
    data = random_data(4)
    n_cells = int(taken(data).sum())
    few, same = (fitted(BPR(dim=3, epochs=epochs, samples=3 * n_cells), data) for epochs in (3, 50))
    np.testing.assert_array_equal(few.vectors, same.vectors)
    one, least = (fitted(BPR(dim=3, epochs=epochs, samples=samples), data) for epochs, samples in ((1, n_cells), (9, 1)))
    np.testing.assert_array_equal(one.vectors, least.vectors)


def test_another_seed_learns_other_numbers() -> None:
    data = random_data(5)
    one, other = (BPR(dim=3, epochs=1).fit(data, FitContext(np.random.default_rng(seed), data.now_ms)) for seed in (0, 1))
    assert not np.array_equal(one.vectors, other.vectors)
