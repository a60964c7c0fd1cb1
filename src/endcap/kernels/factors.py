"""Factor models: the vector that suits a weighted set of items, and the items that suit a vector.

Training solves the same least squares for every row of one side, serving for one shopper. In a basis in which the Gram matrix of
the other side is diagonal, all the unobserved cells come down to one number a factor.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import get_num_threads, njit
from numpy.typing import NDArray
from scipy import sparse

_SUMS_IN_ANY_ORDER = {"reassoc", "contract"}
"""Lets sums of products use vector instructions; nothing is assumed about infinities or NaN."""


_LOW_BITS = 20
_BLOCKS_PER_THREAD = 8
"""Rows are dealt out in more blocks than there are threads, since some blocks take longer than their share of the work."""


def improve_rows(
    observed: sparse.csr_array, vectors: NDArray[np.float32], prior: NDArray[np.float32], l2: NDArray[np.float32],
    solved: NDArray[np.float32], *, steps: int = 0, threads: int | None = None,
) -> None:  # fmt: skip
    """Bring the vector of each row of ``observed`` to what :func:`solve_rows` finds, 1 being wanted of all its cells.

    ``observed`` is CSR (n_rows, n_items), confidences above 0; ``solved`` (n_rows, dim) comes in as the vectors so far. Runs on
    as many ``threads`` as numba is given unless told otherwise; their number does not change the result.
    """
    parts = (observed.indptr.astype(np.int64), observed.indices.astype(np.int32), observed.data.astype(np.float32))
    wanted = np.ones(observed.nnz, np.float32)
    threads = threads or get_num_threads()

    def solve(first: int, last: int) -> None:
        solve_rows(*parts, wanted, vectors, prior, l2, first, last, steps, solved)

    n_blocks = 1 if threads == 1 else threads * _BLOCKS_PER_THREAD
    inner = np.searchsorted(parts[0], np.linspace(0, observed.nnz, n_blocks + 1)[1:-1])
    ends = [0, *inner.tolist(), observed.shape[0]]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(solve, ends[:-1], ends[1:]))


@njit(nogil=True, cache=True)
def solve_rows(indptr, items, confidences, wanted, vectors, prior, l2, first, last, steps, solved):  # type: ignore[no-untyped-def]
    """The vector ``w`` of each row that minimises ``sum_n c_n (v_n - w . h_n)^2 + sum_f (prior_f + l2) w_f^2``.

    Row ``u`` observes ``items[indptr[u]:indptr[u + 1]]`` (int32) with ``confidences`` ``c`` above 0 and ``wanted`` values ``v``;
    ``h_n`` are rows of ``vectors`` (n_items, dim); ``prior`` (dim,) is at least 0, ``l2`` (n_rows,) above 0. All but ``indptr``
    and ``items`` are of one float type. ``solved`` (n_rows, dim) receives the rows ``first`` to ``last``, zeros for those without
    items.

    With ``steps`` 0 every row is solved exactly, in time O(m^2 max(n, dim)) for a row of ``n`` items, ``m = min(n, dim)``.
    Otherwise rows that are too long for that to be quicker come nearer to it by so many steps of conjugate gradients from what
    is in ``solved``, in O(steps × n × dim).
    """
    dim = vectors.shape[1]
    longest = 0
    for u in range(first, last):
        longest = max(longest, indptr[u + 1] - indptr[u])
    size = min(longest, dim)
    scaled, targets = np.empty((longest, dim), vectors.dtype), np.empty(longest, vectors.dtype)
    system, right, damping = np.empty(size * size, vectors.dtype), np.empty(size, vectors.dtype), np.empty(dim, vectors.dtype)
    room = np.empty((3, dim), vectors.dtype)
    for u in range(first, last):
        start, n = indptr[u], indptr[u + 1] - indptr[u]
        if n == 0:
            solved[u] = 0
            continue
        span = slice(start, start + n)
        damping[:] = 1 / np.sqrt(prior + l2[u])
        _scale(items[span], confidences[span], wanted[span], vectors, damping, scaled, targets)
        if steps > 0 and n > 2 * (steps + 1):
            _descend(scaled[:n], targets[:n], steps, damping, room, solved[u])
        else:
            m = min(n, dim)
            _solve_scaled(scaled[:n], targets[:n], system[: m * m].reshape(m, m), right[:m], damping, solved[u])


@njit(nogil=True, cache=True)
def _scale(items, confidences, wanted, vectors, damping, scaled, targets):  # type: ignore[no-untyped-def]
    """Turn a row into ridge regression with a penalty of 1: ``A`` into ``scaled``, its right side into ``targets``."""
    for n in range(len(items)):
        root = np.sqrt(confidences[n])
        targets[n] = root * wanted[n]
        for f in range(len(damping)):
            scaled[n, f] = root * vectors[items[n], f] * damping[f]


@njit(nogil=True, cache=True, fastmath=_SUMS_IN_ANY_ORDER)
def _solve_scaled(scaled, targets, system, right, damping, solved):  # type: ignore[no-untyped-def]
    """``w = D (1 + A'A)^-1 A't``, or the same ``w = D A'(1 + AA')^-1 t`` where A has fewer rows than columns.

    Whichever system is smaller is solved; its eigenvalues are at least 1, so that single precision is enough.
    """
    n, dim = scaled.shape
    if n < dim:
        np.dot(scaled, scaled.T, system)
        right[:] = targets
    else:
        np.dot(scaled.T, scaled, system)
        np.dot(scaled.T, targets, right)
    for i in range(len(right)):
        system[i, i] += 1
    solve_in_place(system, right)
    for f in range(dim):
        solved[f] = 0
    if n < dim:
        for i in range(n):
            for f in range(dim):
                solved[f] += right[i] * scaled[i, f]
    else:
        for f in range(dim):
            solved[f] = right[f]
    for f in range(dim):
        solved[f] *= damping[f]


@njit(nogil=True, cache=True, fastmath=_SUMS_IN_ANY_ORDER)
def _descend(scaled, targets, steps, damping, room, solved):  # type: ignore[no-untyped-def]
    """Steps of conjugate gradients from ``solved`` towards ``w = D (1 + A'A)^-1 A't``; what is in ``targets`` is lost.

    The unobserved cells are in ``D`` already: few steps are enough, since only the row's own cells are left to be fitted.
    """
    residual, direction, image = room[0], room[1], room[2]
    solved /= damping
    targets -= np.dot(scaled, solved)
    np.dot(scaled.T, targets, residual)
    residual -= solved
    direction[:] = residual
    length = np.dot(residual, residual)
    for _ in range(steps):
        if length < 1e-12:
            break
        np.dot(scaled.T, np.dot(scaled, direction), image)
        image += direction
        stride = length / np.dot(direction, image)
        solved += stride * direction
        residual -= stride * image
        shorter = np.dot(residual, residual)
        direction *= shorter / length
        direction += residual
        length = shorter
    solved *= damping


@njit(nogil=True, cache=True, fastmath=_SUMS_IN_ANY_ORDER)
def solve_in_place(system, right):  # type: ignore[no-untyped-def]
    """Solve a symmetric positive definite system by Cholesky.

    ``right`` comes in as the right side and goes out as the solution; the lower triangle of ``system`` is overwritten by its
    factor.
    """
    n = len(right)
    for i in range(n):
        for j in range(i + 1):
            total = system[i, j]
            for f in range(j):
                total -= system[i, f] * system[j, f]
            system[i, j] = np.sqrt(total) if i == j else total / system[j, j]
    for i in range(n):
        total = right[i]
        for f in range(i):
            total -= system[i, f] * right[f]
        right[i] = total / system[i, i]
    for i in range(n - 1, -1, -1):
        right[i] /= system[i, i]
        for f in range(i):
            right[f] -= system[i, f] * right[i]


@njit(nogil=True, cache=True, fastmath=_SUMS_IN_ANY_ORDER)
def products(vector, vectors, biases, blocked, scores):  # type: ignore[no-untyped-def]
    """Write ``bias_i + vector . h_i`` of every item into ``scores``, 0 where that is not above 0 or the item is ``blocked``.

    ``vector`` (dim,), ``vectors`` (n_items, dim), ``biases`` and ``scores`` (n_items,) are float32, ``blocked`` is uint8. In two
    passes, since the question whether an item is blocked would keep the sums from using vector instructions: 470 against 930 µs
    for 50,000 items of 64 numbers.
    """
    for item in range(len(vectors)):
        total = np.float32(0)
        for f in range(len(vector)):
            total += vector[f] * vectors[item, f]
        scores[item] = total
    worth(biases, blocked, scores)


@njit(nogil=True, cache=True)
def worth(biases, blocked, scores):  # type: ignore[no-untyped-def]
    """Turn products in ``scores`` into what :func:`products` writes."""
    for item in range(min(len(biases), len(scores))):
        score = biases[item] + scores[item]
        scores[item] = score if score > 0 and blocked[item] == 0 else np.float32(0)


@njit(nogil=True, cache=True)
def keep_best(scores, most, touched):  # type: ignore[no-untyped-def]
    """Put all but the best scores back to 0, and list the items of the others in ``touched`` int32; returns how many there are.

    ``scores`` float32 (n,) are at least 0. ``most`` of those above 0 are left, and those that a histogram cannot tell from the
    last of them: floats above 0 are ordered as their bits are, and the upper bits tell them apart to one part in eight.
    """
    bits = scores.view(np.uint32)
    histogram = np.zeros(1 << (32 - _LOW_BITS), np.int64)
    for item in range(len(bits)):
        histogram[bits[item] >> _LOW_BITS] += 1
    step, left = len(histogram), most
    while left > 0 and step > 0:
        step -= 1
        left -= histogram[step]
    lowest = max(np.uint32(step << _LOW_BITS), np.uint32(1))
    found = 0
    for item in range(len(bits)):
        touched[found] = item
        if bits[item] >= lowest:
            found += 1
        else:
            scores[item] = 0
    return found
