from __future__ import annotations

import numpy as np
import pytest
import torch

from endcap.algorithms.base import FitContext
from endcap.algorithms.sasrec import SASRec, Transformer
from endcap.artifacts.sequence_encoder import SequenceEncoder
from endcap.errors import BadOption
from endcap.testing.algorithms import asked, fit_example
from endcap.testing.histories import example, random_data


@pytest.mark.parametrize(("blocks", "heads"), [(1, 1), (2, 4)])
def test_what_is_served_is_what_torch_computes(blocks: int, heads: int) -> None:
    options = SASRec(dim=16, blocks=blocks, heads=heads, window=7)
    network = Transformer(30, options).eval()
    for one in network.parameters():
        torch.nn.init.normal_(one, std=0.5)
    served = SequenceEncoder.of(
        "attention", network.items.weight.detach().numpy(), np.ones(30), network.weights(), "viewed_next", window=7, heads=heads
    )
    rng = np.random.default_rng(0)
    for n in (1, 2, 7):
        rows = rng.choice(30, size=n, replace=False).astype(np.int32)
        expected = network(torch.from_numpy(rows.astype(np.int64))[None])[0, -1].detach().numpy()
        np.testing.assert_allclose(served.state(rows), expected, rtol=1e-4, atol=1e-4)


def test_a_state_does_not_see_what_comes_later() -> None:
    network = Transformer(30, SASRec(dim=8, blocks=2)).eval()
    whole = network(torch.tensor([[3, 1, 4, 15]]))
    torch.testing.assert_close(network(torch.tensor([[3, 1, 9, 2]]))[:, :2], whole[:, :2])


def test_the_order_of_a_visit_is_learnt() -> None:
    """After tea and the mug come biscuits, after the mug and tea a spoon: no rule of single items can know."""
    visits = [f"2000-01-{day:02} {line}" for day in range(1, 29) for line in ("tea mug biscuits", "mug tea spoon")]
    data = example(*visits, kind="view")
    small = SASRec(dim=16, epochs=150, rate=0.02, dropout=0.0)
    found = small.fit(data, FitContext(rng=np.random.default_rng(0), now_ms=data.now_ms))
    row = {name: number for number, name in enumerate(data.item_ids)}
    assert asked(found, [row["mug"], row["tea"]]).argmax() == row["biscuits"]
    assert asked(found, [row["tea"], row["mug"]]).argmax() == row["spoon"]


def test_another_seed_gives_other_numbers() -> None:
    data = random_data(1)
    one, other = (SASRec(epochs=1).fit(data, FitContext(rng=np.random.default_rng(seed), now_ms=0)) for seed in (0, 1))
    assert not np.array_equal(one.vectors, other.vectors)


def test_heads_must_divide_the_numbers_among_them() -> None:
    with pytest.raises(BadOption, match="3 heads cannot share 64"):
        SASRec(heads=3)


def test_an_item_that_no_visit_holds_is_not_known() -> None:
    found = fit_example(SASRec(dim=4, epochs=1), "2000-01-01 mug tea", "2000-01-02 lamp", kind="view")
    assert found.biases.tolist() == [0, 0, -np.inf]
