from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from endcap.neural.repeatable import repeatable
from endcap.neural.sequences import Sequences
from endcap.neural.stopping import PATIENCE
from endcap.neural.training import Network, Plan, learn
from endcap.testing.histories import random_data


class Last(Network):
    """The state is a vector of the last item."""

    def __init__(self, n_items: int) -> None:
        super().__init__()
        self.before, self.after = nn.Embedding(n_items, 8), nn.Embedding(n_items, 8)

    def forward(self, items: Tensor) -> Tensor:
        found: Tensor = self.before(items)
        return found

    def vectors(self, items: Tensor) -> Tensor:
        found: Tensor = self.after(items)
        return found


def cycles(n: int) -> Sequences:
    """Rows that go round 0, 1, 2, 3, each from another start."""
    items = (np.arange(n)[:, None] + np.arange(5)) % 4
    return Sequences(np.arange(0, 5 * n + 1, 5), items.ravel().astype(np.int32), 4)


def test_what_follows_is_learnt() -> None:
    with repeatable(np.random.default_rng(0)):
        network = Last(4)
        losses = learn(network, cycles(1_000), Plan(epochs=10, rate=0.1, negatives=6, batch=100), np.random.default_rng(0))
        scores = network(torch.arange(4)) @ network.vectors(torch.arange(4)).T
    assert losses[-1] < 0.05
    assert scores.argmax(dim=1).tolist() == [1, 2, 3, 0]


def test_learning_stops_where_the_newest_are_predicted_no_better_and_the_best_stays() -> None:
    sequences = Sequences.of_visits(random_data(1, n_events=9_000), window=20)  # chance teaches nothing that holds
    plan = Plan(epochs=50, rate=0.05, negatives=60, batch=200)
    with repeatable(np.random.default_rng(0)):
        network = Last(30)
        losses = learn(network, sequences, plan, np.random.default_rng(0))
    assert PATIENCE < len(losses) < 50
    best = len(losses) - PATIENCE
    assert min(losses) == losses[best - 1]
    with repeatable(np.random.default_rng(0)):
        shorter = Last(30)
        plan = Plan(epochs=best, rate=0.05, negatives=60, batch=200)
        assert learn(shorter, sequences, plan, np.random.default_rng(0)) == losses[:best]
    assert all(torch.equal(one, shorter.state_dict()[name]) for name, one in network.state_dict().items())


def test_too_few_rows_to_hold_some_out_are_learnt_from_to_the_end() -> None:
    with repeatable(np.random.default_rng(0)):
        network = Last(4)
        before = network.after.weight.detach().clone()
        assert learn(network, cycles(10), Plan(epochs=3, rate=0.1, negatives=6, batch=100), np.random.default_rng(0)) == []
    assert not torch.equal(before, network.after.weight)


def test_the_loss_that_decides_is_that_over_all_items() -> None:
    sequences = cycles(1_000)
    _, held_out = sequences.halves()
    with repeatable(np.random.default_rng(0)):
        network = Last(4)
        losses = learn(network, sequences, Plan(epochs=1, rate=0.1, negatives=3, batch=100), np.random.default_rng(0))
    rows = sequences.items.reshape(-1, 5)[held_out]
    chances = torch.softmax(network(torch.arange(4)) @ network.vectors(torch.arange(4)).T, dim=1).detach().numpy()
    assert losses == [pytest.approx(-np.log(chances[rows[:, :-1], rows[:, 1:]]).mean(), rel=1e-4)]
