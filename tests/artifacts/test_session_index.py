from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from endcap.algorithms.session_knn import SessionKNN
from endcap.artifacts.base import Array
from endcap.artifacts.session_index import SessionIndex
from endcap.errors import CorruptBundle
from endcap.testing.histories import random_data
from tests.algorithms import fitted

INDEX: SessionIndex = fitted(SessionKNN(), random_data(0))


def test_it_survives_its_arrays() -> None:
    again = SessionIndex.from_arrays(INDEX.arrays(), INDEX.reason)
    for name, array in INDEX.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)
    assert again.is_sound(INDEX.n_items)
    assert not again.is_sound(INDEX.n_items + 1)
    assert again.n_entries == len(INDEX.item_sessions) > 0


def changed(place: int, value: float) -> Callable[[Array], Array]:
    def change(array: Array) -> Array:
        other = array.copy()
        other[place] = value
        return other

    return change


BROKEN: list[tuple[str, Callable[[Array], Array]]] = [
    ("item_sessions", changed(3, len(INDEX.session_weights))),
    ("item_sessions", changed(3, -1)),
    ("session_items", changed(5, INDEX.n_items)),
    ("session_items", changed(5, -1)),
    ("item_starts", changed(-1, len(INDEX.item_sessions) + 1)),
    ("item_starts", changed(0, 1)),
    ("session_starts", changed(1, 10**6)),
    ("session_places", lambda one: one[:-1]),
    ("session_weights", lambda one: one[:-1]),
    ("item_weights", lambda one: one[:-1]),
    ("fading", lambda one: one[:0]),
    ("settings", lambda one: one[:-1]),
    ("settings", changed(0, 0)),
    ("settings", changed(1, np.nan)),
    ("session_items", lambda one: one.astype(np.int64)),
    ("item_sessions", lambda one: one[:, None]),
]


@pytest.mark.parametrize(("name", "change"), BROKEN)
def test_arrays_that_point_elsewhere_are_refused(name: str, change: Callable[[Array], Array]) -> None:
    arrays = INDEX.arrays()
    with pytest.raises(CorruptBundle):
        SessionIndex.from_arrays(arrays | {name: change(arrays[name])}, INDEX.reason)


@pytest.mark.parametrize("name", sorted(INDEX.arrays()))
def test_an_array_that_is_missing_is_named(name: str) -> None:
    arrays = {one: array for one, array in INDEX.arrays().items() if one != name}
    with pytest.raises(CorruptBundle, match=name):
        SessionIndex.from_arrays(arrays, INDEX.reason)
