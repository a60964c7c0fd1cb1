"""Cutting data that have no time: by a hash of their names, which stays the same whatever else is in the file."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

_KNUTH, _SEED_STEP = 2_654_435_761, 40_503


def buckets(names: Sequence[str], n_buckets: int, seed: int) -> NDArray[np.int64]:
    """The bucket of each name, int64 from 0: by its number, or the checksum of its letters where it is no number.

    Source: Knuth, "The Art of Computer Programming", volume 3, section 6.4: multiplicative hashing.

    >>> buckets(["7", "seven"], 100, seed=1).tolist()
    [63, 55]
    """
    numbers = np.array([int(one) if one.isdecimal() else crc32(one.encode()) for one in names], dtype=object)
    hashed = (numbers * _KNUTH + (seed - 1) * _SEED_STEP) % 2**32
    found: NDArray[np.int64] = (hashed.astype(np.int64) >> 8) % n_buckets
    return found
