"""Sources are asked about what they know, and what they find is what is proposed."""

from __future__ import annotations

import dataclasses

import numpy as np

from endcap.artifacts.factors import Factors, FoldIn
from endcap.core.placement import Source
from endcap.kernels.mixing import Offer
from endcap.ranking.mixture import Known, Mixture
from endcap.ranking.stack import Group, Stack

N_ITEMS, NEWER, ROOM = 50, 10, 1_024


def test_a_source_proposes_nothing_that_is_newer_than_it() -> None:
    vectors = np.random.default_rng(0).random((N_ITEMS, 4))
    factors = Factors.of(vectors, FoldIn(l2=1.0), "people_like_you")
    behind = np.full(ROOM, 7.5, dtype=np.float32)  # what lies in memory behind its own numbers
    behind[:N_ITEMS] = factors.biases
    factors = dataclasses.replace(factors, biases=behind[:N_ITEMS])
    stack = Stack.of({"als": factors}, N_ITEMS)
    group = Group.of([Source(artifact="als", ask="history")], stack, {"als": factors})
    none, no_tier = np.full(ROOM, -1, np.int32), np.full(ROOM, -1, np.int8)
    offer = Offer(np.ones(ROOM, np.uint8), leaf=none, family=none, top=none, brand=none, tier=no_tier)
    offer.blocked[: N_ITEMS + NEWER] = 0
    mixture = Mixture(stack, ROOM)
    found = mixture.propose(group, Known(np.array([1, 2], np.int32), 0, 0, now_ms=0), offer, 100)
    assert 0 < found <= N_ITEMS
    assert mixture.work.rows[:found].max() < N_ITEMS
    assert not mixture.work.total.any()
