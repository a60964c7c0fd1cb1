"""The chances of all candidates, beside the kernel that draws and a slow way that tries every outcome."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from endcap.kernels.arrange import Candidates, Chance, arrange
from endcap.kernels.odds import BY_CHANCE, chances, odds_along
from endcap.kernels.variety import DPP, MMR, NONE, Variety
from tests.kernels.test_arrange import N, candidates, gains, likeness, logs_of

SEEDS = st.integers(0, 2**32 - 1)
VARIETIES = st.sampled_from([Variety(NONE, 0.0, 0, 0), Variety(DPP, 0.5, 0, 0), Variety(MMR, 0.4, 0, 0), Variety(DPP, 0.3, 3, 1)])


def drawn(seed: int, epsilon: float = 0.3, n_sources: int = 0, new_share: float = 0.0) -> Chance:
    draws = np.random.default_rng(seed).dirichlet(np.ones(n_sources)) if n_sources else np.zeros(0)
    return Chance(epsilon, new_share, draws, np.uint64(seed))


def along(given_: Candidates, variety: Variety, chance: Chance, path: list[int]) -> tuple[NDArray[np.float64], int]:
    odds = np.full((len(path), len(given_.scores)), np.nan)
    found = odds_along(given_, variety, chance, len(path), np.array(path, dtype=np.int64), odds)
    return odds, found


@settings(max_examples=150, deadline=None)
@given(
    seed=SEEDS, variety=VARIETIES, n_sources=st.integers(0, 3), n_caps=st.integers(0, 2), new_share=st.sampled_from([0.0, 0.4]),
    pinned=st.booleans(),
)  # fmt: skip
def test_what_the_drawing_kernel_tells_of_its_choice(
    seed: int, variety: Variety, n_sources: int, n_caps: int, new_share: float, pinned: bool
) -> None:
    rng = np.random.default_rng(seed)
    given_, chance = candidates(rng, n_sources, 2, n_caps), drawn(seed, 0.3, n_sources, new_share)
    if pinned:
        given_.pinned[rng.integers(N)] = 1
    places, told, how = np.zeros(20, np.int32), np.zeros(20), np.zeros(20, np.uint8)
    k = arrange(given_, variety, chance, 5, places, told, how)
    odds, found = along(given_, variety, chance, [*places[:k].tolist(), *[0] * (5 - k)])
    assert found >= k
    assert np.allclose(odds[np.arange(k), places[:k]], told[:k], rtol=1e-12, atol=0)
    assert np.allclose(odds[:k].sum(axis=1), 1.0, atol=1e-12)


def slow_odds(given_: Candidates, variety: Variety, epsilon: float, above: list[int]) -> NDArray[np.float64]:
    """The chances at the slot behind ``above``, without quotas, pins, caps and drawn sources."""
    free = [i for i in range(len(given_.scores)) if i not in above]
    found = np.zeros(len(given_.scores))
    found[free] = epsilon / len(free)
    similar = likeness(given_.traits)
    found[np.argmax(gains(logs_of(given_.scores), similar, above, variety.method, variety.dial))] += 1 - epsilon
    return found


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, variety=st.sampled_from([Variety(NONE, 0.0, 0, 0), Variety(DPP, 0.5, 0, 0), Variety(MMR, 0.4, 0, 0)]))
def test_the_slow_way_along_any_path(seed: int, variety: Variety) -> None:
    rng = np.random.default_rng(seed)
    given_, path = candidates(rng), rng.permutation(N)[:4].tolist()
    odds, found = along(given_, variety, drawn(seed, 0.25), path)
    assert found == 4
    for slot in range(4):
        assert np.allclose(odds[slot], slow_odds(given_, variety, 0.25, path[:slot]), atol=1e-12)


def slow_chances(given_: Candidates, variety: Variety, epsilon: float, k: int) -> NDArray[np.float64]:
    """Every sequence of candidates with its chance, added up by slot."""
    found = np.zeros((k, len(given_.scores)))
    for sequence in itertools.permutations(range(len(given_.scores)), k):
        chance = 1.0
        for slot, one in enumerate(sequence):
            chance *= slow_odds(given_, variety, epsilon, list(sequence[:slot]))[one]
        for slot, one in enumerate(sequence):
            found[slot, one] += chance
    return found


def fewer(given_: Candidates, n: int) -> Candidates:
    return Candidates(
        given_.scores[:n], given_.traits[:, :n], given_.shown, given_.is_new[:n], given_.parts[:, :n], given_.pinned[:n],
        given_.groups[:, :n], given_.shown_groups, given_.most,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("variety", [Variety(NONE, 0.0, 0, 0), Variety(DPP, 0.5, 0, 0)])
def test_chances_of_two_slots_are_exact(seed: int, variety: Variety) -> None:
    given_ = fewer(candidates(np.random.default_rng(seed)), 6)
    odds = np.empty((2, 6))
    chances(given_, variety, drawn(seed, 0.4), 2, 6, odds)
    assert np.allclose(odds, slow_chances(given_, variety, 0.4, 2), atol=1e-12)


def test_chances_of_more_slots_are_right_on_average() -> None:
    given_, variety = fewer(candidates(np.random.default_rng(3)), 5), Variety(DPP, 0.5, 0, 0)
    expected, each = slow_chances(given_, variety, 0.4, 4), np.empty((200, 4, 5))
    for seed in range(200):
        chances(given_, variety, drawn(seed, 0.4), 4, 15, each[seed])
    assert np.allclose(each.sum(axis=2), 1.0, atol=1e-12)
    error = np.maximum(each.std(axis=0) / np.sqrt(200), 1e-9)
    assert (np.abs(each.mean(axis=0) - expected) / error).max() < 4.5
    chances(given_, variety, drawn(0, 0.4), 4, 200, each[0])
    assert np.abs(each[0] - expected).max() < 0.03


def test_chances_with_drawn_sources_pins_and_caps_are_those_of_the_draws() -> None:
    given_, variety = candidates(np.random.default_rng(8), 2, 2, 1), Variety(DPP, 0.3, 3, 1)
    given_.pinned[4] = 1
    n, counts = 20_000, np.zeros((4, N))
    places, told, how = np.zeros(20, np.int32), np.zeros(20), np.zeros(20, np.uint8)
    for seed in range(n):
        chance = drawn(5, 0.3, 2)._replace(seed=np.uint64(seed * 7919))
        found = arrange(given_, variety, chance, 4, places, told, how)
        counts[np.arange(found), places[:found]] += 1
    odds = np.empty((4, N))
    chances(given_, variety, drawn(5, 0.3, 2), 4, 4_000, odds)
    assert np.abs(counts / n - odds).max() < 0.012


def test_a_path_ends_where_it_cannot_go_on() -> None:
    given_ = candidates(np.random.default_rng(1))
    nobody = drawn(1, 0.0)
    odds, found = along(given_, Variety(NONE, 0.0, 0, 0), nobody, [int(np.argmin(given_.scores)), 0, 1])
    assert found == 1
    assert odds[0].max() == 1.0
    assert (odds[1:] == 0).all()
    best = int(np.argmax(given_.scores))
    assert along(given_, Variety(NONE, 0.0, 0, 0), drawn(1), [best, best, 2])[1] == 2
    assert along(given_, Variety(NONE, 0.0, 0, 0), drawn(1), [best, -9, 2])[1] == 2
    assert along(given_, Variety(NONE, 0.0, 0, 0), drawn(1), [BY_CHANCE] * 3)[1] == 3
