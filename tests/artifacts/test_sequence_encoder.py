from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from endcap.artifacts.base import frozen
from endcap.artifacts.sequence_encoder import Kind, SequenceEncoder
from endcap.errors import CorruptBundle
from endcap.testing.algorithms import asked, check_artifact

RNG = np.random.default_rng(0)
N_ITEMS, DIM, WINDOW = 12, 4, 3
GATES, BLOCKS, WIDE = 3 * DIM, 2, 5
SHAPES: dict[Kind, dict[str, tuple[int, ...]]] = {
    "attention": {
        "places": (WINDOW, DIM), "norm1": (BLOCKS, DIM), "norm1_bias": (BLOCKS, DIM), "mix": (BLOCKS, GATES, DIM),
        "mix_bias": (BLOCKS, GATES), "join": (BLOCKS, DIM, DIM), "join_bias": (BLOCKS, DIM), "norm2": (BLOCKS, DIM),
        "norm2_bias": (BLOCKS, DIM), "up": (BLOCKS, WIDE, DIM), "up_bias": (BLOCKS, WIDE), "down": (BLOCKS, DIM, WIDE),
        "down_bias": (BLOCKS, DIM), "last": (DIM,), "last_bias": (DIM,),
    },
    "recurrence": {
        "from_input": (GATES, DIM), "from_input_bias": (GATES,), "from_state": (GATES, DIM), "from_state_bias": (GATES,),
    },
    "average": {"up": (WIDE, DIM), "up_bias": (WIDE,), "down": (DIM, WIDE), "down_bias": (DIM,)},
}  # fmt: skip


def encoder(kind: Kind, *, known: Any = True, heads: int = 1) -> SequenceEncoder:
    weights = {name: RNG.normal(size=shape) for name, shape in SHAPES[kind].items()}
    known = np.broadcast_to(known, N_ITEMS)
    return SequenceEncoder.of(kind, RNG.normal(size=(N_ITEMS, DIM)), known, weights, "viewed_next", window=WINDOW, heads=heads)


@pytest.fixture(params=SHAPES)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def test_it_does_what_serving_relies_on(kind: Kind) -> None:
    check_artifact(encoder(kind))


def test_it_survives_its_arrays(kind: Kind) -> None:
    one = encoder(kind, heads=2)
    again = SequenceEncoder.from_arrays(one.arrays(), one.reason)
    assert again.kind == kind
    assert again.arrays().keys() == one.arrays().keys()
    np.testing.assert_array_equal(asked(again, [1, 2]), asked(one, [1, 2]))


def test_scores_are_chances_by_the_state_after_the_newest_items_oldest_first(kind: Kind) -> None:
    one = encoder(kind)
    scores = asked(one, [4, 7, 2, 9])
    assert scores.sum() == pytest.approx(1, rel=1e-5)
    logits = one.vectors @ one.state(np.array([2, 7, 4], np.int32))  # a window of three, and the newest is asked with first
    np.testing.assert_allclose(scores, np.exp(logits) / np.exp(logits).sum(), rtol=1e-4)


def test_the_order_matters_but_to_an_average() -> None:
    for kind in SHAPES:
        one = encoder(kind)
        same = np.allclose(asked(one, [4, 7, 2]), asked(one, [2, 7, 4]), rtol=1e-4)
        assert same == (kind == "average")


def test_items_of_which_nothing_was_learnt_are_neither_read_nor_proposed(kind: Kind) -> None:
    known = np.ones(N_ITEMS, np.bool_)
    known[[2, 3]] = False
    one = encoder(kind, known=known)
    assert one.n_entries == N_ITEMS - 2
    assert asked(one, [5])[[2, 3]].tolist() == [0, 0]
    np.testing.assert_array_equal(asked(one, [2, 5, 3, N_ITEMS]), asked(one, [5]))
    assert not asked(one, [2, 3]).any()
    assert not asked(encoder(kind, known=False), [5]).any()


def test_whoever_serves_it_never_loads_what_trained_it(tmp_path: Path) -> None:
    one = encoder("attention")
    np.savez(tmp_path / "arrays.npz", allow_pickle=False, **one.arrays())
    code = f"""
import sys
import numpy as np
from endcap.artifacts.base import Asked
from endcap.artifacts.bundle import shapes
found = shapes()["sequence_encoder"].from_arrays(dict(np.load({str(tmp_path / "arrays.npz")!r})), "viewed_next")
scores, touched = np.zeros(12, np.float32), np.empty(12, np.int32)
asked = Asked(np.array([3, 1], np.int32), np.ones(2, np.float32))
print(found.retrieve(asked, np.zeros(12, np.uint8), scores, touched), "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["12", "False"]


@pytest.mark.parametrize(
    "broken",
    [
        {"settings": np.array([3, WINDOW, 1])},
        {"settings": np.array([0, 0, 1])},
        {"settings": np.array([0, WINDOW, 3])},
        {"settings": np.array([0, WINDOW + 1, 1])},
        {"settings": np.array([1, WINDOW, 1])},
        {"biases": np.ones(N_ITEMS, np.float32)},
        {"biases": np.zeros(N_ITEMS - 1, np.float32)},
        {"vectors": np.zeros((N_ITEMS, DIM))},
        {"vectors": np.full((N_ITEMS, DIM), np.nan, np.float32)},
        {"vectors": np.zeros((N_ITEMS, DIM + 1), np.float32)},
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(broken: dict[str, Any]) -> None:
    one = encoder("attention")
    assert one.is_sound(N_ITEMS)
    assert not replace(one, **broken).is_sound(N_ITEMS)
    with pytest.raises(CorruptBundle, match="do not belong together"):
        SequenceEncoder.from_arrays(one.arrays() | broken, one.reason)


def test_weights_of_another_shape_or_missing_are_refused(kind: Kind) -> None:
    one = encoder(kind)
    for name, weight in one.weights.items():
        left = {other: array for other, array in one.weights.items() if other != name}
        assert not replace(one, weights=left).is_sound(N_ITEMS)
        assert not replace(one, weights={**one.weights, name: frozen(weight[:-1])}).is_sound(N_ITEMS)
    arrays = {name: array for name, array in one.arrays().items() if name != "biases"}
    with pytest.raises(CorruptBundle, match="lacks the array 'biases'"):
        SequenceEncoder.from_arrays(arrays, one.reason)
