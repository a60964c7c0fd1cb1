"""Products and their variants: which items are one product in several colours and sizes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from endcap.core.interactions import Catalog, Dataset
from endcap.dataset.distinct import distinct
from endcap.dataset.texts import codes

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Products:
    """The products of a shop; an item without a family is a product of its own.

    ``of_item`` int64 (n_items,) is the product of each item. The items of product ``p`` are
    ``items[starts[p]:starts[p + 1]]``, the one that people act on most first; ``starts`` int64 (n_products + 1,), ``items`` int64
    (n_items,).
    """

    of_item: NDArray[np.int64]
    starts: NDArray[np.int64]
    items: NDArray[np.int64]

    @classmethod
    def of(cls, data: Dataset) -> Products:
        """The products of a data set, numbered by their first items."""
        alone = (("item", item_id) for item_id in data.item_ids)
        of_item = codes([family or one for family, one in zip(data.catalog.families, alone, strict=True)])
        acts = np.bincount(data.interactions.items, minlength=data.n_items)
        items = np.lexsort((-acts, of_item))
        starts = np.concatenate(([0], np.cumsum(np.bincount(of_item)))).astype(np.int64)
        return cls(of_item, starts, items)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def first(self) -> NDArray[np.int64]:
        """The item of each product that people act on most."""
        return self.items[self.starts[:-1]]

    def variants(self, products: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The items of each of these products, one after another: the place in ``products``, and the item."""
        sizes = np.diff(self.starts)[products]
        place = np.repeat(np.arange(len(products)), sizes)
        within = np.arange(len(place)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return place, self.items[self.starts[products][place] + within]

    def sets(self, numbers: NDArray[np.int64], items: NDArray[np.int32], n_sets: int) -> sparse.csr_array:
        """Sets × products, one where set ``numbers[n]`` holds an item ``items[n]`` of the product; CSR float32."""
        cells = distinct(numbers * len(self) + self.of_item[items])
        where = (cells // len(self), cells % len(self)) if len(cells) else (cells, cells)
        return sparse.csr_array((np.ones(len(cells), np.float32), where), shape=(n_sets, len(self)))

    def texts(self, catalog: Catalog) -> list[str]:
        """What the titles of each product's variants have in common, without its brand: neither says what it is for.

        One need is served by many brands, and one brand serves many needs.
        """
        return [self._text(catalog, product) for product in range(len(self))]

    def _text(self, catalog: Catalog, product: int) -> str:
        members = self.items[self.starts[product] : self.starts[product + 1]].tolist()
        titles = [_WORD.findall(catalog.titles[item].lower()) for item in sorted(members)]
        shared = set.intersection(*map(set, titles)) - set(_WORD.findall(catalog.brands[members[0]].lower()))
        return " ".join(word for word in titles[0] if word in shared)
