from __future__ import annotations

import numpy as np
import torch

from endcap.algorithms.base import FitContext
from endcap.algorithms.wide_and_deep import Joined, WideAndDeep
from endcap.testing.histories import example

TRAITS = np.array([[1, 2], [1, 0], [0, 0], [3, 2]])


def test_a_score_is_crossings_a_bias_and_a_network() -> None:
    torch.manual_seed(0)
    network = Joined(TRAITS, WideAndDeep(dim=2))
    for one in network.parameters():
        torch.nn.init.normal_(one, std=0.5)
    with torch.no_grad():
        network.crossings.weight[0], network.traits.weight[0] = 0, 0  # what stands for no trait never learns
    given = {name: one.numpy().astype(np.float64) for name, one in network.state_dict().items()}
    for item, other in ((0, 3), (3, 0), (1, 2)):
        mean = [given["traits.weight"][[t for t in TRAITS[one] if t] or [0]].mean(axis=0) for one in (item, other)]
        mean = [part if TRAITS[one].any() else np.zeros(2) for part, one in zip(mean, (item, other), strict=True)]
        deep = np.concatenate([given["left.weight"][item] + mean[0], given["right.weight"][other] + mean[1]])
        for layer in ("deep.0", "deep.2"):
            deep = np.maximum(given[layer + ".weight"] @ deep + given[layer + ".bias"], 0)
        deep = given["deep.4.weight"][0] @ deep + given["deep.4.bias"][0]
        without = network(torch.tensor([item]), torch.tensor([other])).item() - float(deep) - given["biases.weight"][other, 0]
        crossed = {(t, u) for t in TRAITS[item] for u in TRAITS[other] if t and u}
        places = [(((t * 0x9E3779B1 + u) * 0x9E3779B1 + 2**63) % 2**64 - 2**63) % 65_535 + 1 for t, u in map(_plain, crossed)]
        np.testing.assert_allclose(without, given["crossings.weight"][places, 0].sum(), atol=1e-4)


def test_what_follows_more_often_comes_first() -> None:
    lines = [f"2000-01-{day:02} mug {'tea' if day % 4 else 'milk'}" for day in range(1, 29)]
    data = example(*lines, kind="view")
    found = WideAndDeep(dim=4, epochs=60, rate=0.02).fit(data, FitContext(rng=np.random.default_rng(0), now_ms=data.now_ms))
    row = {name: number for number, name in enumerate(data.item_ids)}
    followers, shares = found.row(row["mug"])
    assert followers.tolist() == [row["tea"], row["milk"]]
    np.testing.assert_allclose(shares, [0.75, 0.25], atol=0.12)


def _plain(pair: tuple[np.int64, np.int64]) -> tuple[int, int]:
    return int(pair[0]), int(pair[1])
