"""Rules together: what one forbids is never shown, and nothing else changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from endcap.core.catalog import Item
from endcap.core.query import Query
from endcap.ranking.rulebook import LAST_CODE, ActiveRules, Effect, Rulebook, trial
from endcap.ranking.rules.base import Rule
from endcap.ranking.rules.boost import Boost
from endcap.ranking.rules.boost_margin import BoostMargin
from endcap.ranking.rules.bury import Bury
from endcap.ranking.rules.exclude import Exclude
from endcap.ranking.rules.exclude_items import ExcludeItems
from endcap.ranking.rules.only_substitutes import OnlySubstitutes
from endcap.ranking.rules.pin import Pin
from endcap.serving.items import ItemTable
from endcap.serving.view import AnswerView
from endcap.testing import shelves as shelf

from .random_shops import FORBIDDING, IDS, WORDS, catalogs, forbids, holds, items, queries, rules, selected

FIRST = 8

_words = st.lists(st.sampled_from(WORDS), unique=True, max_size=2).map(tuple)
WEIGHING: dict[type[Rule], dict[str, Any]] = {
    Boost: {"brands": _words, "tags": _words, "factor": st.floats(1, 1_000)},
    Bury: {"brands": _words, "tags": _words, "factor": st.floats(0.001, 1)},
    BoostMargin: {"strength": st.floats(0, 100)},
    Pin: {"item_ids": st.lists(st.sampled_from(IDS), max_size=3).map(tuple), "position": st.integers(0, 3)},
}
EVERYTHING = FORBIDDING | WEIGHING


def blocked_by(active: ActiveRules, view: AnswerView, query: Query) -> NDArray[np.uint8]:
    blocked = view.table.blocked_at(query.now_ms).copy()
    active.block(blocked)
    return blocked


@settings(deadline=None)  # the first call compiles
@given(catalogs, st.lists(rules(), max_size=4), queries, st.lists(st.sampled_from(IDS).flatmap(items), max_size=3))
def test_what_a_rule_forbids_is_kept_out_and_nothing_else(
    catalog: tuple[Item, ...], chosen: list[Rule], query: Query, changes: list[Item]
) -> None:
    view = AnswerView(ItemTable([], catalog), {})
    blocked_by(ActiveRules(Rulebook(chosen, FIRST), query, view), view, query)
    view.table.update(changes)  # what was worked out before must follow
    active = ActiveRules(Rulebook(chosen, FIRST), query, view)
    blocked, sold = blocked_by(active, view, query), view.table.blocked_at(query.now_ms)
    for row, item in enumerate(view.items):
        assert item is not None
        why = [place for place, rule in enumerate(chosen, FIRST) if holds(rule, query) and forbids(rule, item, query)]
        assert (blocked[row] == 0) == (sold[row] == 0 and not why)
        if sold[row] == 0 and why:
            first = max(why, key=lambda code: (chosen[code - FIRST].priority, -code))
            assert blocked[row] == first
            assert active.labels[int(blocked[row])] == chosen[first - FIRST].label


@settings(deadline=None)  # the first call compiles
@given(catalogs, st.lists(rules(EVERYTHING), min_size=1, max_size=5), queries, st.randoms())
def test_the_order_in_which_rules_are_written_does_not_matter(
    catalog: tuple[Item, ...], chosen: list[Rule], query: Query, chance: Any
) -> None:
    view = AnswerView(ItemTable([], catalog), {})
    shuffled = list(chosen)
    chance.shuffle(shuffled)
    found = [ActiveRules(Rulebook(one, FIRST), query, view) for one in (chosen, shuffled)]
    np.testing.assert_array_equal(*[blocked_by(one, view, query) != 0 for one in found])
    rows = np.arange(len(view), dtype=np.int32)
    first, second = (one.factors(rows) for one in found)
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        assert first.tobytes() == second.tobytes()
    assert found[0].pins == found[1].pins


@settings(deadline=None)  # the first call compiles
@given(catalogs, st.lists(rules(EVERYTHING), max_size=5), queries)
def test_dry_runs_change_nothing_and_say_what_they_would_have_done(
    catalog: tuple[Item, ...], chosen: list[Rule], query: Query
) -> None:
    view = AnswerView(ItemTable([], catalog), {})
    real = [rule for rule in chosen if not rule.dry_run]
    beside, alone = ActiveRules(Rulebook(chosen, FIRST), query, view), ActiveRules(Rulebook(real, FIRST), query, view)
    blocked = blocked_by(beside, view, query)
    np.testing.assert_array_equal(blocked != 0, blocked_by(alone, view, query) != 0)
    rows = np.arange(len(view), dtype=np.int32)
    np.testing.assert_array_equal(beside.factors(rows), alone.factors(rows))
    assert beside.pins == alone.pins
    for told, rule in zip(beside.dry(blocked), _trying(chosen, query), strict=True):
        if type(rule) in FORBIDDING:
            there = [item for row, item in enumerate(catalog) if blocked[row] == 0]
            assert told.n_removed == sum(forbids(rule, item, query) for item in there)


def _trying(chosen: Sequence[Rule], query: Query) -> list[Rule]:
    dry = [rule for rule in chosen if rule.dry_run and holds(msgspec.structs.replace(rule, dry_run=False), query)]
    return sorted(dry, key=lambda rule: -rule.priority)


@settings(deadline=None)  # the first call compiles
@given(catalogs, st.lists(rules(WEIGHING), max_size=5), queries, st.lists(st.floats(0, 1e6, width=32), min_size=8, max_size=8))
def test_what_no_factor_is_about_keeps_its_score_bit_by_bit(
    catalog: tuple[Item, ...], chosen: list[Rule], query: Query, drawn: list[float]
) -> None:
    view = AnswerView(ItemTable([], catalog), {})
    scores = np.array(drawn[: len(view)], dtype=np.float32)
    factors = ActiveRules(Rulebook(chosen, FIRST), query, view).factors(np.arange(len(view), dtype=np.int32))
    after = scores if factors is None else scores * factors
    for row, item in enumerate(catalog):
        touched = [rule for rule in chosen if holds(rule, query) and _weighs(rule, item)]
        if not touched:
            assert after[row].tobytes() == scores[row].tobytes()


def _weighs(rule: Rule, item: Item) -> bool:
    if isinstance(rule, BoostMargin):
        return rule.strength > 0 and bool(item.price) and item.cost is not None and item.cost < item.price  # type: ignore[operator]
    return isinstance(rule, Boost | Bury) and rule.factor != 1 and selected(rule, item)


def test_several_factors_multiply() -> None:
    view = shelf.shelf(shelf.product("a", brand="oak", tags=("sale",)), shelf.product("b", brand="oak"))
    chosen = (Boost(brands=("oak",), factor=3), Bury(tags=("sale",), factor=0.5))
    factors = ActiveRules(Rulebook(chosen, FIRST), shelf.shopper(view), view).factors(np.array([1, 0], dtype=np.int32))
    assert factors is not None
    assert factors.tolist() == [3, 1.5]


def test_a_product_of_factors_is_the_same_in_any_order_bit_by_bit() -> None:
    view = shelf.shelf(shelf.product("a", brand="oak"))
    chosen = [Boost(brands=("oak",), factor=factor) for factor in (1.1, 1.3, 1.7, 2.3)]
    rows = np.array([0], dtype=np.int32)
    found = {
        factors.tobytes()
        for order in permutations(chosen)
        if (factors := ActiveRules(Rulebook(order, FIRST), shelf.shopper(view), view).factors(rows)) is not None
    }
    assert found == {np.float32(1.1 * 1.3 * 1.7 * 2.3).tobytes()}


def test_keeping_out_wins_over_pinning() -> None:
    view = shelf.shelf(shelf.product("a"), shelf.product("b"))
    told = trial(Pin(item_ids=("a", "b")), shelf.shopper(view), view, np.array([0, 1], dtype=np.uint8))
    assert [pin.row for pin in told.pins] == [0]


def test_only_a_few_may_be_allowed_beside_other_rules() -> None:
    view = shelf.shelf(*map(shelf.product, ("a", "b", "c", "d")), relations={("a", "b"): -1.0, ("a", "c"): -1.0})
    query = shelf.shopper(view, on_page="a")
    assert shelf.left((ExcludeItems(item_ids=("b",)), OnlySubstitutes()), view, query) == ["c"]
    assert shelf.left((OnlySubstitutes(), ExcludeItems(item_ids=("b",))), view, query) == ["c"]


def test_more_rules_than_there_are_codes_all_hold() -> None:
    view = shelf.shelf(*(shelf.product(str(number)) for number in range(300)))
    for first in (FIRST, LAST_CODE, 300):
        many = [ExcludeItems(item_ids=(str(number),)) for number in range(299)]
        active = ActiveRules(Rulebook(many, first), shelf.shopper(view), view)
        blocked = view.table.blocked_at(shelf.NOW_MS).copy()
        blocked[298] = LAST_CODE  # by the rules of the whole answer
        active.block(blocked)
        assert np.flatnonzero(blocked == 0).tolist() == [299]


def test_a_product_that_no_rule_has_seen_waits_for_the_next_answer() -> None:
    view = shelf.shelf(shelf.product("a"))
    active = ActiveRules(Rulebook((Exclude(tags=("sale",)),), FIRST), shelf.shopper(view), view)
    view.table.update([shelf.product("late", tags=("sale",)), shelf.product("fine")])
    blocked = blocked_by(active, view, shelf.shopper(view))
    assert blocked[:3].tolist() == [0, 1, 1]
    assert shelf.left(Exclude(tags=("sale",)), view) == ["a", "fine"]


def test_all_that_was_done_to_an_item_is_told() -> None:
    view = shelf.shelf(shelf.product("a", brand="oak"), shelf.product("b"))
    chosen = (
        Exclude(brands=("oak",), note="recalled"), ExcludeItems(item_ids=("a",)), Boost(brands=("oak",), factor=2),
        Pin(item_ids=("a",), position=3),
        ExcludeItems(item_ids=("a",), dry_run=True),
    )  # fmt: skip
    active = ActiveRules(Rulebook(chosen, FIRST), shelf.shopper(view), view)
    assert active.effects(0) == (
        Effect("exclude", "of a group that a rule keeps out (recalled)", "removes", 0),
        Effect("exclude_items", "excluded by a rule", "removes", 0),
        Effect("boost", "moved up by a rule", "boosts", 2),
        Effect("pin", "put there by a rule", "pins", 3),
    )
    assert active.effects(1) == ()
