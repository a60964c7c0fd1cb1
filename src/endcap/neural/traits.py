"""What the catalogue says of an item, as a few numbers a network can have a vector for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from endcap.core.interactions import Catalog

_WORD = re.compile(r"\w+")


def traits(catalog: Catalog, most: int) -> NDArray[np.int64]:
    """The traits of every item, int64 (n_items, most), numbers from 1, 0 behind the last.

    A trait is a category with all above it, a brand, or a word of the title, that at least two items have; of an item with too
    many the first in that order are kept.

    >>> from endcap.dataset.build import ACTS, build_dataset
    >>> from endcap.core.catalog import Item
    >>> mugs = [Item(item_id="1", title="red mug", brand="Acme"), Item(item_id="2", title="blue mug", brand="Acme")]
    >>> traits(build_dataset(ACTS.to_frame(), mugs, now_ms=0).catalog, 3).tolist()
    [[1, 2, 0], [1, 2, 0]]
    """
    named = [list(dict.fromkeys(_of(catalog, row))) for row in range(len(catalog))]
    used = Counter(one for names in named for one in names)
    numbers: dict[tuple[str, ...], int] = {}
    table = np.zeros((len(catalog), most), dtype=np.int64)
    for row, names in enumerate(named):
        kept = [numbers.setdefault(one, len(numbers) + 1) for one in names if used[one] > 1][:most]
        table[row, : len(kept)] = kept
    return table


def _of(catalog: Catalog, row: int) -> Iterator[tuple[str, ...]]:
    path = catalog.categories[row]
    for level in range(len(path), 0, -1):
        yield ("category", *path[:level])
    if catalog.brands[row]:
        yield ("brand", catalog.brands[row].casefold())
    for word in _WORD.findall(catalog.titles[row].casefold()):
        yield ("word", word)
