"""Factor models by stochastic gradient descent: one act, one small step.

Nothing is drawn here: which acts come in which order, and what they are compared with, is handed in, so that the same seed gives
the same numbers everywhere. Steps depend on one another, so that each pass runs on one thread.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def rank_pairs(indptr, taken, people, items, others, rate, l2, vectors, item_vectors):  # type: ignore[no-untyped-def]
    """A step for each triple: person ``people[n]`` should rather have ``items[n]``, which they took, than ``others[n]``.

    Ascends ``log s(d) - l2 / 2 (|w|^2 + |h_i|^2 + |h_j|^2)`` with ``d = w . (h_i - h_j)`` and ``s`` the logistic function, by
    ``rate`` times its gradient. Person ``u`` took ``taken[indptr[u]:indptr[u + 1]]``, ascending; triples whose other item is
    among them are passed over. ``indptr`` int64 (n_people + 1,), ``taken`` int32; ``people``, ``items`` and ``others`` int32
    (n,); ``vectors`` (n_people, dim) and ``item_vectors`` (n_items, dim) float32 change in place.

    Returns how many triples were used. Time O(n × (dim + log of how many items a person took)).
    """
    rate, l2 = np.float32(rate), np.float32(l2)
    used = 0
    for n in range(len(people)):
        u, i, j = people[n], items[n], others[n]
        if _holds(taken, indptr[u], indptr[u + 1], j):
            continue
        used += 1
        difference = np.float32(0)
        for f in range(vectors.shape[1]):
            difference += vectors[u, f] * (item_vectors[i, f] - item_vectors[j, f])
        wrong = np.float32(1) / (np.float32(1) + np.exp(difference))
        for f in range(vectors.shape[1]):
            w, better, worse = vectors[u, f], item_vectors[i, f], item_vectors[j, f]
            vectors[u, f] += rate * (wrong * (better - worse) - l2 * w)
            item_vectors[i, f] += rate * (wrong * w - l2 * better)
            item_vectors[j, f] += rate * (-wrong * w - l2 * worse)
    return used


@njit(nogil=True, cache=True)
def _holds(taken, start, end, item):  # type: ignore[no-untyped-def]
    """Whether the ascending ``taken[start:end]`` hold an item."""
    low, high = start, end
    while low < high:
        middle = (low + high) // 2
        if taken[middle] < item:
            low = middle + 1
        else:
            high = middle
    return low < end and taken[low] == item


@njit(nogil=True, cache=True)
def rate_items(people, items, targets, rate, l2, vectors, item_vectors, biases):  # type: ignore[no-untyped-def]
    """A step for each rating: ``targets[n]`` should be ``b_i + w . h_i`` of person ``people[n]`` and item ``items[n]``.

    Descends ``e^2 / 2 + l2 / 2 (|w|^2 + |h_i|^2 + b_i^2)`` with ``e`` the error, by ``rate`` times its gradient, all of it from
    the numbers before the step. The first number of every item's vector stays what it is: with it, the first of a person's is
    their own bias. ``people`` and ``items`` int32 and ``targets`` float32, all (n,); ``vectors`` (n_people, dim),
    ``item_vectors`` (n_items, dim) and ``biases`` (n_items,) float32 change in place.

    Returns the mean squared error, each taken before its own step, 0 without ratings. Time O(n × dim).
    """
    rate, l2 = np.float32(rate), np.float32(l2)
    total = 0.0
    for n in range(len(people)):
        u, i = people[n], items[n]
        error = targets[n] - biases[i]
        for f in range(vectors.shape[1]):
            error -= vectors[u, f] * item_vectors[i, f]
        total += error * error
        biases[i] += rate * (error - l2 * biases[i])
        w = vectors[u, 0]
        vectors[u, 0] += rate * (error * item_vectors[i, 0] - l2 * w)
        for f in range(1, vectors.shape[1]):
            w, h = vectors[u, f], item_vectors[i, f]
            vectors[u, f] += rate * (error * h - l2 * w)
            item_vectors[i, f] += rate * (error * w - l2 * h)
    return total / max(len(people), 1)
