from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.artifacts.base import Artifact
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Asking, Choice, ChosenSource
from endcap.core.events import KIND
from endcap.core.placement import Learned, Placement, Shelf, Source
from endcap.core.query import Query, Rows
from endcap.core.request import Filters, PageRequest, RecommendRequest, RecommendResponse
from endcap.core.time import DAY_MS
from endcap.errors import UnknownName
from endcap.ranking.rules.base import ItemView, Rule
from endcap.serving.engine import Engine
from endcap.serving.items import ItemTable
from endcap.serving.state import ServingState
from endcap.serving.view import AnswerView
from endcap.stores.ports import Act

from ..ranking.test_ranker import stump
from .shop import BOUGHT, IDS, NOW_MS, POPULAR, Remembered, engine, neighbors, placement, product, scores


def ask(on: Engine, **request: object) -> RecommendResponse:
    return on.recommend(RecommendRequest(**({"placement": "spot"} | request)))  # type: ignore[arg-type]


def shown(answer: RecommendResponse) -> list[str]:
    return [item.item_id for item in answer.items]


def test_neighbours_come_best_first_with_a_reason() -> None:
    answer = ask(engine(), item_id="mug")
    assert shown(answer) == ["spoon", "bowl", "plate"]
    assert [item.position for item in answer.items] == [0, 1, 2]
    assert answer.items[0].reason.code == "bought_together"
    assert answer.items[0].reason.text == "Often bought together with Mug"
    assert answer.items[0].price == Decimal("4.50")
    assert (answer.bundle, answer.degraded, answer.notes) == ("v1", [], [])


def test_the_cut_comes_after_the_filters() -> None:
    on = engine(catalog={"spoon": product("spoon", stock=0)})
    assert shown(ask(on, item_id="mug", count=2)) == ["bowl", "plate"]


@pytest.mark.parametrize(
    "change",
    [{"stock": 0}, {"hidden": True}, {"available_until": NOW_MS}, {"available_from": NOW_MS + 1}],
    ids=["sold out", "hidden", "expired", "not yet"],
)
def test_what_may_not_be_sold_is_not_shown(change: dict[str, object]) -> None:
    on = engine(placement(min_count=4), catalog={"spoon": product("spoon", **change)})
    assert "spoon" not in shown(ask(on, item_id="mug"))


def test_an_item_is_shown_until_the_last_millisecond() -> None:
    on = engine(catalog={"spoon": product("spoon", available_from=NOW_MS, available_until=NOW_MS + 1)})
    assert "spoon" in shown(ask(on, item_id="mug"))


def test_cart_anchor_and_exclusions_are_left_out() -> None:
    on = engine(placement(min_count=4))
    answer = ask(on, item_id="mug", cart=("spoon",), exclude=("bowl",))
    assert not {"mug", "spoon", "bowl"} & set(shown(answer))


def test_what_was_bought_lately_is_left_out_and_comes_back() -> None:
    bought = Act(1, NOW_MS - 29 * DAY_MS, KIND["purchase"], "spoon")
    on = engine(histories=Remembered(bought))
    assert shown(ask(on, item_id="mug", user_id="ann")) == ["bowl", "plate"]
    long_ago = Act(1, NOW_MS - 30 * DAY_MS, KIND["purchase"], "spoon")
    assert "spoon" in shown(ask(engine(histories=Remembered(long_ago)), item_id="mug", user_id="ann"))


def test_a_short_shelf_is_topped_up_from_its_category_and_says_so() -> None:
    answer = ask(engine(placement(min_count=3)), item_id="spoon")
    assert shown(answer) == ["plate", "bowl", "mug"]
    assert answer.items[0].reason.code == "popular_in_category"
    assert answer.items[0].reason.text == "Popular in kitchen"
    assert answer.degraded == ["fallback:shelf"]


def test_without_a_bundle_the_range_answers() -> None:
    on = engine(placement(min_count=3))
    on.state = ServingState.of(None, ItemTable((), [product(one) for one in IDS]), on.state.placements)
    answer = ask(on, item_id="lamp")
    assert shown(answer)[0] == "bulb"
    assert (len(answer.items), answer.bundle) == (3, None)
    assert answer.degraded == ["no_bundle", "fallback:shelf"]


