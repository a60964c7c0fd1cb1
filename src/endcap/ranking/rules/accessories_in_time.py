"""Offers what belongs to a purchase when its time has come: a lens at once, a memory card next time, a new camera weeks later."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.query import Purchase, Query, Rows
from endcap.core.time import DAY_MS, MINUTE_MS, SECOND_MS
from endcap.ranking.rules.base import NO_ROWS, ItemView, Rule, led_to, rows_of

_When = Literal["now", "next_visit", "later"]
_WHENS: dict[str, _When] = {"now": "now", "next_visit": "next_visit", "later": "later"}
_Days = Annotated[int, Meta(ge=1, le=3_650)]
_RELATIONS, _UPGRADES = "relations", "upgrades"
_VISIT_MS = 30 * MINUTE_MS


class AccessoriesInTime(Rule, frozen=True, kw_only=True):
    """Holds back what follows from a purchase until its time has come, then multiplies its score by ``factor`` for a while.

    An accessory (``accessory_of`` what was bought) is due ``now``, from the ``next_visit``, or ``later``, after ``weeks``. Its
    attribute ``when`` says which; where it has none, ``timing`` may say it for a category of its path, the narrowest first, and
    ``now`` counts. It is moved up for ``within_days`` from then on, and then is a product like any other. What would replace the
    purchase is held back for ``weeks``: its upgrades, and its substitutes where the artifact ``relations`` is at least
    ``least`` sure. Of several purchases that an accessory belongs to, the one that lets it be shown counts. A visit begins
    ``session_age_s`` ago, or half an hour where that is not known.
    """

    label: ClassVar[str] = "a matter of time since a purchase"
    attribute: Annotated[str, Meta(min_length=1, max_length=512)] = "when"
    timing: Annotated[dict[str, _When], Meta(max_length=1_000)] = msgspec.field(default_factory=dict)
    weeks: Annotated[int, Meta(ge=1, le=520)] = 4
    within_days: _Days = 14
    factor: Annotated[float, Meta(ge=1, le=1_000)] = 1.5
    least: Annotated[float, Meta(gt=0, le=1)] = 0.5

    def removes(self, query: Query, items: ItemView) -> Rows:
        """The rows whose time has not come."""
        if not query.purchases:
            return NO_ROWS
        due = self._due(query, items)
        early = [row for row, times in due.items() if query.now_ms < min(times)]
        patient = query.now_ms - self._wait_ms
        fresh = [purchase.row for purchase in query.purchases if purchase.at_ms > patient]
        rows, scores = led_to(items, _RELATIONS, fresh)
        better, _ = led_to(items, _UPGRADES, fresh)
        return np.concatenate((rows_of(early), rows[scores <= -self.least], better))

    def factors(self, query: Query, items: ItemView, rows: Rows) -> NDArray[np.float32] | None:
        """The factor where an accessory is due, else 1."""
        if not query.purchases:
            return None
        window_ms = self.within_days * DAY_MS
        due = {
            row
            for row, times in self._due(query, items).items()
            if any(at_ms <= query.now_ms < at_ms + window_ms for at_ms in times)
        }
        if not due:
            return None
        return np.where(np.isin(rows, list(due)), np.float32(self.factor), np.float32(1))

    @property
    def _wait_ms(self) -> int:
        return 7 * self.weeks * DAY_MS

    def _due(self, query: Query, items: ItemView) -> dict[int, list[int]]:
        """When the accessories of what was bought are due, by row; one time a purchase that they belong to."""
        due: dict[int, list[int]] = {}
        for purchase in query.purchases:
            bought = items.items[purchase.row]
            for row in items.columns.accessories(bought.item_id) if bought is not None else ():
                item = items.items[row]
                if item is not None:
                    due.setdefault(row, []).append(self._due_at(item, purchase, query))
        return due

    def _due_at(self, item: Item, purchase: Purchase, query: Query) -> int:
        when = self._when(item)
        if when == "later":
            return purchase.at_ms + self._wait_ms
        if when == "now" or purchase.at_ms < _visit_began(query):
            return purchase.at_ms
        return query.now_ms + 1  # the visit of the purchase goes on

    def _when(self, item: Item) -> _When:
        said = _WHENS.get(item.attributes.get(self.attribute, ""))
        if said is not None:
            return said
        return next((self.timing[word] for word in reversed(item.category) if word in self.timing), "now")


def _visit_began(query: Query) -> int:
    return query.now_ms - (int(query.context.session_age_s * SECOND_MS) or _VISIT_MS)
