"""The people: what they like, how often they come, and when."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from endcap.synthetic.assortment import TIERS, Assortment
from endcap.synthetic.dice import Dice
from endcap.synthetic.truth import Taste

_LEANINGS: dict[str, dict[str, float]] = {
    "hiker": {"Camp & Hike": 5, "Clothing": 3, "On the Move": 1},
    "camping family": {"Camp & Hike": 6, "Garden": 1, "Kitchen & Table": 1, "Clothing": 1},
    "gardener": {"Garden": 7, "Kitchen & Table": 1, "Living": 1},
    "cook": {"Kitchen & Table": 7, "Garden": 1, "Living": 1},
    "coffee drinker": {"Kitchen & Table": 6, "Living": 2, "On the Move": 1},
    "nester": {"Living": 5, "Bed & Bath": 4, "Kitchen & Table": 1},
    "commuter": {"On the Move": 6, "Clothing": 3, "Bed & Bath": 1},
}
"""Kinds of people, and the departments they lean to."""

_TIER_TASTES = ((0.68, 0.27, 0.05), (0.2, 0.6, 0.2), (0.06, 0.3, 0.64))
_FAVOURITES, _FAVOURITE_BRANDS = 4, 4


@dataclass(slots=True)
class Person:
    """Someone who shops. ``user_id`` is empty for a guest; ``visits`` counts what is not caused by running out of something."""

    user_id: str
    categories: list[str]
    cumulated: list[float]
    brands: frozenset[str]
    tiers: tuple[float, float, float]
    visits: int

    def taste(self) -> Taste:
        """The person's taste as the truth keeps it."""
        total = self.cumulated[-1]
        before = [0.0, *self.cumulated[:-1]]
        weights = [(after - earlier) / total for after, earlier in zip(self.cumulated, before, strict=True)]
        tier = TIERS[self.tiers.index(max(self.tiers))]
        return Taste(dict(zip(self.categories, weights, strict=True)), tuple(sorted(self.brands)), tier)


def make_people(assortment: Assortment, dice: Dice, customers: int, guests: int, visits: float) -> list[Person]:
    """Customers with about ``visits`` visits each, the keen ones far more, then guests who come once."""
    people = []
    for number in range(customers + guests):
        is_customer = number < customers
        count = 1 + dice.geometric((visits - 1) * dice.spread(0.8) * 0.73) if is_customer else 1
        people.append(_person(assortment, dice, f"c{number + 1:05d}" if is_customer else "", count))
    return people


def _person(assortment: Assortment, dice: Dice, user_id: str, visits: int) -> Person:
    leaning = list(_LEANINGS.values())[dice.below(len(_LEANINGS))]
    departments = list(leaning)
    weights: dict[str, float] = {}
    brands: set[str] = set()
    for _ in range(_FAVOURITES):
        department = departments[dice.weighted(list(leaning.values()))]
        categories = assortment.departments[department]
        category = categories[dice.below(len(categories))]
        weights[category] = weights.get(category, 0.0) + dice.between(0.5, 1.5)
    for _ in range(_FAVOURITE_BRANDS):
        names = assortment.brand_group(departments[dice.weighted(list(leaning.values()))]).names
        brands.add(names[dice.below(len(names))])
    return Person(
        user_id=user_id,
        categories=list(weights),
        cumulated=list(accumulate(weights.values())),
        brands=frozenset(brands),
        tiers=_TIER_TASTES[dice.weighted((4, 4, 2))],
        visits=visits,
    )