def test_unknown_people_and_items_are_normal() -> None:
    answer = ask(engine(placement(min_count=2)), item_id="never seen", user_id="nobody", session_id="nowhere", cart=("nothing",))
    assert len(answer.items) == 2


def test_count_above_the_maximum_is_clamped_and_said() -> None:
    answer = ask(engine(), item_id="mug", count=500)
    assert len(answer.items) == 3
    assert answer.notes == ["count 500 was clamped to 4, the most that spot shows"]


def test_an_unknown_placement_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean spot"):
        ask(engine(), placement="spott")
    with pytest.raises(UnknownName, match="use one of shelf"):
        ask(engine(), shelf="top")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(categories=("light",)), []),
        (Filters(not_categories=("kitchen",)), []),
        (Filters(brands=("Acme",)), ["bowl"]),
        (Filters(price_min=Decimal(5)), ["bowl"]),
        (Filters(price_max=Decimal("4.50")), ["spoon", "plate"]),
    ],
)
def test_filters_narrow_before_the_cut(filters: Filters, expected: list[str]) -> None:
    on = engine(catalog={"bowl": product("bowl", brand="Acme", price=Decimal(9))})
    assert shown(ask(on, item_id="mug", filters=filters)) == expected


def test_a_source_that_fails_is_skipped_and_named() -> None:
    outside = np.array([0, 1, 1, 1, 1, 1, 1], np.int64), np.array([99], np.int32), np.ones(1, np.float32)
    broken = ItemNeighbors(*outside, "similar", {})
    on = engine(placement(min_count=2), artifacts={"together": broken, "popular": scores(POPULAR)})
    answer = ask(on, item_id="mug")
    assert shown(answer) == ["plate", "bowl"]
    assert answer.degraded == ["source_failed:together", "fallback:shelf"]
    on.state = ServingState.of(engine().state.bundle, on.state.items, on.state.placements)
    assert shown(ask(on, item_id="mug")) == ["spoon", "bowl", "plate"]


def test_what_leads_to_itself_is_told_as_seen_before() -> None:
    again = {"together": neighbors({("mug", "mug"): 2.0, ("mug", "bowl"): 1.0})}
    on = engine(
        placement(sources=(Source(artifact="together", ask="history"),)),
        artifacts=again,  # type: ignore[arg-type]
        histories=Remembered(Act(1, NOW_MS, KIND["view"], "mug")),
    )
    answer = ask(on, session_id="s")
    assert [(item.item_id, item.reason.code) for item in answer.items] == [("mug", "seen_before"), ("bowl", "bought_together")]


def test_a_shelf_that_nothing_trained_can_fill_says_so() -> None:
    misspelt = placement(sources=(Source(artifact="togehter", ask="anchor"),))
    answer = ask(engine(misspelt), item_id="mug")
    assert (answer.items, answer.degraded) == ([], ["no_source:shelf"])


def test_history_leads_with_the_newest() -> None:
    acts = [Act(9, NOW_MS, KIND["view"], "lamp"), Act(8, NOW_MS, KIND["view"], "mug")]
    spot = placement(sources=(Source(artifact="together", ask="history"),))
    answer = ask(engine(spot, histories=Remembered(*acts)), session_id="s")
    assert shown(answer)[:2] == ["spoon", "bowl"]
    even = neighbors(BOUGHT | {("lamp", "bulb"): 3.0})
    answer = ask(engine(spot, histories=Remembered(*acts), artifacts={"together": even}), session_id="s")
    assert shown(answer)[:2] == ["bulb", "spoon"]


def test_a_shelf_shows_one_variant_of_a_product_and_none_of_the_page() -> None:
    bowls = {one: product(one, family="bowl") for one in ("bowl", "plate")}
    assert shown(ask(engine(catalog=bowls), item_id="mug")) == ["spoon", "bowl"]
    mugs = {one: product(one, family="mug") for one in ("mug", "spoon")}
    assert shown(ask(engine(catalog=mugs), item_id="mug")) == ["bowl", "plate"]
    assert shown(ask(engine(placement(one_per_family=False), catalog=bowls), item_id="mug")) == ["spoon", "bowl", "plate"]


