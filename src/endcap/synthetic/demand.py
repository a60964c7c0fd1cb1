"""What someone wants: a kind for the season and the person, a family of it, a variant."""

from __future__ import annotations

from itertools import accumulate

from endcap.core.catalog import Item
from endcap.synthetic.assortment import Assortment
from endcap.synthetic.dice import Dice
from endcap.synthetic.families import Family
from endcap.synthetic.people import Person
from endcap.synthetic.rhythm import IN_SEASON, pull, season_at

_OWN_TASTE = 0.7
_BRAND_PULL = 4.0
_TRIES = 4
_MATCHES = 0.8


class Demand:
    """Draws what people want out of what the shop has."""

    def __init__(self, assortment: Assortment, families: list[Family], dice: Dice) -> None:
        self._families = families
        self._dice = dice
        self._kinds = assortment.type
        self._by_kind: dict[str, list[int]] = {}
        for row, family in enumerate(families):
            self._by_kind.setdefault(family.kind, []).append(row)
        self._kinds_of: dict[str, list[str]] = {}
        for key, kind in assortment.type.items():
            self._kinds_of.setdefault(kind.category, []).append(key)
        # Things that run out are bought more often, and cheap things more often than dear ones.
        wanted = {key: (1.3 if kind.replenish else 1.0) * kind.prices[1] ** -0.15 for key, kind in assortment.type.items()}
        self._kind_sums = {name: list(accumulate(wanted[key] for key in keys)) for name, keys in self._kinds_of.items()}
        self._all = list(wanted)
        self._all_sums = list(accumulate(wanted.values()))

    def kind(self, person: Person, at_ms: int) -> str:
        """A kind that the person may look for now: of their taste more often than not, in season rather than out of it."""
        dice, season = self._dice, season_at(at_ms)
        key = self._all[0]
        for _ in range(_TRIES):
            if dice.chance(_OWN_TASTE):
                category = person.categories[dice.cumulated(person.cumulated)]
                key = self._kinds_of[category][dice.cumulated(self._kind_sums[category])]
            else:
                key = self._all[dice.cumulated(self._all_sums)]
            if dice.uniform() * IN_SEASON < pull(self._kinds[key].seasons, season):
                break
        return key

    def family(self, kind: str, person: Person, at_ms: int, seen: list[int]) -> int | None:
        """The row of a family of a kind that the person would look at next, nothing where all were seen."""
        rows = [row for row in self._by_kind[kind] if row not in seen and self._families[row].sells_at(at_ms)]
        if not rows:
            return None
        return rows[self._dice.weighted([self.liking(person, row) for row in rows])]

    def liking(self, person: Person, row: int) -> float:
        """How much a person likes a family, against others of its kind."""
        family = self._families[row]
        return family.weight * person.tiers[family.tier] * (_BRAND_PULL if family.brand in person.brands else 1.0)

    def variant(self, row: int, colour: str | None = None) -> Item:
        """A variant of a family as they sell; beside something of a colour mostly the one that matches, or the usual one."""
        family = self._families[row]
        if colour is not None and self._dice.chance(_MATCHES):
            return next((item for item in family.items if item.attributes["colour"] == colour), family.items[0])
        return family.items[self._dice.cumulated(family.cumulated)]
