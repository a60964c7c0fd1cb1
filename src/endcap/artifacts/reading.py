"""What artifacts have in common when they are made of stored arrays: kernels trust them, so that everything is checked before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import DTypeLike

from endcap.artifacts.base import Array, Artifact, frozen
from endcap.errors import CorruptBundle

_REMEDY = "train again or roll back"
A = TypeVar("A", bound=Artifact)


def taken(shape: str, arrays: Mapping[str, Array], names: Iterable[str]) -> dict[str, Array]:
    """The named arrays, read-only. Raises CorruptBundle where an artifact of that ``shape`` lacks one."""
    try:
        return {name: frozen(arrays[name]) for name in names}
    except KeyError as error:
        raise CorruptBundle(f"{shape} lacks the array {error}", remedy=_REMEDY) from error


def sound(artifact: A, wrong: str) -> A:
    """The artifact. Raises CorruptBundle, saying what is ``wrong``, where its arrays do not fit together."""
    if not artifact.is_sound(artifact.n_items):
        raise CorruptBundle(f"{artifact.shape} {wrong}", remedy=_REMEDY)
    return artifact


def are_of(dtypes: Mapping[str, DTypeLike], arrays: Mapping[str, Array]) -> bool:
    """Whether these are arrays of the types that ``dtypes`` names.

    >>> are_of({"a": np.float32}, {"a": np.zeros(2)})
    False
    """
    return all(isinstance(one, np.ndarray) and one.dtype == dtypes[name] for name, one in arrays.items())


def is_csr(starts: Array, entries: Array, *, rows: int, columns: int) -> bool:
    """Whether ``starts`` cut ``entries``, both of one dimension, into ``rows`` runs of numbers from 0 and below ``columns``.

    >>> is_csr(np.array([0, 2, 2]), np.array([4, 0]), rows=2, columns=5)
    True
    >>> is_csr(np.array([0, 2, 2]), np.array([5, 0]), rows=2, columns=5)
    False
    """
    if starts.ndim != 1 or entries.ndim != 1 or len(starts) != rows + 1:
        return False
    if starts[0] != 0 or starts[-1] != len(entries) or (np.diff(starts) < 0).any():
        return False
    return len(entries) == 0 or bool(entries.min() >= 0 and entries.max() < columns)
