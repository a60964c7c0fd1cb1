from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from endcap.algorithms.base import FitContext
from endcap.algorithms.two_tower import Towers, TwoTower
from endcap.artifacts.sequence_encoder import SequenceEncoder
from endcap.core.catalog import Item
from endcap.core.interactions import Dataset
from endcap.dataset.build import ACTS, build_dataset
from endcap.neural.training import plain
from endcap.testing.algorithms import asked
from endcap.testing.histories import example, random_data


def fitted(algorithm: TwoTower, data: Dataset) -> SequenceEncoder:
    return algorithm.fit(data, FitContext(rng=np.random.default_rng(0), now_ms=data.now_ms))


def test_what_is_served_is_what_torch_computes() -> None:
    rng = np.random.default_rng(0)
    network = Towers(np.ones(30, np.bool_), rng.integers(0, 9, size=(30, 4)), TwoTower(dim=16)).eval()
    for one in network.parameters():
        torch.nn.init.normal_(one, std=0.5)
    vectors = network.vectors(torch.arange(30)).detach().numpy()
    served = SequenceEncoder.of("average", vectors, np.ones(30), plain(network.person), "to_your_taste", window=30)
    for n in (1, 3, 9):
        rows = rng.choice(30, size=n, replace=False).astype(np.int32)
        expected = network(torch.from_numpy(rows.astype(np.int64))[None])[0, -1].detach().numpy()
        np.testing.assert_allclose(served.state(rows), expected, rtol=1e-4, atol=1e-4)


def test_a_new_product_stands_where_its_words_put_it() -> None:
    """Who takes a cup takes a plate, who takes a nail a hammer; nobody has touched the third plate and the second hammer."""
    taken = ("cup1 plate1", "nail1 hammer1", "cup2 plate2", "nail2 hammer1")
    titles = ("cup", "plate", "nail", "hammer", "cup", "plate", "nail", "plate", "hammer")
    plain_data = example(*[f"2000-01-{day:02} {line}" for day in range(1, 29) for line in taken], kind="view")
    catalog = build_dataset(
        ACTS.to_frame(), [Item(item_id=str(row), title=title) for row, title in enumerate(titles)], now_ms=0
    ).catalog  # fmt: skip
    assert plain_data.item_ids == ["cup1", "plate1", "nail1", "hammer1", "cup2", "plate2", "nail2"]
    plate3, hammer2 = 7, 8
    parts = {
        name: replace(getattr(plain_data, name), n_items=len(titles)) for name in ("interactions", "baskets", "sessions")
    }  # fmt: skip
    data = replace(plain_data, item_ids=[*plain_data.item_ids, "plate3", "hammer2"], catalog=catalog, **parts)
    found = fitted(TwoTower(dim=8, epochs=60, rate=0.05, dropout=0.0), data)
    scores = asked(found, [0])
    assert found.biases.tolist() == [0] * 9
    assert scores[plate3] > 5 * scores[hammer2]


def test_a_product_of_which_nothing_is_known_is_not_proposed() -> None:
    found = fitted(TwoTower(epochs=1), random_data(1))
    assert found.n_entries > 0
    alone = fitted(TwoTower(epochs=1, dim=4), example("2000-01-01 mug tea", "2000-01-02 lamp"))
    assert alone.biases.tolist() == [0, 0, -np.inf]


def test_people_or_visits_are_what_is_learnt_from() -> None:
    data = random_data(2)
    one, other = (fitted(TwoTower(epochs=1, rows=rows), data) for rows in ("people", "visits"))
    assert not np.array_equal(one.vectors, other.vectors)