def test_what_is_pinned_stands_without_another_variant_of_it() -> None:
    catalog = {one: product(one, family="set") for one in ("lamp", "bowl")}  # of the two the sources propose the bowl alone
    plain = placement()
    pinned = Placement(name="spot", shelves=plain.shelves, rules=({"rule": "pin", "item_ids": ["lamp"]},), max_count=4)
    answer = engine(pinned, catalog=catalog).recommend(RecommendRequest(placement="spot", item_id="mug"))
    assert [item.item_id for item in answer.items] == ["lamp", "spoon", "plate"]


def test_a_page_shows_no_item_twice() -> None:
    on = engine(placement(min_count=3))
    page = on.page(PageRequest(requests=(RecommendRequest(placement="spot", item_id="mug"),) * 2))
    first, second = (shown(answer) for answer, _ in page)
    assert len(first) == 3
    assert not set(first) & set(second)


def test_shelves_of_one_answer_share_no_item() -> None:
    shelves = tuple(
        Shelf(name=name, title=name, sources=(Source(artifact="together", ask="anchor"),), min_count=0, max_count=2)
        for name in "ab"
    )
    answer = ask(engine(Placement(name="spot", shelves=shelves, max_count=8)), item_id="mug")
    assert shown(answer) == ["spoon", "bowl", "plate"]
    assert [item.shelf for item in answer.items] == ["a", "a", "b"]


def test_explain_tells_the_whole_way() -> None:
    on = engine(catalog={"bowl": product("bowl", stock=0)})
    answer = ask(on, item_id="mug", cart=("plate",), explain=True)
    assert answer.explanation
    trace = answer.explanation.shelves[0]
    assert (trace.sources[0].name, trace.sources[0].asked_with, trace.sources[0].candidates) == ("together", ["mug"], 3)
    assert trace.removed == {"not available": 1, "already in the cart or on the page": 1}
    assert trace.items[0].item_id == "spoon"
    assert trace.items[0].sources == {"together": 1.0}
    assert trace.items[0].facts == {"together.value": 3.0}


class Meanwhile(Rule, frozen=True, kw_only=True):
    """Changes the catalogue in the midst of an answer, as another thread may, and then answers by it."""

    label = "changed meanwhile"
    takes_out: tuple[str, ...] = ()
    adds: int = 0

    def removes(self, query: Query, items: ItemView) -> Rows:
        """The row of the newest product."""
        assert isinstance(items, AnswerView)
        items.table.update([product(f"new-{number}") for number in range(self.adds)], self.takes_out)
        return np.array([len(items.items) - 1], dtype=np.int32)


def meanwhile(**changes: object) -> Engine:
    on = engine()
    state = on.state
    on.state = ServingState.of(state.bundle, state.items, state.placements, (Meanwhile(**changes),))  # type: ignore[arg-type]
    return on


def test_a_product_that_is_taken_out_while_the_answer_is_made_is_not_in_it() -> None:
    answer = ask(meanwhile(takes_out=("spoon",)), item_id="mug")
    assert shown(answer) == ["bowl", "plate"]
    assert [item.position for item in answer.items] == [0, 1]


def test_products_that_come_while_the_answer_is_made_do_no_harm() -> None:
    assert shown(ask(meanwhile(adds=100_000), item_id="mug")) == ["spoon", "bowl", "plate"]


def test_an_answer_that_fails_leaves_nothing_to_the_next_one() -> None:
    on = engine(placement(min_count=0))
    sound = on.state.items
    on.state = replace(on.state, items=Untitled(IDS, [product(one) for one in IDS]))
    with pytest.raises(RuntimeError):
        ask(on, item_id="mug")
    on.state = replace(on.state, items=sound)
    assert shown(ask(on, item_id="mug")) == ["spoon", "bowl", "plate"]


class Untitled(ItemTable):
    """A catalogue that fails in the midst of an answer."""

    def title(self, row: int) -> str:
        """No title."""
        raise RuntimeError(f"row {row} cannot be read")


