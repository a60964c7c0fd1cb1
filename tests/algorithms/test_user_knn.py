from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from endcap.algorithms.user_knn import UserKNN
from endcap.artifacts.session_index import SessionIndex
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.testing.algorithms import asked
from endcap.testing.histories import example, random_data
from tests.algorithms import fitted

COUNTED = [KIND[name] for name in ("view", "add_to_cart", "purchase", "own")]


def plain(algorithm: UserKNN, data: Dataset, rows: list[int]) -> np.ndarray[Any, Any]:
    """The scores by looking at every person, those who were there last first."""
    acts = data.interactions
    takes: dict[int, set[int]] = {}
    for user, item, kind in zip(acts.users.tolist(), acts.items.tolist(), acts.kinds.tolist(), strict=True):
        if user >= 0 and kind in COUNTED:
            taken = takes.pop(user, set())
            takes[user] = taken | {item}  # Last in the dictionary, who was there last.
    people = [one for one in reversed(takes.values()) if 1 < len(one) <= algorithm.most]
    often = np.array([max(sum(item in one for one in people), 1) for item in range(data.n_items)])
    worth = (often / often.mean()) ** -algorithm.popularity
    reached = {number for row in rows for number in [n for n, one in enumerate(people) if row in one][: algorithm.m]}
    likeness = {}
    for number in sorted(reached):
        listed = [row for row in rows if number in [n for n, one in enumerate(people) if row in one][: algorithm.m]]
        likeness[number] = worth[listed].sum() / len(people[number]) ** algorithm.length_exponent
    scores = np.zeros(data.n_items)
    for number in sorted(likeness, key=lambda one: -likeness[one])[: algorithm.k]:
        for item in people[number]:
            scores[item] += likeness[number] * worth[item]
    scores[rows] = 0
    return scores


@pytest.mark.parametrize(
    "options",
    [{}, {"popularity": 0.0, "length_exponent": 0.0}, {"m": 7}, {"most": 9, "popularity": 0.7}, {"length_exponent": 1.0, "m": 3}],
)
def test_everybody_is_looked_at_in_the_plain_way(options: dict[str, Any]) -> None:
    data, algorithm = random_data(1), UserKNN(**options)
    index = fitted(algorithm, data)
    for rows in ([0], [4, 2], [29, 3, 11, 7]):
        np.testing.assert_allclose(asked(index, rows), plain(algorithm, data, rows), rtol=1e-4, atol=1e-6)


def test_only_the_nearest_are_listened_to() -> None:
    data = example("2000-01-01 mug tea", "2000-01-02 mug tea milk", "2000-01-03 mug saw axe nail glue")
    nearest = fitted(UserKNN(k=1, popularity=0.0), data)
    names = [data.item_ids[one] for one in np.flatnonzero(asked(nearest, [0, 1]))]
    assert names == []  # Whoever took just the same has nothing to add.
    two = fitted(UserKNN(k=2, popularity=0.0), data)
    assert [data.item_ids[one] for one in np.flatnonzero(asked(two, [0, 1]))] == ["milk"]


def test_of_many_people_those_who_were_there_last_are_known() -> None:
    lines = [f"2000-01-{day:02} mug item{day}" for day in range(1, 11)]
    index = fitted(UserKNN(m=3), example(*lines))
    assert isinstance(index, SessionIndex)
    assert np.flatnonzero(asked(index, [0])).tolist() == [8, 9, 10]


def test_people_of_one_item_or_of_the_whole_shop_say_nothing() -> None:
    data = example("2000-01-01 mug", "2000-01-02 mug tea", "2000-01-03 mug tea milk jam saw")
    index = fitted(UserKNN(most=3), data)
    assert len(index.session_weights) == 1
    assert np.flatnonzero(asked(index, [0])).tolist() == [1]
