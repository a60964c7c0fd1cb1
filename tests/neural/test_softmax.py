from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from endcap.neural.repeatable import repeatable
from endcap.neural.softmax import Negatives, sampled_softmax

RNG = np.random.default_rng(0)
COUNTS = RNG.integers(1, 50, size=40)
VECTORS = torch.from_numpy(RNG.normal(size=(40, 6)).astype(np.float32))
STATES = torch.from_numpy(RNG.normal(size=(3_000, 6)).astype(np.float32))
TARGETS = torch.from_numpy(RNG.choice(40, size=3_000, p=COUNTS / COUNTS.sum()))


def vectors(items: Tensor) -> Tensor:
    return VECTORS[items]


def test_where_all_items_fit_the_loss_is_that_over_all_items() -> None:
    found = sampled_softmax(STATES, TARGETS, vectors, Negatives(COUNTS, evenly=30, of_batch=10))
    torch.testing.assert_close(found, cross_entropy(STATES @ VECTORS.T, TARGETS))


def test_a_sample_has_as_many_of_each_item_as_is_expected() -> None:
    with repeatable(np.random.default_rng(1)):
        negatives = Negatives(COUNTS, evenly=10, of_batch=20)
        seen, expected = np.zeros(40), np.zeros(40)
        for _ in range(3_000):
            sample, logs = negatives.draw(TARGETS)
            seen += np.bincount(sample.numpy(), minlength=40)
            expected = logs(torch.arange(40)).exp().numpy()
    np.testing.assert_allclose(seen / 3_000, expected, rtol=0.15)


def test_an_item_that_never_occurs_is_not_held_against_anything() -> None:
    counts = np.where(np.arange(40) < 35, COUNTS, 0)
    sample, _ = Negatives(counts, evenly=200, of_batch=0).draw(TARGETS)
    assert set(sample.tolist()) == set(range(35))
    sample, _ = Negatives(counts, evenly=20, of_batch=0).draw(TARGETS)
    assert set(sample.tolist()) <= set(range(35))


def learnt(targets: Tensor, counts: np.ndarray, *, evenly: int, of_batch: int) -> np.ndarray:
    """The shares that one score an item comes to."""
    scores = torch.zeros(len(counts), 1, requires_grad=True)
    optimizer = torch.optim.Adam([scores], lr=0.1)
    with repeatable(np.random.default_rng(4)):
        negatives = Negatives(counts, evenly=evenly, of_batch=of_batch)
        for _ in range(300):
            optimizer.zero_grad()
            sampled_softmax(torch.ones(len(targets), 1), targets, lambda items: scores[items], negatives).backward()
            optimizer.step()
    return np.asarray(torch.softmax(scores.detach()[:, 0], dim=0))


def test_what_is_learnt_does_not_depend_on_how_items_are_drawn() -> None:
    counts = np.random.default_rng(3).integers(1, 50, size=300)
    targets = torch.from_numpy(np.repeat(np.arange(300), counts))
    for evenly, of_batch in ((150, 0), (50, 100)):
        found = learnt(targets, counts, evenly=evenly, of_batch=of_batch)
        assert np.corrcoef(found, counts)[0, 1] > 0.85  # .64 where scores are not lowered
