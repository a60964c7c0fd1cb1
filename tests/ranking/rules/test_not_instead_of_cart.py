from __future__ import annotations

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from endcap.artifacts.base import Artifact
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.placement import Source
from endcap.core.query import Query
from endcap.core.request import RecommendRequest
from endcap.ranking.rules.not_instead_of_cart import NotInsteadOfCart
from endcap.serving.items import ItemTable
from endcap.serving.view import AnswerView

from ...serving.shop import BOUGHT, IDS, engine, neighbors, placement, scores

NONE = np.empty(0, dtype=np.int32)
POPULAR = {one: float(len(IDS) - row) for row, one in enumerate(IDS)}


def removed(cart: list[int], anchor: int = -1, least: float = 0.5) -> list[int]:
    related = neighbors({("mug", "spoon"): 0.9, ("mug", "bowl"): -0.5, ("mug", "plate"): -0.75, ("lamp", "bulb"): -0.25})
    view = AnswerView(ItemTable(IDS), {"relations": related})
    query = Query(0, anchor, np.array(cart, dtype=np.int32), NONE, NONE)
    return sorted(NotInsteadOfCart(least=least).removes(query, view).tolist())


def test_substitutes_of_the_cart_and_of_the_anchor_are_removed() -> None:
    mug, lamp = IDS.index("mug"), IDS.index("lamp")
    assert removed([mug, lamp]) == [IDS.index("bowl"), IDS.index("plate")]
    assert removed([], anchor=mug) == [IDS.index("bowl"), IDS.index("plate")]
    assert removed([IDS.index("bowl")]) == []


def test_how_sure_it_must_be_is_an_option() -> None:
    mug, lamp = IDS.index("mug"), IDS.index("lamp")
    assert removed([mug, lamp], least=0.6) == [IDS.index("plate")]
    assert removed([mug, lamp], least=0.25) == [IDS.index(one) for one in ("bowl", "plate", "bulb")]


def test_an_answer_is_filled_with_others_and_says_what_was_removed() -> None:
    related = neighbors({("mug", "spoon"): -1.0})
    shop: dict[str, Artifact] = {"together": neighbors(BOUGHT), "popular": scores(POPULAR), "relations": related}
    spot = placement(min_count=4)
    ruled = type(spot)(name="spot", shelves=spot.shelves, rules=(*spot.rules, {"rule": "not_instead_of_cart"}), max_count=4)
    answer = engine(ruled, artifacts=shop).recommend(RecommendRequest(placement="spot", item_id="mug", explain=True))
    assert [one.item_id for one in answer.items] == ["bowl", "plate", "lamp", "bulb"]
    assert answer.explanation
    assert answer.explanation.shelves[0].removed[NotInsteadOfCart.label] == 1


def test_a_rule_of_a_shelf_holds_on_that_shelf_alone() -> None:
    shop: dict[str, Artifact] = {
        "together": neighbors(BOUGHT),
        "popular": scores(POPULAR),
        "relations": neighbors({("mug", "spoon"): -1.0}),
    }
    spot = placement(rules=({"rule": "not_instead_of_cart"},))
    free = placement(name="other").shelves[0]
    two = type(spot)(
        name="spot", shelves=(spot.shelves[0], type(free)(name="free", title="Free", sources=free.sources)), max_count=8
    )
    answer = engine(two, artifacts=shop).recommend(RecommendRequest(placement="spot", item_id="mug", explain=True))
    by_shelf = {name: [one.item_id for one in answer.items if one.shelf == name] for name in ("shelf", "free")}
    assert "spoon" not in by_shelf["shelf"]
    assert "spoon" in by_shelf["free"]
    assert answer.explanation
    assert answer.explanation.shelves[0].removed[NotInsteadOfCart.label] == 1


PAIRS = st.dictionaries(
    st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda pair: pair[0] != pair[1]),
    st.floats(-1, 1, width=32).filter(bool), max_size=20,
)  # fmt: skip


@given(related=PAIRS, cart=st.lists(st.sampled_from(IDS), unique=True, max_size=4))
def test_a_cart_is_never_offered_a_substitute(related: dict[tuple[str, str], float], cart: list[str]) -> None:
    everything = (Source(artifact="together", ask="cart"), Source(artifact="popular", ask="nothing"))
    spot = placement(sources=everything, min_count=4)
    ruled = type(spot)(name="spot", shelves=spot.shelves, rules=({"rule": "not_instead_of_cart"},), max_count=4)
    shop: dict[str, Artifact] = {"together": neighbors(BOUGHT), "popular": scores(POPULAR), "relations": neighbors(related)}
    answer = engine(ruled, artifacts=shop).recommend(RecommendRequest(placement="spot", cart=tuple(cart)))
    for one in answer.items:
        assert all(related.get((bought, one.item_id), 0.0) > -0.5 for bought in cart)


def test_a_full_cart_is_checked_in_microseconds() -> None:
    n, k, rng = 10_000, 100, np.random.default_rng(0)
    cols = np.argsort(rng.random((40, n)), axis=1)[:, :k].ravel()
    related = ItemNeighbors.from_triples(
        np.repeat(np.arange(40), k), cols, rng.uniform(-1, 1, 40 * k), n_items=n, reason="goes_with"
    )
    view = AnswerView(ItemTable([str(row) for row in range(n)]), {"relations": related})
    query, rule = Query(0, -1, np.arange(20, dtype=np.int32), NONE, NONE), NotInsteadOfCart()
    rule.removes(query, view)
    spent = []
    for _ in range(200):
        started = time.perf_counter()
        rule.removes(query, view)
        spent.append(time.perf_counter() - started)
    assert np.median(spent) < 250e-6  # 30 on a quiet machine
