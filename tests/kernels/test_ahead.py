"""Asking memory ahead of time changes nothing but when it comes."""

from __future__ import annotations

import numpy as np
from numba import njit

from endcap.kernels.ahead import ask, ask_run


@njit
def announced(array, start, end):  # type: ignore[no-untyped-def]
    ask(array, start)
    ask_run(array, start, end)
    return array.sum()


def test_what_lies_beyond_the_end_may_be_asked_for_and_nothing_changes() -> None:
    numbers = np.arange(100, dtype=np.float32)
    for start, end in ((0, 100), (0, 0), (100, 10_000_000), (-50, 3)):
        assert announced(numbers, start, end) == 4_950