@settings(max_examples=60, deadline=None)
@given(
    sold_out=st.sets(st.sampled_from(IDS)),
    cart=st.lists(st.sampled_from([*IDS, "unknown"]), max_size=4),
    anchor=st.none() | st.sampled_from(IDS),
    count=st.integers(1, 10),
)
def test_no_answer_shows_what_it_must_not(sold_out: set[str], cart: list[str], anchor: str | None, count: int) -> None:
    on = engine(placement(min_count=4), catalog={one: product(one, stock=0) for one in sold_out})
    for _ in range(2):  # the second answer sees whatever the first left behind
        answer = ask(on, item_id=anchor, cart=tuple(cart), count=count)
        assert not set(shown(answer)) & (sold_out | set(cart) | {anchor})
        assert len(set(shown(answer))) == len(answer.items) <= min(count, 4)
        scores_shown = [item.score for item in answer.items if item.reason.code == "bought_together"]
        assert scores_shown == sorted(scores_shown, reverse=True)
    assert not on._mixture.work.total.any()


PAST = Remembered(Act(9, NOW_MS, KIND["view"], "lamp"), Act(8, NOW_MS, KIND["view"], "mug"))


def learned(
    *sources: ChosenSource, ranker: str | None = None, unseen: bool = False, past: Remembered = PAST, **artifacts: Artifact
) -> Engine:  # fmt: skip
    """An engine over somebody with a past, whose shelf follows what training chose for sessions."""
    spot = placement(learned=Learned(task="session", ask="history"), unseen=unseen, fallback=())
    choices = (Choice(task="session", sources=sources, ranker=ranker),)
    made = {"together": neighbors(BOUGHT)} | artifacts
    return engine(spot, artifacts=made, histories=past, choices=choices)


def test_a_learned_shelf_asks_what_training_chose_as_it_chose() -> None:
    after = neighbors({("lamp", "plate"): 1.0, ("mug", "bowl"): 5.0}, "viewed_next")
    newest = ChosenSource(artifact="after", asking=Asking(last=1))
    assert shown(ask(learned(newest, after=after), session_id="s")) == ["plate"]
    faded = ChosenSource(artifact="after", asking=Asking(decay=1.0))
    assert shown(ask(learned(faded, after=after), session_id="s")) == ["bowl", "plate"]
    steep = ChosenSource(artifact="after", asking=Asking(decay=0.5))
    assert shown(ask(learned(steep, after=after), session_id="s")) == ["plate", "bowl"]


def test_a_learned_shelf_asks_its_own_sources_until_something_was_chosen() -> None:
    spot = placement(learned=Learned(task="session", ask="history"))
    assert shown(ask(engine(spot), item_id="mug")) == ["spoon", "bowl", "plate"]
    gone = learned(ChosenSource(artifact="never_trained"))
    assert shown(ask(gone, item_id="mug")) == ["spoon", "bowl", "plate"]


def test_a_ranker_that_cannot_be_used_leaves_a_blend_and_is_named() -> None:
    after = neighbors({("lamp", "plate"): 1.0}, "viewed_next")
    answer = ask(learned(ChosenSource(artifact="after"), ranker="lost", after=after), session_id="s")
    assert (shown(answer), answer.degraded) == (["plate"], ["source_failed:lost"])


def test_a_ranker_sees_how_often_an_item_was_gone_back_to() -> None:
    seen = ("mug", "lamp", "bowl", "lamp", "plate")
    past = Remembered(*(Act(9 - at, NOW_MS, KIND["view"], one) for at, one in enumerate(seen)))
    returns = replace(stump("times_seen", 1.5, -1.0, 1.0), sources=("after",))
    source = ChosenSource(artifact="after")
    after = neighbors({("mug", "bulb"): 1.0})
    answer = ask(learned(source, ranker="returns", past=past, after=after, returns=returns), session_id="s")
    assert [(item.item_id, item.score) for item in answer.items[:2]] == [("lamp", 0.75), ("mug", 0.25)]


def test_an_unseen_shelf_shows_nothing_that_was_looked_at_lately() -> None:
    after = neighbors({("lamp", "mug"): 2.0, ("lamp", "plate"): 1.0}, "viewed_next")
    source = ChosenSource(artifact="after")
    assert shown(ask(learned(source, after=after), session_id="s")) == ["mug", "plate"]
    answer = ask(learned(source, unseen=True, after=after), session_id="s", explain=True)
    assert shown(answer) == ["plate"]
    assert answer.explanation
    assert answer.explanation.shelves[0].removed == {"seen lately": 1}
