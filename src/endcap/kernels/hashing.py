"""Hashing a name to one of ten thousand places, one byte after the other."""

from __future__ import annotations

import numpy as np
from numba import njit

BUCKETS = 10_000

FNV_OFFSET = np.uint32(0x811C9DC5)
_PRIME = np.uint32(0x01000193)
_ZERO, _TEN = np.uint32(ord("0")), np.uint32(10)


@njit(cache=True)
def fnv1a32(data: bytes, state: np.uint32) -> np.uint32:
    """The FNV-1a hash of some bytes, uint32, going on from ``state``: :data:`FNV_OFFSET` for a beginning.

    Source: Fowler, Noll, Vo and Eastlake, "The FNV non-cryptographic hash algorithm".
    """
    for i in range(len(data)):
        state = np.uint32((state ^ np.uint32(data[i])) * _PRIME)
    return state


@njit(cache=True)
def bucket(data: bytes, state: np.uint32) -> int:
    """The place of some bytes, from 0 to 9,999, after a salt that led to ``state``: the hash of the hash's decimal digits.

    One round of FNV-1a leaves names that differ in their last letter near each other; the second one parts them.
    """
    number = fnv1a32(data, state)
    digits = np.empty(10, dtype=np.uint32)
    n = 0
    while n == 0 or number > 0:
        digits[n] = number % _TEN
        number = np.uint32(number // _TEN)
        n += 1
    hashed = FNV_OFFSET
    for i in range(n - 1, -1, -1):
        hashed = np.uint32((hashed ^ (_ZERO + digits[i])) * _PRIME)
    return int(hashed % np.uint32(BUCKETS))
