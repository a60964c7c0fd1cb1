"""Sources are asked about what they know, and what they find is what is proposed."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.base import Asked
from endcap.artifacts.factors import Factors, FoldIn
from endcap.core.placement import Source
from endcap.kernels.mixing import Offer
from endcap.ranking.mixture import Known, Mixture
from endcap.ranking.stack import Group, Stack

N_ITEMS, NEWER, ROOM = 50, 10, 1_024

lengths: list[tuple[int, int]] = []
"""How long the arrays were that a :class:`Wary` source was given."""


class Wary(Factors):
    """A source that notes how far what it is given reaches."""

    def retrieve(self, asked: Asked, blocked: NDArray[np.uint8], scores: NDArray[np.float32], touched: NDArray[np.int32]) -> int:
        lengths.append((len(blocked), len(scores)))
        return super().retrieve(asked, blocked, scores, touched)


def factors_of(kind: type[Factors]) -> Factors:
    """Factors behind whose numbers something else lies in memory."""
    vectors = np.random.default_rng(0).random((N_ITEMS, 4))
    factors = kind.of(vectors, FoldIn(l2=1.0), "people_like_you")
    behind = np.full(ROOM, 7.5, dtype=np.float32)
    behind[:N_ITEMS] = factors.biases
    return dataclasses.replace(factors, biases=behind[:N_ITEMS])


def propose(factors: Factors) -> NDArray[np.int32]:
    """The rows that one source has to offer to a shop with newer items, and room for more."""
    stack = Stack.of({"als": factors}, N_ITEMS)
    group = Group.of([Source(artifact="als", ask="history")], stack, {"als": factors})
    none, no_tier = np.full(ROOM, -1, np.int32), np.full(ROOM, -1, np.int8)
    offer = Offer(np.ones(ROOM, np.uint8), leaf=none, family=none, top=none, brand=none, tier=no_tier)
    offer.blocked[: N_ITEMS + NEWER] = 0
    mixture = Mixture(stack, ROOM)
    found = mixture.propose(group, Known(np.array([1, 2], np.int32), 0, 0, now_ms=0), offer, 100)
    assert not mixture.work.total.any()
    return mixture.work.rows[:found]


def test_a_source_proposes_nothing_that_is_newer_than_it() -> None:
    rows = propose(factors_of(Factors))
    assert len(rows)
    assert rows.max() < N_ITEMS


def test_a_source_is_given_no_more_than_it_numbers() -> None:
    lengths.clear()
    propose(factors_of(Wary))
    assert lengths == [(N_ITEMS, N_ITEMS)]
