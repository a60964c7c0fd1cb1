"""Ranking a handful of items whose order can be told by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from endcap.artifacts.base import Asked
from endcap.artifacts.tree_ranker import ItemFacts, TreeRanker, Trees
from endcap.errors import CorruptBundle
from endcap.kernels.found import found_by, put
from endcap.kernels.trees import MOST_LEAVES, place_of_leaf
from endcap.ranking.features import describe, layout
from endcap.ranking.ranker import MOST_CANDIDATES, Ranker

N = 6


def stump(feature: str, threshold: float, low: float, high: float) -> TreeRanker:
    """One tree with one test on one source's features: ``low`` up to the threshold, ``high`` above."""
    leaves = np.zeros((1, MOST_LEAVES))
    leaves[0, place_of_leaf(0)], leaves[0, place_of_leaf(1)] = low, high
    trees = Trees(
        np.array([0, 1]), np.zeros(1, np.int32), np.array([threshold], np.float32), np.array([2**32 - 2], np.uint32), leaves
    )
    facts = ItemFacts(np.zeros((6, N), np.float32), np.full((3, N), -1, np.int32))
    points = np.array([-1.0, 1.0]), np.array([0.25, 0.75])
    return TreeRanker(("ease",), (feature,), trees, *points, facts, np.ones(N, np.float32), 0.0, "for_you")


def ranked(
    ranker: Ranker, given: dict[int, float], asked: tuple[int, ...] = (), blocked: tuple[int, ...] = (), pool: int = 10
) -> dict[int, float]:
    found = found_by(1, N)
    put(found, 0, np.array([*given], np.int32), np.array([*given.values()], np.float32))
    barred = np.zeros(N, np.uint8)
    barred[list(blocked)] = 1
    best = np.zeros(MOST_CANDIDATES, np.float32)
    known = Asked(np.array(asked, np.int32), np.ones(len(asked), np.float32))
    n = ranker.table.fill(found, known, barred, pool)
    ranker.judge(n, best)
    return dict(zip(ranker.table.rows[:n].tolist(), best[:n].tolist(), strict=True))


def test_the_chance_of_a_candidate_is_that_of_its_leaf() -> None:
    assert ranked(Ranker(stump("score:ease", 0.5, -1.0, 0.0)), {1: 0.4, 2: 0.6}) == pytest.approx({1: 0.25, 2: 0.5})


def test_the_trees_name_features_and_not_their_places() -> None:
    assert ranked(Ranker(stump("place:ease", 1.0, 1.0, -1.0)), {1: 0.4, 2: 0.6}) == pytest.approx({1: 0.25, 2: 0.75})


def test_what_is_asked_with_is_a_candidate_unless_it_is_blocked() -> None:
    ranker = Ranker(stump("is_newest", 0.5, -1.0, 1.0))
    assert ranked(ranker, {1: 1.0}, asked=(4, 5)) == pytest.approx({4: 0.75, 5: 0.25, 1: 0.25})
    assert ranked(ranker, {1: 1.0}, asked=(4, 5), blocked=(4,)) == pytest.approx({5: 0.25, 1: 0.25})


def test_rows_that_it_does_not_number_are_passed_over() -> None:
    assert ranked(Ranker(stump("n_asked", 1.5, 1.0, -1.0)), {1: 1.0}, asked=(N, -1)) == pytest.approx({1: 0.75})


def test_one_answer_leaves_nothing_to_the_next() -> None:
    ranker = Ranker(stump("place:ease", 1.0, 1.0, -1.0))
    first = ranked(ranker, {1: 1.0, 2: 2.0, 3: 3.0})
    assert ranked(ranker, {5: 1.0}) == pytest.approx({5: 0.75})
    assert ranked(ranker, {1: 1.0, 2: 2.0, 3: 3.0}) == first


def test_the_best_of_each_source_are_considered() -> None:
    assert ranked(Ranker(stump("votes", 0.5, -1.0, 1.0)), {1: 1.0, 2: 3.0, 3: 2.0}, pool=2).keys() == {2, 3}


def test_a_dearer_item_may_have_a_smaller_chance() -> None:
    values = np.array([1.0, 1.0, 4.0, 1.0, 1.0, 1.0], np.float32)
    plain = stump("score:ease", 0.5, -1.0, 1.0)
    given = {1: 0.6, 2: 0.4}
    assert ranked(Ranker(plain.worth(values, 1.0)), given) == pytest.approx({1: 0.75, 2: 1.0})
    assert ranked(Ranker(plain.worth(values, 0.5)), given) == pytest.approx({1: 0.75, 2: 0.5})
    assert ranked(Ranker(plain.worth(values, 0.0)), given) == pytest.approx({1: 0.75, 2: 0.25})


def test_a_ranker_without_trees_gives_everybody_the_same_chance() -> None:
    nothing = replace(stump("votes", 0.0, 0.0, 0.0), trees=Trees.none(), features=(), raw=np.zeros(0), chances=np.zeros(0))
    assert ranked(Ranker(nothing), {1: 1.0, 2: 2.0}) == pytest.approx({1: 0.5, 2: 0.5})


def test_a_feature_that_nobody_knows_is_named() -> None:
    with pytest.raises(CorruptBundle, match="phase_of_the_moon"):
        Ranker(stump("phase_of_the_moon", 0.0, 0.0, 0.0))


def test_every_feature_is_described_in_a_sentence() -> None:
    described = describe()
    assert [name for _, name, _ in described] == [one.name for one in layout(["<source>"])]
    assert all(meaning and not meaning.endswith(".") for _, _, meaning in described)


def test_what_a_feature_adds_is_the_difference_to_the_median_of_the_candidates() -> None:
    ranker = Ranker(stump("score:ease", 0.5, -1.0, 1.0))
    assert ranked(ranker, {1: 0.4, 2: 0.6, 3: 0.9}) == pytest.approx({1: 0.25, 2: 0.75, 3: 0.75})
    # With the median of .6 everybody would be worth .75.
    assert ranker.influences() == {
        1: {"score:ease": pytest.approx(-0.5)}, 2: {"score:ease": 0.0}, 3: {"score:ease": 0.0},
    }  # fmt: skip
    assert ranked(ranker, {1: 0.4, 2: 0.6, 3: 0.9}) == pytest.approx({1: 0.25, 2: 0.75, 3: 0.75}), "nothing is left behind"
