"""What only a server knows: how many requests it took in and how many it could not answer."""

from __future__ import annotations

from endcap.core.time import HOUR_MS
from endcap.measurement.components import NUMBER
from endcap.stores.measures import Cell, Measured, Measures

_TRIES = 5


def add_requests(measures: Measures, at_ms: int, requests: int, failed: int) -> bool:
    """Add requests to the hour of ``at_ms``; tells whether it could: a follower that is quicker time and again comes first.

    They are in no log: whoever measures anew begins to count them anew.
    """
    sums = {NUMBER["requests"]: requests, NUMBER["requests_failed"]: failed}
    for _ in range(_TRIES):
        before = measures.progress()
        if measures.commit(Measured(before=before, after=before, hours={(at_ms // HOUR_MS, Cell()): sums})):
            return True
    return False
