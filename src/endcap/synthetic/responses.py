"""How shoppers respond to what a shelf shows them: planted, so that what is measured can be compared with it."""

from __future__ import annotations

from collections.abc import Mapping

from endcap.synthetic.truth import Taste, Truth

DRAW: Mapping[str, float] = {"complement": 0.11, "substitute": 0.07, "upgrade": 0.05, "taste": 0.035, "other": 0.012}
"""The chance that the first item of a product page's shelf is clicked, by what it is to the page and to the shopper."""

PLACE: Mapping[str, float] = {"product": 1.0, "cart": 0.9, "home": 0.8, "email": 0.9, "post_purchase": 0.4}
"""What these chances are multiplied with elsewhere."""

FALLS_OFF = 0.22
"""Each position further down divides the chance by so much more: 1, 1.22, 1.44 and so on."""

ADDS, BUYS = 0.26, 0.62
"""The chance that a clicked item goes into the cart, and that a cart is paid for."""

ORGANIC = 0.14
"""The chance that a visit puts the product that it came for into the cart, whatever is recommended."""

_TASTE_FROM = 0.1


class Responses:
    """What shoppers of one shop would click, known from its truth alone."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._related: dict[str, dict[str, str]] = {}

    def chance(
        self, item_id: str, category: str, *, placement: str, position: int, anchors: tuple[str, ...], taste: Taste
    ) -> float:
        """The chance that somebody who sees an item in a slot clicks it.

        ``anchors`` are what the page is about: the product on it, or what lies in the cart. Positions count from 0.
        """
        draw = max((DRAW[self._relation(anchor, item_id)] for anchor in anchors), default=DRAW["other"])
        if taste.categories.get(category, 0.0) >= _TASTE_FROM:
            draw = max(draw, DRAW["taste"])
        return draw * PLACE[placement] / (1.0 + FALLS_OFF * position)

    def _relation(self, anchor: str, item_id: str) -> str:
        related = self._related.get(anchor)
        if related is None:
            truth = self._truth
            kinds = (("upgrade", truth.upgrades), ("substitute", truth.substitutes), ("complement", truth.complements))
            related = self._related[anchor] = {one: kind for kind, of in kinds for one in of(anchor)}
        return related.get(item_id, "other")
