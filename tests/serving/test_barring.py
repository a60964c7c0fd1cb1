"""What a shelf alone keeps out, and lets in again."""

from __future__ import annotations

import numpy as np
import pytest

from endcap.ranking.rulebook import Bar
from endcap.serving.barring import TAKEN, Barrier

ROWS, MASK = np.array([1, 3, 3, 9], np.int32), np.array([False, True, False, True, False])


@pytest.mark.parametrize("bar", [Bar(20, ROWS), Bar(20, MASK), Bar(20, np.array([0, 2, 4], np.int32), allows=True)])
def test_what_a_shelf_keeps_out_comes_back_but_for_what_was_taken(bar: Bar) -> None:
    blocked = np.array([0, 0, 0, 7, 5], np.uint8)
    barrier = Barrier(blocked, [bar])
    assert blocked.tolist() == [0, 20, 0, 7, 5]
    blocked[2] = TAKEN
    barrier.lift([2])
    assert blocked.tolist() == [0, 0, TAKEN, 7, 5]


def test_rules_that_share_a_code_are_told_apart_by_a_copy() -> None:
    assert Bar(253, ROWS).is_sparse
    assert not Bar(254, ROWS).is_sparse
    blocked = np.array([0, 0, 0, 254, 0], np.uint8)
    Barrier(blocked, [Bar(254, ROWS)]).lift([])
    assert blocked.tolist() == [0, 0, 0, 254, 0]
