"""What the storefront can show: the catalogue by department, category, family and words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from endcap.core.catalog import Item

Order = Literal["featured", "price_up", "price_down", "sale"]
ORDERS: dict[Order, str] = {
    "featured": "Featured", "price_up": "Price, low to high", "price_down": "Price, high to low", "sale": "On sale first",
}  # fmt: skip

_SHORT = 3
"""Words up to this length are compared as they are; of longer ones an s at the end is left off."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a variant's colour or size, the item it leads to, and whether it is the one shown."""

    label: str
    item: Item
    chosen: bool


class Window:
    """An index of the catalogue as it was when the storefront opened."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_id = {item.item_id: item for item in items}
        self._families: dict[str, list[Item]] = {}
        self.departments: dict[str, list[str]] = {}
        """Categories by department, in the order of the catalogue."""
        for item in self._by_id.values():
            self._families.setdefault(item.family or item.item_id, []).append(item)
            department, category = item.category[0], item.category[-1]
            if category not in self.departments.setdefault(department, []):
                self.departments[department].append(category)
        self._terms = {name: _family_terms(family) for name, family in self._families.items()}

    def find(self, item_id: str) -> Item | None:
        """One product, or nothing."""
        return self._by_id.get(item_id)

    def put(self, item: Item) -> None:
        """Show a product that is there in another state, for instance with another stock."""
        self._by_id[item.item_id] = item
        name = item.family or item.item_id
        self._families[name] = [item if one.item_id == item.item_id else one for one in self._families[name]]

    def place(self, slug: str) -> tuple[str, ...] | None:
        """The category path that an address stands for, or nothing."""
        for department, categories in self.departments.items():
            if slugged(department) == slug:
                return (department,)
            for category in categories:
                if slugged(category) == slug:
                    return (department, category)
        return None

    def shelf(self, path: Sequence[str], now_ms: int, order: Order = "featured", brand: str = "") -> list[Item]:
        """One item of every family below a category path that can be bought now."""
        shown = [item for item in self._fronts(now_ms) if item.category[: len(path)] == tuple(path)]
        return ordered([item for item in shown if not brand or item.brand == brand], order)

    def search(self, query: str, now_ms: int, limit: int = 60) -> list[Item]:
        """Items whose family has all words of the query, those that have them in the title first."""
        wanted = _terms(query)
        hits = []
        for item in self._fronts(now_ms) if wanted else ():
            scores = [self._match(term, item) for term in wanted]
            if all(scores):
                hits.append((-sum(scores), item.title, item))
        return [item for _, _, item in sorted(hits, key=lambda hit: hit[:2])[:limit]]

    def _match(self, term: str, item: Item) -> int:
        """How well a word fits a family: in its name, at the start of a word there, or somewhere in what is said of it."""
        name, rest = self._terms[item.family or item.item_id]
        if term in name:
            return 4
        if any(word.startswith(term) for word in name):
            return 3
        return 2 if term in rest else int(any(word.startswith(term) for word in rest))

    def variants(self, items: Iterable[Item]) -> list[str]:
        """The ids of all variants of these items, which nobody wants to see beside them."""
        return [one.item_id for item in items for one in self._families[item.family or item.item_id]]

    def choices(self, item: Item, attribute: str) -> list[Choice]:
        """The values of an attribute in the item's family, each leading to the variant nearest to this one."""
        found: dict[str, Item] = {}
        other = "size" if attribute == "colour" else "colour"
        for variant in self._families[item.family or item.item_id]:
            label = variant.attributes.get(attribute, "")
            same = variant.attributes.get(other) == item.attributes.get(other)
            if label and (same or label not in found):
                found[label] = variant
        own = item.attributes.get(attribute, "")
        return [Choice(label, variant, label == own) for label, variant in found.items()] if len(found) > 1 else []

    def _fronts(self, now_ms: int) -> Iterable[Item]:
        """The first variant of each family that is available."""
        for family in self._families.values():
            front = next((item for item in family if item.available_at(now_ms)), None)
            if front is not None:
                yield front


def ordered(items: list[Item], order: Order) -> list[Item]:
    """The items in the order that a shopper chose; featured takes a little of each kind in turn."""
    if order == "price_up":
        return sorted(items, key=lambda item: item.price or 0)
    if order == "price_down":
        return sorted(items, key=lambda item: -(item.price or 0))
    if order == "sale":
        return sorted(items, key=lambda item: item.list_price is None)
    kinds: dict[tuple[str, ...], list[Item]] = {}
    for item in items:
        last_word = item.title.split(" – ")[0].split()[-1]
        kinds.setdefault((*item.category, last_word), []).append(item)
    return [item for turn in zip_longest(*kinds.values()) for item in turn if item is not None]


def slugged(name: str) -> str:
    """A category's name in an address.

    >>> slugged("Hats, Gloves & Socks")
    'hats-gloves-socks'
    """
    return "-".join(re.findall(r"[a-z0-9]+", name.lower()))


def _terms(text: str) -> list[str]:
    """The words of a text as they are compared.

    >>> _terms("Wool throws, 2 glasses")
    ['wool', 'throw', '2', 'glasse']
    """
    words = re.findall(r"\w+", text.lower())
    return [word.removesuffix("s") if len(word) > _SHORT else word for word in words]


def _family_terms(family: list[Item]) -> tuple[frozenset[str], frozenset[str]]:
    """The words of a family's name, and of everything else that is said of it."""
    first = family[0]
    name = " ".join(item.title for item in family).replace(first.brand or "", "")
    values = [value for item in family for value in item.attributes.values()]
    rest = " ".join([first.description, *first.category, first.brand or "", *values])
    return frozenset(_terms(name)), frozenset(_terms(rest))
