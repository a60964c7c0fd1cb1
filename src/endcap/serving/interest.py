"""Which products a shopper is interested in, and how much now: yesterday's coats fade behind today's swimwear."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

from endcap.core.events import KIND
from endcap.core.ids import IdMap
from endcap.core.time import MINUTE_MS
from endcap.stores.ports import Act

HISTORY_LENGTH = 20
"""How many of the last items a shopper touched are asked with."""

HALF_LIFE_MS = 30 * MINUTE_MS
"""After how long before the newest act an act counts half."""

LEAST = 0.1
"""What an act of the present visit counts at least, before its strength, however long ago it was."""

EARLIER = 0.25
"""What acts of earlier visits count beside those of the last one."""

VISIT_GAP_MS = 30 * MINUTE_MS
"""A shopper who rests longer than this comes back to another visit."""

_VIEW, _CART, _REMOVED, _RATING = KIND["view"], KIND["add_to_cart"], KIND["remove_from_cart"], KIND["rating"]
_STRENGTH = {_VIEW: 0.5, KIND["click"]: 0.6, _CART: 0.9, KIND["purchase"]: 1.0}
_INTEREST = frozenset({*_STRENGTH, _RATING})
_NO_WEIGHTS = np.empty(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Interest:
    """Rows newest first: each act of the ``trail``, the different ``history`` behind it with its ``weights`` (see Query), and
    when each row of the history was touched last, in milliseconds."""

    trail: list[int]
    history: list[int]
    weights: NDArray[np.float32]
    at_ms: list[int]


def interest(newest_first: Sequence[Act], ids: IdMap, unwanted: Set[int]) -> Interest:
    """The interest in the rows of ``ids``, ``unwanted`` ones left out, until one more item would be too many.

    An act counts ``strength * max(LEAST, 2^(-age / HALF_LIFE_MS))``, its age that before the newest act, and EARLIER times that
    where a visit came between; an item counts as much as its strongest act, relative to the strongest item.
    """
    trail: list[int] = []
    weights: dict[int, float] = {}
    touched: list[int] = []
    put_back: set[int] = set()
    newest = before = max((act.at_ms for act in newest_first[:10]), default=0)  # the log's order is nearly that of time
    visit = 1.0
    for act in newest_first:
        kind, at_ms = act.kind, act.at_ms
        if before - at_ms > VISIT_GAP_MS:
            visit = EARLIER
        before = at_ms
        if kind == _REMOVED:
            put_back.add(ids.row(act.item_id))
        if kind not in _INTEREST or (row := ids.row(act.item_id)) < 0 or row in unwanted:
            continue
        known = weights.get(row)
        if known is None:
            if len(weights) == HISTORY_LENGTH:
                break
            known = 0.0
            touched.append(at_ms)
        trail.append(row)
        strength = _STRENGTH[_VIEW] if kind == _CART and row in put_back else _strength(act)
        age = newest - at_ms
        recent = max(LEAST, 0.5 ** (age / HALF_LIFE_MS)) if age > 0 else 1.0
        weights[row] = max(known, strength * recent * visit)
    return Interest(trail, list(weights), _relative(weights), touched)


def _strength(act: Act) -> float:
    """How much interest an act shows. A view that lasted ``t`` seconds shows ``(1 + log2(1 + t / 10)) / 4``, 1 at most.

    So ten seconds are what a view counts of which nothing else is known, and seventy are as much as a purchase.
    """
    if act.kind == _VIEW and act.value is not None:
        return min(1.0, 0.25 * (1.0 + log2(1.0 + act.value / 10_000)))
    if act.kind == _RATING:
        return act.value if act.value is not None else 0.5
    return _STRENGTH[act.kind]


def _relative(weights: dict[int, float]) -> NDArray[np.float32]:
    values = list(weights.values())
    if not values or min(values) == max(values):
        return _NO_WEIGHTS
    return np.array(values, dtype=np.float32) / np.float32(max(values))
