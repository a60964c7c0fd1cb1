"""What is planted in the shop: the answers that a good engine should find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from endcap.core.catalog import Season
from endcap.synthetic.assortment import Assortment
from endcap.synthetic.dice import Dice
from endcap.synthetic.families import Family

LINK_CHANCES = {1: (0.12,), 2: (0.3,), 3: (0.5, 0.22)}
"""By the strength in the assortment: the chance of each family that is linked to be bought along."""

_TIER_FIT = (6.0, 1.0, 0.2)


@dataclass(frozen=True, slots=True)
class Taste:
    """What a person is drawn to: weights of categories that sum to one, brands, and the tier that they buy most."""

    categories: Mapping[str, float]
    brands: tuple[str, ...]
    tier: str


class Truth:
    """The truth of one shop, asked with item ids and user ids; an unknown id raises KeyError."""

    def __init__(self, assortment: Assortment, families: list[Family], links: list[dict[int, float]]) -> None:
        self.families = families
        self.links = links
        """By row of the family bought: rows of families that go with it, and the chance that they are bought along."""
        self.tastes: dict[str, Taste] = {}
        self._row = {item.item_id: row for row, family in enumerate(families) for item in family.items}
        self._kinds = assortment.type
        self._backward: list[set[int]] = [set() for _ in families]
        for row, linked in enumerate(links):
            for other in linked:
                self._backward[other].add(row)

    def complements(self, item_id: str) -> frozenset[str]:
        """Items that are bought together with this one far more often than by chance, in either direction."""
        row = self._row[item_id]
        return self._items(set(self.links[row]) | self._backward[row])

    def substitutes(self, item_id: str) -> frozenset[str]:
        """Items that serve the same need in the same tier: looked at together, hardly ever bought together."""
        return self._items(self._same_kind(item_id, 0))

    def upgrades(self, item_id: str) -> frozenset[str]:
        """Items that serve the same need one tier up."""
        return self._items(self._same_kind(item_id, 1))

    def variants(self, item_id: str) -> frozenset[str]:
        """The other colours and sizes of the same family."""
        return self._items({self._row[item_id]}) - {item_id}

    def seasons(self, item_id: str) -> tuple[Season, ...]:
        """When the item sells best; empty where it sells all year."""
        return self._kinds[self.families[self._row[item_id]].kind].seasons

    def repurchase_days(self, item_id: str) -> int | None:
        """After how many days those who used it up buy it again; nothing for what lasts."""
        return self._kinds[self.families[self._row[item_id]].kind].replenish

    def taste(self, user_id: str) -> Taste:
        """What a customer is drawn to."""
        return self.tastes[user_id]

    def _same_kind(self, item_id: str, steps_up: int) -> set[int]:
        own_row = self._row[item_id]
        own = self.families[own_row]
        return {
            row
            for row, other in enumerate(self.families)
            if other.kind == own.kind and other.tier == own.tier + steps_up and row != own_row
        }

    def _items(self, rows: set[int]) -> frozenset[str]:
        return frozenset(item.item_id for row in rows for item in self.families[row].items)


def plant_links(assortment: Assortment, families: list[Family], dice: Dice) -> list[dict[int, float]]:
    """Decides which families go with which: of the kinds that go together, the same tier and brand rather than others."""
    by_kind: dict[str, list[int]] = {}
    for row, family in enumerate(families):
        by_kind.setdefault(family.kind, []).append(row)
    links: list[dict[int, float]] = []
    for family in families:
        linked: dict[int, float] = {}
        for kind, strength in assortment.type[family.kind].goes_with.items():
            pool = list(by_kind[kind])
            for chance in LINK_CHANCES[strength]:
                fits = [_fit(family, families[row]) for row in pool]
                linked[pool.pop(dice.weighted(fits))] = chance
        links.append(linked)
    return links


def _fit(one: Family, other: Family) -> float:
    return _TIER_FIT[abs(one.tier - other.tier)] * (1.5 if one.brand == other.brand else 1.0)
