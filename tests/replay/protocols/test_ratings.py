from __future__ import annotations

import pytest

from endcap.errors import NotEnoughData
from endcap.replay.protocols.ratings import RatingsProtocol
from tests.replay.protocols.histories import history, queries

PAST = [f"{day} filler rating item{day} 3" for day in range(1, 9)]


def test_the_last_ratings_are_asked_for_with_the_persons_earlier_ones() -> None:
    given = history(*PAST, "1 ann rating mug 5", "2 ann view tea", "30 ann rating item2 2")
    window = RatingsProtocol(given).window(0)
    assert queries(window) == [(["mug"], ["item2"])]
    held_out = window.held_out
    assert held_out.values is not None
    assert held_out.target_values is not None
    assert (held_out.values.tolist(), held_out.target_values.tolist()) == ([5.0], [2.0])


def test_only_the_last_rating_of_an_item_counts() -> None:
    given = history(*PAST, "1 ann rating mug 5", "2 ann rating mug 1", test=["9 ann rating item1 4"])
    window = RatingsProtocol(given).window(0)
    assert window.held_out.values is not None
    assert window.held_out.values.tolist() == [1.0]


def test_stars_reach_those_who_learn() -> None:
    stars = RatingsProtocol(history(*PAST, "30 ann rating mug 5")).window(0).train.interactions.stars
    assert stars is not None
    assert stars.tolist() == [3.0] * 8


def test_acts_without_ratings_are_refused() -> None:
    with pytest.raises(NotEnoughData, match="no ratings"):
        RatingsProtocol(history("1 ann view mug")).window(0)
