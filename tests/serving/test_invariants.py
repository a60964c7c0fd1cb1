"""What must hold of every answer, whatever the shop, its rules and the shopper: over random ones."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.artifacts.base import Artifact
from endcap.artifacts.bundle import ArrayEntry, Bundle, Manifest
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.core.catalog import Item
from endcap.core.events import KIND
from endcap.core.placement import Diversity, Exploration, Placement, Shelf, Source
from endcap.core.request import PageRequest, RecommendRequest, RecommendResponse
from endcap.core.time import FixedClock
from endcap.serving.engine import Engine
from endcap.serving.items import ItemTable
from endcap.serving.placements import ready
from endcap.serving.state import ServingState
from endcap.stores.ports import Act, History

NOW_MS = 1_700_000_000_000
N = 40
IDS = [f"item-{row}" for row in range(N)]
CATEGORIES = [("home", "kitchen"), ("home", "bath"), ("garden", "tools"), ("garden", "plants"), ("toys", "blocks")]
RULES: list[dict[str, Any]] = [
    {"rule": "not_in_cart"},
    {"rule": "not_bought_within", "days": 30},
    {"rule": "exclude_items", "item_ids": IDS[:4]},
    {"rule": "boost", "brands": ["Acme"], "factor": 3.0},
    {"rule": "bury", "categories": ["toys"], "factor": 0.2},
    {"rule": "at_most", "kind": "brand", "most": 2},
    {"rule": "pin", "item_ids": [IDS[5], IDS[2]], "position": 0},
    {"rule": "price_between", "most": 80},
]
_SEEDS = st.integers(0, 2**32 - 1)


class Past:
    def __init__(self, *acts: Act) -> None:
        self._past = History(1, acts)

    def history(self, _user_id: str | None, _session_id: str | None) -> History:
        return self._past


def catalogue(rng: np.random.Generator) -> list[Item]:
    return [
        Item(
            item_id=item_id, title=item_id.title(), price=Decimal(int(rng.integers(1, 100))), currency="EUR",
            category=CATEGORIES[rng.integers(len(CATEGORIES))], brand=[None, "Acme", "Beta"][rng.integers(3)],
            family=[None, "one", "two"][int(rng.choice(3, p=[0.8, 0.1, 0.1]))], stock=int(rng.random() > 0.2),
            hidden=bool(rng.random() < 0.05), available_until=NOW_MS - 1 if rng.random() < 0.1 else None,
        )
        for item_id in IDS
    ]  # fmt: skip


def artifacts(rng: np.random.Generator) -> dict[str, Artifact]:
    def neighbors() -> Artifact:
        pairs = rng.integers(0, N, (200, 2))
        pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
        values = rng.random(len(pairs)).astype(np.float32) + np.float32(0.01)
        return ItemNeighbors.from_triples(pairs[:, 0], pairs[:, 1], values, n_items=N, reason="viewed_next")

    scores = np.where(rng.random(N) < 0.8, rng.random(N), 0.0)
    return {"near": neighbors(), "next": neighbors(), "popular": ItemScores.of(scores, "popular")}


def placement(rng: np.random.Generator, rules: list[dict[str, Any]]) -> Placement:
    shelves = []
    for number in range(int(rng.integers(1, 4))):
        most = int(rng.integers(1, 9))
        shelves.append(
            Shelf(
                name=f"shelf_{number}", title="Shelf", min_count=int(rng.integers(0, most + 1)), max_count=most,
                sources=(
                    Source(artifact="near", ask="visit"), Source(artifact="next", ask="cart"),
                    Source(artifact="popular", ask="nothing", weight=0.3),
                ),
                fallback=(
                    Source(artifact="popular", ask="nothing", same_category=True), Source(artifact="popular", ask="nothing"),
                ),
                one_per_family=bool(rng.integers(2)), unseen=bool(rng.integers(2)),
            )
        )  # fmt: skip
    diversity = Diversity(
        method=("dpp", "mmr", "none")[rng.integers(3)], dial=float(rng.random()), min_categories=int(rng.integers(0, 4)),
        price_tiers=bool(rng.integers(2)),
    )  # fmt: skip
    exploration = Exploration(
        epsilon=float(rng.choice([0.0, 0.2, 1.0])), new_share=float(rng.choice([0.0, 0.5])), thompson=bool(rng.integers(2))
    )  # fmt: skip
    return Placement(
        name="spot", shelves=tuple(shelves), rules=tuple(rules), max_count=int(rng.integers(1, 20)), diversity=diversity,
        exploration=exploration,
    )  # fmt: skip


def shop(seed: int, rules: list[dict[str, Any]]) -> tuple[Engine, RecommendRequest, list[Item], Placement]:
    rng = np.random.default_rng(seed)
    products, spot = catalogue(rng), placement(rng, rules)
    nothing = ArrayEntry(name="item_ids", dtype="|u1", shape=(0,), offset=0, size=0, sha256="")
    manifest = Manifest(
        format=1, version="v", created_at_ms=0, data_until_ms=0, position=0, seed=0, item_ids=nothing, artifacts=()
    )
    state = ServingState.of(Bundle(manifest, IDS, artifacts(rng)), ItemTable(IDS, products), {"spot": ready(spot)})
    kinds = [KIND[one] for one in ("view", "purchase", "dismiss", "own")]
    acts = [
        Act(n, NOW_MS - 60_000 + n, int(rng.choice(kinds, p=[0.6, 0.2, 0.1, 0.1])), IDS[rng.integers(N)])
        for n in range(int(rng.integers(0, 12)))
    ]
    request = RecommendRequest(
        placement="spot", session_id="s", item_id=IDS[rng.integers(N)] if rng.random() < 0.7 else None,
        cart=tuple(IDS[row] for row in rng.integers(0, N, rng.integers(0, 4))),
        exclude=tuple(IDS[row] for row in rng.integers(0, N, rng.integers(0, 4))),
    )  # fmt: skip
    return Engine(state, Past(*acts), FixedClock(NOW_MS)), request, products, spot


def forbidden(products: list[Item], request: RecommendRequest, rules: list[dict[str, Any]], acts: tuple[Act, ...]) -> set[str]:
    """What may not be shown, worked out the slow way from the words of the rules."""
    names = {one["rule"] for one in rules}
    out = {item.item_id for item in products if not item.available_at(NOW_MS)} | set(request.exclude)
    if "not_in_cart" in names:
        out |= {*request.cart, *((request.item_id,) if request.item_id else ())}
    if "exclude_items" in names:
        out |= set(IDS[:4])
    if "price_between" in names:
        out |= {item.item_id for item in products if item.price is None or item.price > 80}
    newest: dict[str, int] = {}
    for act in acts:
        if act.kind == KIND["purchase"] and "not_bought_within" in names:
            out.add(act.item_id)
        if act.kind in {KIND["dismiss"], KIND["own"], KIND["purchase"]}:
            newest[act.item_id] = act.kind
    said = {item_id for item_id, kind in newest.items() if kind in {KIND["own"], KIND["dismiss"]}}
    families = {item.family for item in products if item.item_id in said} - {None}
    return out | said | {item.item_id for item in products if item.family in families}


def shown(answer: RecommendResponse) -> list[str]:
    return [item.item_id for item in answer.items]


@settings(max_examples=250, deadline=None)
@given(seed=_SEEDS, rules=st.lists(st.sampled_from(RULES), max_size=5, unique_by=lambda one: one["rule"]))
def test_no_answer_shows_what_it_must_not_or_less_than_it_could(seed: int, rules: list[dict[str, Any]]) -> None:
    engine, request, products, spot = shop(seed, rules)
    acts = engine._histories.history(None, None).acts
    answer = engine.recommend(request)
    out = forbidden(products, request, rules, acts)
    found = shown(answer)
    assert not set(found) & out
    assert len(set(found)) == len(found) <= spot.max_count
    assert [item.position for item in answer.items] == list(range(len(found)))
    for item in answer.items:
        assert 0 < item.propensity <= 1
        assert item.source
        assert item.reason.text
    by_id = {item.item_id: item for item in products}
    brands = Counter(by_id[one].brand for one in found if by_id[one].brand)
    if any(one["rule"] == "at_most" for one in rules):
        assert all(number <= 2 for number in brands.values())
    for shelf in spot.shelves:
        mine = [item.item_id for item in answer.items if item.shelf == shelf.name]
        assert len(mine) <= shelf.max_count
        families = [by_id[one].family for one in mine if by_id[one].family]
        assert not shelf.one_per_family or len(set(families)) == len(families)
        if len(found) < spot.max_count and len(mine) < shelf.min_count:
            # Fewer than the least only where nothing more may be shown: what could be is seen lately, of a family that is there,
            # or of a brand that has come twice.
            there = {by_id[one].family for one in (*found, *((request.item_id,) if request.item_id else ()))} - {None}
            full = (
                {brand for brand, number in brands.items() if number == 2} if "at_most" in {one["rule"] for one in rules} else ()
            )
            could = [by_id[one] for one in IDS if one not in out and one not in found]
            could = [one for one in could if not shelf.unseen or one.item_id not in {act.item_id for act in acts}]
            could = [one for one in could if not shelf.one_per_family or one.family not in there]
            assert not [one for one in could if one.brand not in full]


@settings(max_examples=60, deadline=None)
@given(seed=_SEEDS)
def test_a_moment_has_one_answer_and_another_moment_may_have_another(seed: int) -> None:
    engine, request, _, spot = shop(seed, [])
    moment = engine.moment(request)
    first, again = engine.answer(request, moment), engine.answer(request, moment)
    assert first == again
    if spot.exploration.epsilon == 0 and not spot.exploration.thompson:
        assert shown(engine.recommend(request)) == shown(first)
        assert all(item.propensity == 1 for item in first.items)


@settings(max_examples=60, deadline=None)
@given(seed=_SEEDS)
def test_a_page_shows_nothing_twice_and_is_varied_as_a_whole(seed: int) -> None:
    engine, request, products, spot = shop(seed, [])
    answers = [answer for answer, _ in engine.page(PageRequest(requests=(request, request)))]
    found = [one for answer in answers for one in shown(answer)]
    assert len(set(found)) == len(found)
    by_id = {item.item_id: item for item in products}
    kinds = {by_id[one].category for one in found}
    if len(found) >= 3 and len(kinds) < spot.diversity.min_categories:
        # Then no shelf had a candidate that would have brought one: from what is left none may be shown that is a candidate.
        left = {item.category for item in products if item.item_id not in found and item.available_at(NOW_MS)}
        assert (
            not left - kinds or len(found) <= len(answers[0].items) or spot.shelves[0].max_count < spot.diversity.min_categories
        )
