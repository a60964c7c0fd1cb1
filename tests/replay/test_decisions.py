"""Ten thousand answers with chance in them, given while events, rules, bundles and the process itself change, made again."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from endcap.app import ShopService
from endcap.artifacts.bundle import Made, Manifest, write_bundle
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.basis import encode_basis
from endcap.core.events import Event, Line
from endcap.core.experiment import Arm, Change, Experiment
from endcap.core.placement import Diversity, Exploration, Placement, Shelf, Source
from endcap.core.request import PageRequest, RecommendRequest, RecommendResponse
from endcap.core.time import Clock
from endcap.experiments.allotment import ALLOTMENT_KIND, Allotment
from endcap.replay.decisions import on_record, replay
from endcap.serving.placements import DOCUMENT_KIND, RULE_KIND
from endcap.serving.shop_experiments import put_experiment, put_holdout, start_experiment, stop_experiment
from endcap.stores import memory
from endcap.stores.ports import Decision, ShopStores
from tests.serving.test_invariants import IDS, NOW_MS, N, catalogue

ANSWERS = 10_000


class Ticking(Clock):
    def __init__(self) -> None:
        self._now = itertools.count(NOW_MS)

    def now_ms(self) -> int:
        return next(self._now)


def spot(name: str, epsilon: float, *, thompson: bool) -> Placement:
    sources = (
        Source(artifact="near", ask="visit"), Source(artifact="live_co_views", ask="visit"),
        Source(artifact="live_trending", ask="nothing"), Source(artifact="new_arrivals", ask="nothing", weight=0.2),
        Source(artifact="popular", ask="nothing", weight=0.3),
    )  # fmt: skip
    shelves = (
        Shelf(name="first", title="First", sources=sources, min_count=2, max_count=4),
        Shelf(name="second", title="Second", sources=sources[1:], max_count=6, unseen=True),
    )
    return Placement(
        name=name, shelves=shelves, max_count=8, rules=({"rule": "not_in_cart"},), capped=False,
        diversity=Diversity(min_categories=3, price_tiers=True),
        exploration=Exploration(epsilon=epsilon, new_share=0.3, thompson=thompson),
    )  # fmt: skip


def arms(placement: str, patch: dict[str, object]) -> tuple[Arm, Arm]:
    return Arm(name="now"), Arm(name="other", changes={placement: Change(patch=patch)})


EXPERIMENTS = (
    Experiment(name="count", hypothesis="x", arms=arms("plain", {"shelves": {"first": {"max_count": 2}}}), share=0.4),
    Experiment(name="bandit", hypothesis="x", kind="bandit", arms=arms("plain", {"exploration": {"epsilon": 0.5}})),
    Experiment(name="ranks", hypothesis="x", kind="interleaving", arms=arms("drawn", {"diversity": {"dial": 0.9}}), share=0.5),
    Experiment(name="shelf", hypothesis="x", arms=arms("drawn", {"shelves": {"second": None}}), priority=-1),
)
"""Experiments that start, grow, learn and stop while answers are given."""


def publish(stores: ShopStores, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = np.unique(rng.integers(0, N - 4, (200, 2)), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    near = ItemNeighbors.from_triples(
        pairs[:, 0], pairs[:, 1], rng.random(len(pairs)).astype(np.float32), n_items=N - 4, reason="viewed_next"
    )

    def write(folder: Path) -> Manifest:
        made = {"near": Made(near, "near", {}), "popular": Made(ItemScores.of(rng.random(N - 4), "popular"), "popularity", {})}
        return write_bundle(folder, IDS[: N - 4], made, created_at_ms=0, data_until_ms=0, position=0, seed=seed)

    stores.bundles.publish(write)


def events(rng: np.random.Generator, n: int, answers: list[RecommendResponse]) -> list[Event]:
    made = []
    for number in range(4):
        session, item_id = f"s{rng.integers(30)}", IDS[rng.integers(N)]
        kind = str(rng.choice(["view", "view", "add_to_cart", "dismiss", "rating"]))
        rating = {"rating": float(rng.integers(1, 6))} if kind == "rating" else {}
        made.append(
            Event(event_id=f"{n}-{number}", type=kind, at=NOW_MS + n, session_id=session, item_id=item_id, **rating)  # type: ignore[arg-type]
        )
    if answers and rng.random() < 0.5:
        answer = answers[-1]
        lines = tuple(Line(item_id=one.item_id) for one in answer.items)
        if lines:
            made.append(
                Event(
                    event_id=f"{n}-seen", type="impression", at=NOW_MS + n, session_id=made[0].session_id, items=lines,
                    recommendation_id=answer.recommendation_id,
                )
            )  # fmt: skip
            made.append(
                Event(
                    event_id=f"{n}-click", type="click", at=NOW_MS + n, session_id=made[0].session_id, item_id=lines[0].item_id,
                    recommendation_id=answer.recommendation_id,
                )
            )  # fmt: skip
    return made


def experiment(stores: ShopStores, n: int) -> None:
    """What is done with the experiments by the n-th turn."""
    documents = stores.documents
    if n == 1:
        put_holdout(documents, 0.1, "random", NOW_MS)
        for one in EXPERIMENTS:
            put_experiment(documents, one)
    if n == 500:
        for one in EXPERIMENTS:
            start_experiment(documents, one.name, NOW_MS)
    if n == 2_500:
        put_experiment(documents, msgspec.structs.replace(EXPERIMENTS[0], share=1.0))
    if n == 3_500:
        allotment = Allotment(at_ms=NOW_MS, run=1, units=1, weights=(0.2, 0.8))
        documents.put(ALLOTMENT_KIND, "bandit", msgspec.json.encode(allotment))
    if n == 7_000:
        stop_experiment(documents, "ranks", NOW_MS)


@pytest.fixture(scope="module")
def stores() -> ShopStores:
    """A shop that has given ten thousand answers, all of them on record."""
    home, clock, rng = memory.open_home(), Ticking(), np.random.default_rng(0)
    stores = home.open("shop", create=True)
    stores.catalog.put(catalogue(rng))
    for placement in (spot("drawn", 0.2, thompson=True), spot("plain", 0.15, thompson=False)):
        stores.documents.put(DOCUMENT_KIND, placement.name, msgspec.json.encode(placement))
    publish(stores, 1)
    service = ShopService(stores, clock)
    answers: list[RecommendResponse] = []
    n = 0
    while len(answers) < ANSWERS:
        n += 1
        if n % 5 == 0:
            service.live.apply(stores.log.append(events(rng, n, answers)).logged)
        if n == 1_500:
            stores.documents.put(RULE_KIND, "boost", b'{"rule": "boost", "brands": ["Acme"], "factor": 4}')
        if n == 3_000:
            publish(stores, 2)
        if n == 4_500:
            stores.documents.delete(RULE_KIND, "boost")
        if n == 6_000:
            stores.bundles.roll_back()
        experiment(stores, n)
        if n % 500 == 0:
            service.refresh()
        if n == 5_000:
            service = ShopService(stores, clock)  # the server is started again
        asked = [
            RecommendRequest(placement=("drawn", "plain")[one], session_id=f"s{rng.integers(30)}", item_id=IDS[rng.integers(N)])
            for one in (n % 2, (n + 1) % 2)
        ]
        found = service.page(PageRequest(requests=tuple(asked))) if n % 10 == 0 else [service.recommend(asked[0])]
        for request, (answer, basis) in zip(asked, found, strict=False):
            answers.append(answer)
            encoded = msgspec.json.Encoder(decimal_format="number").encode(answer), encode_basis(basis)
            stores.decisions.append([Decision(answer.recommendation_id, NOW_MS, msgspec.json.encode(request), *encoded)])
    return stores


def test_every_answer_comes_out_the_same(stores: ShopStores) -> None:
    outcomes = list(replay(stores, on_record(stores)))
    assert len(outcomes) >= ANSWERS
    assert [one for one in outcomes if not one.same] == []


def test_there_was_chance_in_them(stores: ShopStores) -> None:
    answers = [msgspec.json.decode(one.response, type=RecommendResponse) for one in on_record(stores)]
    odds = np.array([item.propensity for answer in answers for item in answer.items])
    assert 0 < odds.min() < 0.02
    assert (odds < 0.9).mean() > 0.1
    assert len({answer.bundle for answer in answers}) == 2
    met = Counter(one for answer in answers for one in answer.arms.items())
    assert min(met[one.name, arm] for one in EXPERIMENTS if one.kind != "interleaving" for arm in ("now", "other")) > 200
    assert min(met["ranks", "interleaved"], met["holdout", "held_out"]) > 200


def test_what_is_not_the_same_is_said(stores: ShopStores) -> None:
    first = next(on_record(stores))
    answer = msgspec.json.decode(first.response, type=RecommendResponse)
    answer.items[0].propensity = 0.123
    other = replace(first, response=msgspec.json.encode(answer))
    assert [one.same for one in replay(stores, [first, other])] == [True, False]
    assert [one.why for one in replay(stores, [replace(first, basis=b"")])] == [("answered before answers kept their basis",)]
    gone = replace(first, response=first.response.replace(b'"bundle":"', b'"bundle":"x'))
    (unknown,) = replay(stores, [gone])
    assert not unknown.same
    assert "is gone" in unknown.why[0]
