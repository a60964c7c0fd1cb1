"""Networks that turn what somebody did into one vector, and the chance of each item to come next. Plain arrays, one shopper."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Weights = Mapping[str, Floats]

_EPSILON = np.float32(1e-5)
_SUMS_IN_ANY_ORDER = {"reassoc", "contract"}


def attended(steps: Floats, weights: Weights, heads: int) -> Floats:
    """The last state of causal self-attention over ``steps`` float32 (n, dim), which hold positions already; float32 (dim,).

    ``weights`` have one entry a block each: ``norm1`` and ``norm2`` (blocks, dim), ``mix`` (blocks, 3 dim, dim) for queries, keys
    and values, ``join`` (blocks, dim, dim), ``up`` (blocks, wide, dim) and ``down`` (blocks, dim, wide); then ``last`` (dim,) for
    the last normalisation. Each has a ``_bias``. Normalisation comes before each part of a block. Time O(blocks × n × dim × (n +
    wide)).
    """
    n, dim = steps.shape
    later = np.triu(np.full((n, n), -np.inf, np.float32), 1)
    state = steps
    for b in range(len(weights["mix"])):
        seen = _normal(state, weights["norm1"][b], weights["norm1_bias"][b])
        mixed = seen @ weights["mix"][b].T + weights["mix_bias"][b]
        query, key, value = mixed.reshape(n, 3, heads, dim // heads).transpose(1, 2, 0, 3)
        found = _softmax(query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(dim // heads)) + later) @ value
        joined = found.transpose(1, 0, 2).reshape(n, dim)
        state = state + joined @ weights["join"][b].T + weights["join_bias"][b]
        seen = _normal(state, weights["norm2"][b], weights["norm2_bias"][b])
        wide = np.maximum(seen @ weights["up"][b].T + weights["up_bias"][b], 0)
        state = state + wide @ weights["down"][b].T + weights["down_bias"][b]
    return _normal(state[-1], weights["last"], weights["last_bias"])


def recurred(steps: Floats, weights: Weights) -> Floats:
    """The last state of a gated recurrent unit over ``steps`` float32 (n, dim), from zeros; float32 (dim,).

    ``weights``: ``from_input`` and ``from_state`` (3 dim, dim), each with a ``_bias`` (3 dim,), for the reset gate, the update
    gate and the new state, one after another. Time O(n × dim²).
    """
    inputs = steps @ weights["from_input"].T + weights["from_input_bias"]
    dim = inputs.shape[1] // 3
    state = np.zeros(dim, np.float32)
    for given in inputs:
        back = weights["from_state"] @ state + weights["from_state_bias"]
        gates = 0.5 + 0.5 * np.tanh((given[: 2 * dim] + back[: 2 * dim]) / 2)  # the logistic function, which cannot overflow
        new = np.tanh(given[2 * dim :] + gates[:dim] * back[2 * dim :])
        state = gates[dim:] * state + (1 - gates[dim:]) * new
    return state


def averaged(steps: Floats, weights: Weights) -> Floats:
    """The mean of ``steps`` float32 (n, dim) through one hidden layer; float32 (dim,).

    ``weights``: ``up`` (wide, dim) and ``down`` (dim, wide), each with a ``_bias``. Time O(n × dim + dim × wide).
    """
    wide = np.maximum(weights["up"] @ steps.mean(axis=0) + weights["up_bias"], 0)
    found: Floats = (weights["down"] @ wide + weights["down_bias"]).astype(np.float32)
    return found


def _normal(states: Floats, scale: Floats, shift: Floats) -> Floats:
    centred = states - states.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _EPSILON)
    found: Floats = centred / spread * scale + shift
    return found


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    found: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return found


@njit(nogil=True, cache=True, fastmath=_SUMS_IN_ANY_ORDER)
def chances(state, vectors, biases, blocked, scores):  # type: ignore[no-untyped-def]
    """Write the softmax of ``bias_i + state . vectors_i`` over all items into ``scores``, 0 where an item is ``blocked``.

    ``state`` (dim,), ``vectors`` (n_items, dim), ``biases`` and ``scores`` (n_items,) are float32, ``blocked`` is uint8. A bias
    of minus infinity takes an item out; where all are out, all scores are 0. Time O(n_items × dim).
    """
    highest = np.float32(-3.4e38)
    for item in range(len(vectors)):
        total = np.float32(0)
        for f in range(len(state)):
            total += state[f] * vectors[item, f]
        scores[item] = total
    for item in range(len(vectors)):
        scores[item] += biases[item]
        highest = max(highest, scores[item])
    total = np.float32(0)
    for item in range(len(vectors)):
        scores[item] = np.exp(scores[item] - highest)
        total += scores[item]
    for item in range(len(vectors)):
        scores[item] = scores[item] / total if total > 0 and blocked[item] == 0 else np.float32(0)
