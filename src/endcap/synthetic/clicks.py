"""Shoppers who click on what is shown to them with chances that are planted, so that the value of any answer is known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from endcap.core.catalog import Item

_CATEGORIES = (("lamps",), ("vases",), ("chairs",), ("rugs",))
_BRANDS = ("Norde", "Calla", "Umber")


class ClickWorld:
    """Products, kinds of shoppers, and what each kind clicks on where.

    A shopper of kind ``t`` clicks product ``i`` in place ``k`` with chance ``looked[k] × liked[t, i]``; ``looked`` float64
    (n_places,), ``liked`` float64 (n_kinds, n_items). Where shoppers are ``sated``, whoever has clicked something above looks at
    the places below so much less.

    >>> world = ClickWorld(seed=1)
    >>> shown = [world.items[0].item_id, world.items[1].item_id]
    >>> world.value(0, shown) == sum(world.chances(0, shown))
    True
    """

    def __init__(self, seed: int, *, n_items: int = 24, n_kinds: int = 6, n_places: int = 8, sated: float = 0.0) -> None:
        rng = np.random.default_rng(seed)
        self.items = [
            Item(
                item_id=f"p{row:03d}", title=f"Product {row}", category=_CATEGORIES[row % len(_CATEGORIES)],
                brand=_BRANDS[row % len(_BRANDS)], price=Decimal(int(rng.integers(5, 90))), currency="EUR", stock=100,
            )
            for row in range(n_items)
        ]  # fmt: skip
        self.n_kinds = n_kinds
        self.sated = sated
        self.looked = 1.0 / (1.0 + np.arange(n_places)) ** 0.7
        popular, tastes = rng.beta(2, 12, n_items), rng.lognormal(0.0, 0.6, (n_kinds, n_items))
        self.liked = np.clip(popular * tastes, 0.005, 0.6)
        self._row = {item.item_id: row for row, item in enumerate(self.items)}

    def kind_of(self, shopper: int) -> int:
        """The kind of a shopper, who is a number."""
        return shopper * 2_654_435_761 % 2**32 % self.n_kinds

    def chances(self, kind: int, item_ids: Sequence[str]) -> list[float]:
        """The chance of each product of an answer to be clicked."""
        rows = [self._row[one] for one in item_ids]
        plain = self.looked[: len(rows)] * self.liked[kind, rows]
        if not self.sated:
            found: list[float] = plain.tolist()
            return found
        clicked, chances = 0.0, []
        for one in plain.tolist():  # how likely something above was clicked, and what is then left of the looks
            chances.append(one * (1 - self.sated * clicked))
            clicked += (1 - clicked) * one
        return chances

    def value(self, kind: int, item_ids: Sequence[str]) -> float:
        """How many clicks an answer earns on average."""
        return sum(self.chances(kind, item_ids))

    def clicked(self, kind: int, item_ids: Sequence[str], rng: np.random.Generator) -> list[str]:
        """The products of an answer that a shopper clicks."""
        drawn: NDArray[np.float64] = rng.random(len(item_ids))
        found: list[str] = []
        for place, (item_id, draw) in enumerate(zip(item_ids, drawn.tolist(), strict=True)):
            left = 1 - self.sated if found else 1.0
            if draw < left * float(self.looked[place] * self.liked[kind, self._row[item_id]]):
                found.append(item_id)
        return found
