"""What came of answers: which of their products were clicked, put into a cart and bought, as the log says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from endcap.core.crawlers import of_crawler
from endcap.core.events import LoggedEvent
from endcap.core.time import DAY_MS

WITHIN_MS = 7 * DAY_MS
"""For how long what is done with a product goes back to the answer that showed it."""


@dataclass(slots=True)
class Outcome:
    """What came of one answer: the products clicked and put into a cart, each counted once, and what those that were bought
    earned, by product and event, in the major unit."""

    clicked: set[str] = field(default_factory=set)
    carted: set[str] = field(default_factory=set)
    bought: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def earned(self, item_id: str) -> Decimal:
        """What a product earned in all."""
        return sum((amount for (item, _), amount in self.bought.items() if item == item_id), Decimal(0))


class Outcomes:
    """Collects the outcomes of some answers from the events that name them. To be told of an event twice changes nothing.

    ``prices`` has by answer, named by recommendation id, its time and what each product cost that it showed: an event of a
    product that it did not show is not its outcome.
    """

    def __init__(self, prices: Mapping[str, tuple[int, Mapping[str, Decimal | None]]]) -> None:
        self._prices = prices
        self._found: dict[str, Outcome] = {}

    def of(self, recommendation_id: str) -> Outcome:
        """What came of an answer."""
        return self._found.get(recommendation_id) or Outcome()

    def take(self, logged: Sequence[LoggedEvent]) -> None:
        """Look through events; a crawler's are no outcome."""
        for one in logged:
            event = one.event
            if event.recommendation_id is None or event.type not in {"click", "add_to_cart", "purchase"}:
                continue
            shown = self._prices.get(event.recommendation_id)
            if shown is None or not shown[0] <= event.at_ms <= shown[0] + WITHIN_MS or of_crawler(event):
                continue
            outcome = self._found.setdefault(event.recommendation_id, Outcome())
            for line in event.lines:
                if line.item_id not in shown[1]:
                    continue
                if event.type == "click":
                    outcome.clicked.add(line.item_id)
                elif event.type == "add_to_cart":
                    outcome.carted.add(line.item_id)
                else:
                    price = line.price if line.price is not None else shown[1][line.item_id]
                    outcome.bought[line.item_id, event.event_id] = (price or Decimal(0)) * line.quantity
