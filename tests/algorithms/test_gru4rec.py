from __future__ import annotations

import numpy as np
import torch

from endcap.algorithms.base import FitContext
from endcap.algorithms.gru4rec import GRU4Rec, Recurrent
from endcap.artifacts.sequence_encoder import SequenceEncoder
from endcap.testing.algorithms import asked
from endcap.testing.histories import example


def test_what_is_served_is_what_torch_computes() -> None:
    network = Recurrent(30, GRU4Rec(dim=16)).eval()
    for one in network.parameters():
        torch.nn.init.normal_(one, std=0.5)
    served = SequenceEncoder.of(
        "recurrence", network.items.weight.detach().numpy(), np.ones(30), network.weights(), "viewed_next", window=20
    )
    rng = np.random.default_rng(0)
    for n in (1, 2, 20):
        rows = rng.choice(30, size=n, replace=False).astype(np.int32)
        expected = network(torch.from_numpy(rows.astype(np.int64))[None])[0, -1].detach().numpy()
        np.testing.assert_allclose(served.state(rows), expected, rtol=1e-4, atol=1e-4)


def test_what_came_before_the_last_item_is_remembered() -> None:
    """After tea and the mug come biscuits, after milk and the mug a spoon: no rule of the last item can know."""
    visits = [f"2000-01-{day:02} {line}" for day in range(1, 29) for line in ("tea mug biscuits", "milk mug spoon")]
    data = example(*visits, kind="view")
    small = GRU4Rec(dim=16, epochs=150, rate=0.02, dropout=0.0)
    found = small.fit(data, FitContext(rng=np.random.default_rng(0), now_ms=data.now_ms))
    row = {name: number for number, name in enumerate(data.item_ids)}
    assert asked(found, [row["mug"], row["tea"]]).argmax() == row["biscuits"]
    assert asked(found, [row["mug"], row["milk"]]).argmax() == row["spoon"]
