from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from endcap.kernels.neighbors import TopNeighbors
from endcap.neural.pairs import PairNetwork, PairPlan, Pairs, learn_pairs, shortlist, worked_out
from endcap.neural.repeatable import repeatable
from endcap.neural.sequences import Sequences
from endcap.testing.histories import random_data


class Table(PairNetwork):
    """A score of its own for every pair."""

    def __init__(self, n_items: int) -> None:
        super().__init__()
        self.n_items = n_items
        self.scores = nn.Embedding(n_items * n_items, 1)
        nn.init.zeros_(self.scores.weight)

    def forward(self, lefts: Tensor, rights: Tensor) -> Tensor:
        found: Tensor = self.scores(lefts * self.n_items + rights).squeeze(-1)
        return found


def test_pairs_are_different_items_near_each_other_in_one_row() -> None:
    sequences = Sequences.of_visits(random_data(1), window=20)
    expected = []
    for start, end in zip(sequences.starts[:-1], sequences.starts[1:], strict=True):
        items = sequences.items[start:end].tolist()
        expected += [
            (items[at], items[at + gap])
            for at in range(len(items))
            for gap in (1, 2)
            if at + gap < len(items) and items[at] != items[at + gap]
        ]
    found = Pairs.near(sequences, reach=2)
    assert sorted(zip(found.lefts.tolist(), found.rights.tolist(), strict=True)) == sorted(expected)
    assert (found.lefts[0], found.rights[0]) == expected[0], "pairs come in the order of time"


def test_a_shortlist_has_who_shares_rows_by_the_cosine() -> None:
    rows = Sequences(np.array([0, 2, 5, 7]), np.array([0, 1, 0, 1, 2, 0, 0], dtype=np.int32), 4)
    found = shortlist(rows, k=1)
    assert (found.indptr.tolist(), found.indices.tolist()) == ([0, 1, 2, 3, 3], [1, 0, 1])
    np.testing.assert_allclose(found.values, [2 / np.sqrt(6), 2 / np.sqrt(6), 1 / np.sqrt(2)], rtol=1e-6)


def test_scores_tend_to_the_logarithm_of_the_chance_of_each_item_to_follow() -> None:
    """With the correction for the sampling; without it a frequent item would seem as unlikely as it is often drawn."""
    rng = np.random.default_rng(0)
    chances = rng.permutation(np.repeat([0.002, 0.006, 0.012], 50))
    pairs = Pairs(np.zeros(20_000, np.int64), rng.choice(150, size=20_000, p=chances / chances.sum()))
    with repeatable(rng):
        network = Table(150)
        counts = np.bincount(pairs.rights, minlength=150)
        learn_pairs(network, pairs, counts, PairPlan(epochs=8, rate=0.05, negatives=20, batch=500), rng)
        found = torch.softmax(network(torch.zeros(150, dtype=torch.int64), torch.arange(150)), dim=0).detach().numpy()
    by_chance = [found[chances == one].mean() for one in (0.002, 0.006, 0.012)]
    np.testing.assert_allclose(by_chance, np.array([0.002, 0.006, 0.012]) / chances.sum(), rtol=0.15)


def test_what_is_worked_out_is_a_share_of_the_row_and_ordered_by_it() -> None:
    listed = TopNeighbors(
        np.array([0, 2, 2, 3]),
        np.array([1, 2, 0], np.int32),
        np.array([0.9, 0.1, 1.0], np.float32),
        np.array([9, 1, 5], np.int32),
    )
    network = Table(3)
    with torch.no_grad():
        network.scores.weight[1], network.scores.weight[2] = 0.0, float(np.log(3))
    found = worked_out(network, listed)
    assert found.indptr.tolist() == [0, 2, 2, 3]
    assert found.indices.tolist() == [2, 1, 0]
    assert found.shared.tolist() == [1, 9, 5]
    np.testing.assert_allclose(found.values, [0.75, 0.25, 1.0], rtol=1e-6)
