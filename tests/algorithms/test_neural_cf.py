from __future__ import annotations

import numpy as np
import torch

from endcap.algorithms.base import FitContext
from endcap.algorithms.neural_cf import NeuMF, NeuralCF
from endcap.testing.histories import example


def test_a_score_is_a_product_beside_two_layers() -> None:
    torch.manual_seed(0)
    network = NeuMF(5, dim=2)
    given = {name: one.numpy().astype(np.float64) for name, one in network.state_dict().items()}
    left, right = given["left.weight"][3], given["right.weight"][1]
    deep = np.concatenate([left[2:], right[2:]])
    for layer in ("deep.0", "deep.2"):
        deep = np.maximum(given[layer + ".weight"] @ deep + given[layer + ".bias"], 0)
    expected = given["join.weight"][0] @ np.concatenate([left[:2] * right[:2], deep]) + given["join.bias"][0]
    found = network(torch.tensor([[3]]), torch.tensor([[1, 4]])).detach().numpy()
    assert found.shape == (1, 2)
    np.testing.assert_allclose(found[0, 0], expected, rtol=1e-5)


def test_what_follows_more_often_comes_first() -> None:
    lines = [f"2000-01-{day:02} mug {'tea' if day % 4 else 'milk'}" for day in range(1, 29)]
    data = example(*lines, kind="view")
    found = NeuralCF(dim=4, epochs=60, rate=0.02).fit(data, FitContext(rng=np.random.default_rng(0), now_ms=data.now_ms))
    row = {name: number for number, name in enumerate(data.item_ids)}
    followers, shares = found.row(row["mug"])
    assert followers.tolist() == [row["tea"], row["milk"]]
    np.testing.assert_allclose(shares, [0.75, 0.25], atol=0.12)
