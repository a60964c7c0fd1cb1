from __future__ import annotations

import numpy as np
import pytest

from endcap.kernels.encoders import attended, averaged, chances, recurred

RNG = np.random.default_rng(0)


def weights(**shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    return {name: RNG.normal(size=shape, scale=0.5).astype(np.float32) for name, shape in shapes.items()}


def test_a_gated_unit_steps_as_its_equations_say() -> None:
    given = weights(from_input=(9, 3), from_input_bias=(9,), from_state=(9, 3), from_state_bias=(9,))
    steps = RNG.normal(size=(4, 3)).astype(np.float32)
    state = np.zeros(3)
    for step in steps:
        ahead = (given["from_input"] @ step + given["from_input_bias"]).reshape(3, 3)
        back = (given["from_state"] @ state + given["from_state_bias"]).reshape(3, 3)
        reset, update = 1 / (1 + np.exp(-(ahead[0] + back[0]))), 1 / (1 + np.exp(-(ahead[1] + back[1])))
        state = (1 - update) * np.tanh(ahead[2] + reset * back[2]) + update * state
    np.testing.assert_allclose(recurred(steps, given), state, rtol=1e-4)
    assert np.isfinite(recurred(steps * np.float32(1e4), given)).all()


def test_attention_adds_up_what_came_before_by_likeness() -> None:
    dim, wide, heads = 4, 3, 2
    given = weights(
        norm1=(1, dim), norm1_bias=(1, dim), mix=(1, 12, dim), mix_bias=(1, 12), join=(1, dim, dim), join_bias=(1, dim),
        norm2=(1, dim), norm2_bias=(1, dim), up=(1, wide, dim), up_bias=(1, wide), down=(1, dim, wide), down_bias=(1, dim),
        last=(dim,), last_bias=(dim,),
    )  # fmt: skip
    steps = RNG.normal(size=(5, dim)).astype(np.float32)

    def normal(state: np.ndarray, name: str) -> np.ndarray:
        scale, shift = np.squeeze(given[name]), np.squeeze(given[name + "_bias"])
        return np.asarray((state - state.mean()) / np.sqrt(state.var() + 1e-5) * scale + shift)

    def linear(state: np.ndarray, name: str) -> np.ndarray:
        return np.asarray(given[name][0] @ state + given[name + "_bias"][0])

    mixed = [linear(normal(step, "norm1"), "mix").reshape(3, heads, 2) for step in steps]
    found = []
    for head in range(heads):
        asked = mixed[-1][0, head]
        shares = np.exp([asked @ one[1, head] / np.sqrt(2) for one in mixed])
        found.append(sum(share * one[2, head] for share, one in zip(shares / shares.sum(), mixed, strict=True)))
    state = steps[-1] + linear(np.concatenate(found), "join")
    state = state + linear(np.maximum(linear(normal(state, "norm2"), "up"), 0), "down")
    np.testing.assert_allclose(attended(steps, given, heads), normal(state, "last"), rtol=1e-4, atol=1e-5)


def test_an_average_goes_through_one_layer() -> None:
    given = {
        "up": np.array([[1, 0], [0, -1]], np.float32), "up_bias": np.array([0, 1], np.float32),
        "down": np.array([[2, 0], [0, 3]], np.float32), "down_bias": np.array([0, 1], np.float32),
    }  # fmt: skip
    # The mean of (1, 4) and (3, 2) is (2, 3), and above 0 of (2, 1 - 3) is (2, 0).
    assert averaged(np.array([[1, 4], [3, 2]], np.float32), given).tolist() == [4.0, 1.0]


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_chances_are_the_softmax_and_what_is_blocked_has_none(scale: float) -> None:
    vectors, biases = RNG.normal(size=(50, 8)).astype(np.float32), np.zeros(50, np.float32)
    biases[3] = -np.inf
    state, blocked, scores = (scale * vectors[7]).astype(np.float32), np.zeros(50, np.uint8), np.zeros(50, np.float32)
    blocked[[1, 7]] = 1
    chances(state, vectors, biases, blocked, scores)
    logits = vectors.astype(np.float64) @ state + biases
    expected = np.exp(logits - logits.max())
    expected /= expected.sum()
    expected[[1, 7]] = 0
    np.testing.assert_allclose(scores, expected, rtol=1e-2 if scale > 1 else 1e-4, atol=1e-30)
    assert scores[3] == 0


def test_where_nothing_was_learnt_nothing_has_a_chance() -> None:
    scores = np.full(3, 7, np.float32)
    chances(np.ones(2, np.float32), np.ones((3, 2), np.float32), np.full(3, -np.inf, np.float32), np.zeros(3, np.uint8), scores)
    assert scores.tolist() == [0, 0, 0]
