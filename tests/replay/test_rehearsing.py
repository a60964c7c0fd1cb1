"""Answers made again twice: without a change both ways agree in every number, whatever the shop and its rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from endcap.app import ShopService
from endcap.core.basis import decode_basis, encode_basis
from endcap.core.experiment import Change
from endcap.core.request import PageRequest, RecommendRequest, RecommendResponse
from endcap.experiments.off_policy_slates import Showing
from endcap.replay.changes import ShopChange
from endcap.replay.decisions import on_record
from endcap.replay.past import Past
from endcap.replay.rehearsing import (
    BUNDLE_GONE,
    COMES_OTHERWISE,
    CRAWLED,
    LATE,
    LEARNT_FROM,
    NO_BASIS,
    NOTHING_SHOWN,
    Again,
    Rehearsing,
    gathered,
)
from endcap.serving.placements import DOCUMENT_KIND
from endcap.stores import memory
from endcap.stores.ports import Decision, ShopStores
from tests.crawling import CRAWLER
from tests.replay.test_decisions import Ticking, events, publish, spot
from tests.serving.test_invariants import IDS, NOW_MS, N, catalogue

NOTHING_NEW = ShopChange(rules={"no_such": None})


@pytest.fixture(scope="module")
def stores() -> ShopStores:
    """Sixty answers of two placements of two shelves: sources drawn and blended, rules, quotas, pages."""
    rng, clock = np.random.default_rng(0), Ticking()
    stores = memory.open_home().open("shop", create=True)
    stores.catalog.put(catalogue(rng))
    for placement in (spot("drawn", 0.3, thompson=True), spot("plain", 0.25, thompson=False)):
        stores.documents.put(DOCUMENT_KIND, placement.name, msgspec.json.encode(placement))
    publish(stores, 1)
    service = ShopService(stores, clock)
    service.warm()  # else a source may be late while kernels are compiled
    answers: list[RecommendResponse] = []
    for n in range(40):
        service.live.apply(stores.log.append(events(rng, n, answers)).logged)
        asked = [
            RecommendRequest(placement=name, session_id=f"s{rng.integers(30)}", item_id=IDS[rng.integers(N)])
            for name in ("drawn", "plain")[: 1 + n % 2]
        ]
        found = service.page(PageRequest(requests=tuple(asked))) if n % 2 else [service.recommend(asked[0])]
        for request, (answer, basis) in zip(asked, found, strict=True):
            answers.append(answer)
            encoded = msgspec.json.Encoder(decimal_format="number").encode(answer), encode_basis(basis)
            stores.decisions.append([Decision(answer.recommendation_id, NOW_MS, msgspec.json.encode(request), *encoded)])
    return stores


def rehearsed(stores: ShopStores, change: ShopChange, learnt_until_ms: int = 0) -> tuple[Rehearsing, list[Again]]:
    rehearsing = Rehearsing(stores, change, Past(stores), learnt_until_ms)
    found = [rehearsing.again(one) for one in on_record(stores)]
    return rehearsing, [one for one in found if one is not None]


@pytest.fixture(scope="module")
def unchanged(stores: ShopStores) -> tuple[Rehearsing, list[Again]]:
    return rehearsed(stores, NOTHING_NEW)


def test_without_a_change_all_chances_are_those_on_record(unchanged: tuple[Rehearsing, list[Again]]) -> None:
    rehearsing, answers = unchanged
    assert not rehearsing.left_out
    assert len(answers) == 60
    for one in answers:
        assert np.allclose(one.target_given, one.logged_given, rtol=1e-9, atol=0)
    assert min(one.logged_given.min() for one in answers) < 0.02


def test_without_a_change_every_weight_is_one(unchanged: tuple[Rehearsing, list[Again]]) -> None:
    slates, _, _, unsupported = gathered(unchanged[1])
    looked = 1.0 / (1 + np.arange(slates.n_places))
    assert np.allclose(slates.weights("cascade", looked), 1, rtol=1e-8)
    shown = slates.logged_here > 0
    assert shown.mean() > 0.99  # the others stood above on a shelf of the same answer when their chances were worked out
    assert np.allclose(slates.weights("slots", looked)[shown], 1, rtol=1e-5)
    assert np.allclose(slates.weights("items", looked)[shown], 1, rtol=1e-5)
    assert max(unsupported.values()) < 0.03


def test_the_chances_of_a_place_sum_to_one(unchanged: tuple[Rehearsing, list[Again]]) -> None:
    _, before, showing, _ = gathered(unchanged[1])
    filled = showing.worth(np.ones(len(showing.items)))
    assert filled.max() < 1 + 1e-5
    assert np.allclose(filled[:, 0], 1, atol=1e-5)
    assert np.array_equal(before.chances, showing.chances)


def test_what_chances_are_worth() -> None:
    """Two answers, of two candidates and none."""
    showing = Showing(np.array([0, 2, 2]), np.array([0, 3], np.int32), np.array([[0.75, 0.25], [0.25, 0.5]], np.float32))
    assert showing.worth(np.array([1.0, 0, 0, 2.0])).tolist() == [[1.25, 1.25], [0, 0]]


def with_one(stores: ShopStores, decision: Decision, change: ShopChange = NOTHING_NEW) -> dict[str, int]:
    rehearsing = Rehearsing(stores, change, Past(stores))
    assert rehearsing.again(decision) is None
    return dict(rehearsing.left_out)


def test_what_cannot_be_made_again_is_counted_by_why(stores: ShopStores) -> None:
    first = next(on_record(stores))
    answer = msgspec.json.decode(first.response, type=RecommendResponse)
    assert with_one(stores, replace(first, basis=b"")) == {NO_BASIS: 1}
    late = encode_basis(msgspec.structs.replace(decode_basis(first.basis), left_out=(1,)))
    assert with_one(stores, replace(first, basis=late)) == {LATE: 1}
    gone = replace(first, response=first.response.replace(b'"bundle":"', b'"bundle":"x'))
    assert with_one(stores, gone) == {BUNDLE_GONE: 1}
    other = msgspec.structs.replace(answer, items=[*answer.items[1:], answer.items[0]])
    assert with_one(stores, replace(first, response=msgspec.json.encode(other))) == {COMES_OTHERWISE: 1}
    nothing = replace(first, response=msgspec.json.encode(msgspec.structs.replace(answer, items=[])))
    assert with_one(stores, nothing) == {NOTHING_SHOWN: 1}
    asked = msgspec.structs.replace(msgspec.json.decode(first.request, type=RecommendRequest), context={"user_agent": CRAWLER})
    assert with_one(stores, replace(first, request=msgspec.json.encode(asked))) == {CRAWLED: 1}


def test_a_bundle_is_not_judged_by_what_it_has_learnt_from(stores: ShopStores) -> None:
    version = stores.bundles.active()
    rehearsing, answers = rehearsed(stores, ShopChange(bundle=version), learnt_until_ms=NOW_MS + 10**9)
    assert not answers
    assert rehearsing.left_out == {LEARNT_FROM: 60}
    assert len(rehearsed(stores, ShopChange(bundle=version))[1]) == 60


def test_a_change_that_takes_a_product_away_gives_it_no_chance(stores: ShopStores) -> None:
    away = IDS[10:20]
    rehearsing, answers = rehearsed(stores, ShopChange(rules={"none_of_these": {"rule": "exclude_items", "item_ids": away}}))
    numbers = np.array(rehearsing.ids.rows(away))
    met = 0
    for one in answers:
        barred = np.isin(one.items, numbers)
        met += int(barred.any())
        assert not np.isin(one.then.items, numbers).any()
        assert (one.target_given[np.cumsum(barred) > 0] == 0).all()
        assert (one.target[barred] == 0).all()
    assert met > 15


@pytest.mark.parametrize("shelves", [("first",), ("second",)])
def test_a_shelf_less(stores: ShopStores, shelves: Sequence[str]) -> None:
    patch = {"shelves": dict.fromkeys(shelves)}
    change = ShopChange(placements={name: Change(patch=patch) for name in ("drawn", "plain")})
    _, answers = rehearsed(stores, change)
    assert len(answers) == 60
    kept = 6 if shelves == ("first",) else 4
    assert max(one.then.chances.shape[1] for one in answers) <= kept
    assert all((one.target_given[kept:] == 0).all() for one in answers)
