"""Slots beside a slow way that is obviously right: determinants in full, odds by trying every outcome."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from endcap.kernels.arrange import Candidates, Chance, arrange
from endcap.kernels.variety import DPP, MMR, N_TRAITS, NONE, Variety

ALIKE = np.array([0.5, 0.2, 0.15, 0.1])
N = 9
SEEDS = st.integers(0, 2**32 - 1)


def likeness(traits: NDArray[np.int32]) -> NDArray[np.float64]:
    same = (traits[:, :, None] == traits[:, None, :]) & (traits[:, :, None] >= 0)
    found: NDArray[np.float64] = (same * ALIKE[:, None, None]).sum(axis=0)
    np.fill_diagonal(found, 1.0)
    return found


def gains(
    logs: NDArray[np.float64], similar: NDArray[np.float64], chosen: list[int], method: int, dial: float
) -> NDArray[np.float64]:
    found = np.full(len(logs), -np.inf)
    for i in range(len(logs)):
        if logs[i] == -np.inf or i in chosen:
            continue
        if method == DPP:
            whole, part = [*chosen, i], np.ix_(chosen, chosen)
            ratio = np.linalg.det(similar[np.ix_(whole, whole)]) / (np.linalg.det(similar[part]) if chosen else 1.0)
            found[i] = (1 - dial) * logs[i] + dial * np.log(ratio)
        elif method == MMR:
            found[i] = (1 - dial) * np.exp(logs[i]) - dial * max((similar[i, one] for one in chosen), default=0.0)
        else:
            found[i] = logs[i]
    return found


def logs_of(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.log(scores.astype(np.float64) / scores.max()) if scores.max() > 0 else np.full(len(scores), -np.inf)


def candidates(rng: np.random.Generator, n_sources: int = 0, n_shown: int = 0, n_caps: int = 0) -> Candidates:
    sizes = (5, 2, 4, 3)
    traits, shown = (np.stack([rng.integers(-1, size, n) for size in sizes]).astype(np.int32) for n in (N, n_shown))
    parts = rng.random((n_sources, N)).astype(np.float32) * (rng.random((n_sources, N)) < 0.7)
    return Candidates(
        rng.random(N).astype(np.float32) + np.float32(0.01), traits, shown, (rng.random(N) < 0.3).astype(np.uint8), parts,
        np.full(N, -1, np.int32), rng.integers(-1, 3, (n_caps, N)).astype(np.int32),
        rng.integers(-1, 3, (n_caps, n_shown)).astype(np.int32), rng.integers(1, 3, n_caps).astype(np.int32),
    )  # fmt: skip


def arranged(
    given: Candidates, variety: Variety, chance: Chance, k: int
) -> tuple[list[int], NDArray[np.float64], NDArray[np.uint8]]:
    places, odds, how = np.zeros(20, np.int32), np.zeros(20), np.zeros(20, np.uint8)
    found = arrange(given, variety, chance, k, places, odds, how)
    return places[:found].tolist(), odds[:found], how[:found]


def certain(seed: int = 0) -> Chance:
    return Chance(0.0, 0.0, np.zeros(0), np.uint64(seed))


@settings(max_examples=120, deadline=None)
@given(seed=SEEDS, method=st.sampled_from([NONE, DPP, MMR]), dial=st.sampled_from([0.0, 0.3, 0.7, 1.0]), k=st.integers(1, 12))
def test_each_slot_takes_what_gains_most(seed: int, method: int, dial: float, k: int) -> None:
    given_ = candidates(np.random.default_rng(seed))
    places, odds, how = arranged(given_, Variety(method, dial, 0, 0), certain(), k)
    assert len(set(places)) == len(places) == min(k, N)
    assert (odds == 1.0).all()
    assert not how.any()
    similar, logs = likeness(given_.traits), logs_of(given_.scores)
    for slot, place in enumerate(places):
        expected = gains(logs, similar, places[:slot], method, dial)
        expected[places[:slot]] = -np.inf
        assert expected[place] == pytest.approx(expected.max(), abs=1e-6)


def test_without_a_dial_the_order_is_that_of_the_scores() -> None:
    given_ = candidates(np.random.default_rng(3))
    best_first = np.argsort(-given_.scores, kind="stable").tolist()
    for method in (NONE, DPP, MMR):
        assert arranged(given_, Variety(method, 0.0, 0, 0), certain(), N)[0] == best_first


def test_the_dial_spreads_a_list_over_categories() -> None:
    traits = np.full((N_TRAITS, N), -1, np.int32)
    traits[0] = [0, 0, 0, 0, 0, 0, 1, 2, 3]
    scores = np.linspace(1.0, 0.5, N).astype(np.float32)
    given_ = candidates(np.random.default_rng(0))._replace(scores=scores, traits=traits)
    spread = [len({int(traits[0, place]) for place in arranged(given_, Variety(DPP, dial, 0, 0), certain(), 4)[0]})
              for dial in (0.0, 0.5, 1.0)]  # fmt: skip
    assert spread[0] == 1 < spread[1] < spread[2] == 4


def allowed(given_: Candidates, variety: Variety, above: list[int], k: int) -> list[int]:
    """Who may stand next, by the words of the contract; only what quotas and caps say without pins."""
    free = [i for i in range(N) if i not in above]
    for cap, most in enumerate(given_.most.tolist()):
        counts = [*given_.shown_groups[cap].tolist(), *given_.groups[cap, above].tolist()]
        free = [i for i in free if given_.groups[cap, i] < 0 or counts.count(given_.groups[cap, i]) < most]
    categories = {int(one) for one in (*given_.shown[0], *given_.traits[0, above]) if one >= 0}
    tiers = {int(one) for one in (*given_.shown[3], *given_.traits[3, above]) if one >= 0}
    no_categories = max(0, variety.min_categories - len(categories))
    no_tiers = 3 - len(tiers) if variety.price_tiers else 0
    left = k - len(above)
    if no_categories + no_tiers == 0 or no_categories + no_tiers < left:
        return free
    new_category = {i for i in free if no_categories and given_.traits[0, i] >= 0 and int(given_.traits[0, i]) not in categories}
    new_tier = {i for i in free if no_tiers and given_.traits[3, i] >= 0 and int(given_.traits[3, i]) not in tiers}
    all_of_it = (new_category | new_tier) if not (no_categories >= left or no_tiers >= left) else set(free)
    if no_categories >= left:
        all_of_it &= new_category
    if no_tiers >= left:
        all_of_it &= new_tier
    return sorted(all_of_it or (new_category | new_tier) or set(free))


@settings(max_examples=120, deadline=None)
@given(
    seed=SEEDS, k=st.integers(1, 6), min_categories=st.integers(0, 4), tiers=st.booleans(), n_sources=st.integers(0, 3),
    epsilon=st.sampled_from([0.0, 0.2, 1.0]), new_share=st.sampled_from([0.0, 0.4, 1.0]), n_shown=st.integers(0, 3),
    n_caps=st.integers(0, 2),
)  # fmt: skip
def test_the_odds_of_every_slot_are_exact(
    seed: int, k: int, min_categories: int, tiers: bool, n_sources: int, epsilon: float, new_share: float, n_shown: int,
    n_caps: int,
) -> None:  # fmt: skip
    rng = np.random.default_rng(seed)
    given_ = candidates(rng, n_sources, n_shown, n_caps)
    draws = rng.dirichlet(np.ones(n_sources)) if n_sources else np.zeros(0)
    variety = Variety(DPP, 0.4, min_categories, int(tiers))
    places, odds, how = arranged(given_, variety, Chance(epsilon, new_share, draws, np.uint64(seed)), k)
    similar = likeness(given_.traits)
    lists = [logs_of(one) for one in (given_.parts if n_sources else given_.scores[None, :])]
    weights = draws if n_sources else np.ones(1)
    for slot, place in enumerate(places):
        above = places[:slot]
        may = allowed(given_, variety, above, min(k, N))
        assert place in may
        expected = np.zeros(N)
        best = gains(logs_of(given_.scores), similar, above, DPP, 0.4)
        for weight, logs in zip(weights, lists, strict=True):
            wanted = gains(logs, similar, above, DPP, 0.4)
            if np.isneginf(wanted[may]).all():
                wanted = best
            expected[max(may, key=lambda i, wanted=wanted: (round(wanted[i], 9), -i))] += (1 - epsilon) * weight  # type: ignore[misc]
        fresh = [i for i in may if given_.is_new[i]]
        share = new_share if fresh else 0.0
        for i in may:
            expected[i] += epsilon * ((1 - share) / len(may) + (share / len(fresh) if given_.is_new[i] and fresh else 0.0))
        assert expected.sum() == pytest.approx(1.0)
        assert odds[slot] == pytest.approx(expected[place], abs=1e-9)
        assert how[slot] != 1 or epsilon > 0
    assert len(places) == min(k, N) or not allowed(given_, variety, places, min(k, N))


def outcomes(given_: Candidates, variety: Variety, draws: NDArray[np.float64], n: int) -> Iterator[tuple[int, ...]]:
    for seed in range(n):
        yield tuple(arranged(given_, variety, Chance(0.5, 0.3, draws, np.uint64(seed)), 2)[0])


def test_what_is_drawn_comes_as_often_as_its_odds_say() -> None:
    given_ = candidates(np.random.default_rng(1), n_sources=2)
    variety, draws, n = Variety(DPP, 0.3, 0, 0), np.array([0.7, 0.3]), 20_000
    seen: dict[tuple[int, ...], int] = {}
    for outcome in outcomes(given_, variety, draws, n):
        seen[outcome] = seen.get(outcome, 0) + 1
    odds_of: dict[tuple[int, ...], float] = {}
    for seed in range(2_000):
        places, odds, _ = arranged(given_, variety, Chance(0.5, 0.3, draws, np.uint64(seed)), 2)
        odds_of[tuple(places)] = float(odds.prod())
    assert sum(odds_of.values()) == pytest.approx(1.0, abs=0.02)  # the rarest outcomes may not have come up yet
    for outcome, share in odds_of.items():
        # Five standard errors of a count: one false alarm in a million outcomes, and the seeds are fixed.
        assert abs(seen[outcome] / n - share) < 5 * np.sqrt(share / n)


def test_a_pinned_candidate_stands_where_it_was_put() -> None:
    given_ = candidates(np.random.default_rng(5), n_caps=1)
    worst = int(given_.scores.argmin())
    pinned = np.full(N, -1, np.int32)
    pinned[worst] = 2
    free = given_._replace(pinned=pinned, groups=np.full((1, N), -1, np.int32))
    places, odds, how = arranged(free, Variety(DPP, 0.3, 3, 1), Chance(0.3, 0.0, np.zeros(0), np.uint64(7)), 5)
    assert places[2] == worst
    assert (odds[2], how[2]) == (1.0, 0)
    assert worst not in places[:2]
    # A cap that is reached comes before a pin.
    groups = np.full((1, N), -1, np.int32)
    groups[0, worst] = 1
    full = free._replace(groups=groups, shown_groups=np.array([[1]], np.int32), most=np.array([1], np.int32))
    assert worst not in arranged(full, Variety(DPP, 0.3, 0, 0), certain(), N)[0]
    # A pin beyond what is left to show does not leave a gap.
    alone = np.full(N, 8, np.int32)
    assert len(arranged(free._replace(pinned=alone), Variety(NONE, 0.0, 0, 0), certain(), 4)[0]) == 4


def test_the_same_seed_draws_the_same() -> None:
    given_ = candidates(np.random.default_rng(2), n_sources=2)
    chance = Chance(0.5, 0.2, np.array([0.5, 0.5]), np.uint64(11))
    first, again = (arranged(given_, Variety(MMR, 0.5, 2, 1), chance, 6) for _ in range(2))
    assert first[0] == again[0]
    assert len({tuple(arranged(given_, Variety(MMR, 0.5, 2, 1), chance._replace(seed=np.uint64(s)), 6)[0]) for s in range(9)}) > 1
