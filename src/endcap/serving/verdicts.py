"""What a shopper said of single products, the newest word counting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from endcap.core.events import KIND
from endcap.core.ids import IdMap
from endcap.stores.ports import Act

LIKED_FROM = 0.7
"""A rating counts as a like from this share of the most it could be: four of five stars, a thumb up."""

DISLIKED_UNTIL = 0.4
"""And as a dislike up to this: two of five stars, a thumb down."""

_RATING, _DISMISS, _OWN = KIND["rating"], KIND["dismiss"], KIND["own"]
_WANTED = frozenset({KIND["add_to_cart"], KIND["purchase"]})
_TELLING = _WANTED | {_RATING, _DISMISS, _OWN}


@dataclass(slots=True)
class Verdicts:
    """Rows by what was said of them, newest first; the keys of each are what matters."""

    dismissed: dict[int, None] = field(default_factory=dict)
    owned: dict[int, None] = field(default_factory=dict)
    liked: dict[int, None] = field(default_factory=dict)
    disliked: dict[int, None] = field(default_factory=dict)

    def unwanted(self) -> frozenset[int]:
        """What must not count as interest."""
        return frozenset(self.dismissed.keys() | self.disliked.keys())


def verdicts(newest_first: Iterable[Act], ids: IdMap) -> Verdicts:
    """What was said of the rows of ``ids``.

    A dismissal is taken back by an undo, a rating above :data:`DISLIKED_UNTIL`, or by putting the product into the cart or buying
    it; it takes back an earlier like. Of several ratings, or of "I own this" and its undo, the newest counts.
    """
    said = Verdicts()
    pardoned: set[int] = set()
    rated: set[int] = set()
    owned: set[int] = set()
    for act in newest_first:
        kind = act.kind
        if kind not in _TELLING or (row := ids.row(act.item_id)) < 0:
            continue
        if kind in _WANTED or (kind == _DISMISS and act.value == 0.0):
            pardoned.add(row)
        elif kind == _DISMISS:
            if row not in pardoned:
                said.dismissed[row] = None
                rated.add(row)
        elif kind == _OWN:
            if row not in owned and act.value != 0.0:
                said.owned[row] = None
            owned.add(row)
        elif row not in rated and act.value is not None:
            rated.add(row)
            _rate(said, pardoned, row, act.value)
    return said


def _rate(said: Verdicts, pardoned: set[int], row: int, share: float) -> None:
    if share <= DISLIKED_UNTIL:
        said.disliked[row] = None
        return
    pardoned.add(row)
    if share >= LIKED_FROM:
        said.liked[row] = None
