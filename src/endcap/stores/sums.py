"""Sums by component: how they add up, how they are packed into bytes, and how many of them become a table of numbers."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from endcap.stores.measures import LEVELS, Cell, Ints, Level, Sums

_PAIR = np.dtype([("component", "<u2"), ("value", "<i8")])


def added(left: Sums, right: Sums) -> dict[int, int]:
    """Both together; what comes to 0 is left out.

    >>> added({1: 5, 2: 7}, {1: 1, 2: -7})
    {1: 6}
    """
    total = dict(left)
    for component, value in right.items():
        total[component] = total.get(component, 0) + value
    return {component: value for component, value in total.items() if value}


def coarse(cell: Cell, level: Level) -> Cell:
    """The cell of a coarser level that a cell's sums belong to.

    >>> coarse(Cell(placement="cart", source="content", arm="recommended"), "source")
    Cell(placement='cart', shelf='', source='content', arm='', device='', segment='', group=-1)
    """
    return Cell(**{field: getattr(cell, field) for field in LEVELS[level]})


def packed(sums: Sums) -> bytes:
    """Ten bytes a component, in the order of their numbers: equal sums give equal bytes.

    >>> unpacked(packed({3: -1, 1: 2**40})) == {1: 2**40, 3: -1}
    True
    """
    return struct.pack("<" + "Hq" * len(sums), *chain.from_iterable(sorted(sums.items())))


def unpacked(body: bytes) -> dict[int, int]:
    """The sums that were :func:`packed`."""
    return dict(struct.iter_unpack("<Hq", body))


def columns(bodies: Sequence[bytes], components: Sequence[int]) -> Ints:
    """Packed sums as int64 (len(bodies), len(components)). Time O(bytes) and the size of the result."""
    values = np.zeros((len(bodies), len(components)), dtype=np.int64)
    pairs = np.frombuffer(b"".join(bodies), dtype=_PAIR)
    if not len(pairs) or not len(components):
        return values
    column = np.full(max(int(pairs["component"].max()), *components) + 1, -1, dtype=np.int32)
    column[list(components)] = np.arange(len(components))
    lengths = np.fromiter(map(len, bodies), dtype=np.int64, count=len(bodies)) // _PAIR.itemsize
    row = np.repeat(np.arange(len(bodies)), lengths)
    wanted = column[pairs["component"]]
    here = wanted >= 0
    values[row[here], wanted[here]] = pairs["value"][here]
    return values


def numbered(names: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """The different names in alphabetical order, and where each of ``names`` is among them.

    >>> numbered(["b", "a", "b"])
    (('a', 'b'), array([1, 0, 1], dtype=int32))
    """
    different = sorted(set(names))
    place: Mapping[str, int] = {name: number for number, name in enumerate(different)}
    return tuple(different), np.fromiter((place[name] for name in names), dtype=np.int32, count=len(names))
