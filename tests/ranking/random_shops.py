"""Random catalogues, shoppers and rules, and what rules forbid, said once more as plainly as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from endcap.core.catalog import Item
from endcap.core.context import Context
from endcap.core.preferences import Preferences, bears, folded
from endcap.core.query import Query
from endcap.core.time import DAY_MS, HOUR_MS
from endcap.ranking.rules.base import Rule, SelectingRule
from endcap.ranking.rules.brands import Brands
from endcap.ranking.rules.exclude import Exclude
from endcap.ranking.rules.exclude_items import ExcludeItems
from endcap.ranking.rules.in_categories import InCategories
from endcap.ranking.rules.in_season import InSeason, season_at
from endcap.ranking.rules.margin_at_least import MarginAtLeast
from endcap.ranking.rules.new_in import NewIn
from endcap.ranking.rules.price_between import PriceBetween
from endcap.ranking.rules.staff_picks import StaffPicks
from endcap.ranking.rules.tastes import Tastes
from endcap.testing.shelves import NONE, NOW_MS

IDS = [f"item{number}" for number in range(8)]
WORDS = ("oak", "ash", "elm")

_words = st.lists(st.sampled_from(WORDS), unique=True, max_size=2).map(tuple)
_money = st.none() | st.integers(0, 20).map(lambda euros: Decimal(euros) / 2)


@st.composite
def items(draw: st.DrawFn, item_id: str) -> Item:
    """A product with any facts."""
    return Item(
        item_id=item_id, title=item_id, category=draw(_words), brand=draw(st.none() | st.sampled_from(WORDS)), price=draw(_money),
        cost=draw(_money), currency=draw(st.sampled_from(["EUR", "JPY"])), tags=draw(_words),
        attributes=dict.fromkeys(draw(_words), "oak"), family=draw(st.none() | st.sampled_from(WORDS)),
        seasons=draw(st.sampled_from([(), ("winter",), ("spring", "autumn"), ("summer",)])),
        available_from=draw(st.none() | st.integers(-5, 0).map(lambda days: NOW_MS + 10 * days * DAY_MS)),
    )  # fmt: skip


catalogs = st.lists(st.sampled_from(IDS), unique=True, min_size=1).flatmap(lambda ids: st.tuples(*map(items, ids)))
"""Some of the products."""

queries = st.builds(
    lambda days, hemisphere, likes, dislikes, segments: Query(
        NOW_MS + days * DAY_MS, -1, NONE, NONE, NONE, segments=frozenset(segments),
        context=Context(hemisphere=hemisphere), preferences=Preferences(likes=likes, dislikes=dislikes),
    ),
    st.integers(0, 400), st.sampled_from(["north", "south"]), _words, _words, _words,
)  # fmt: skip

_common: dict[str, Any] = {
    "priority": st.integers(-2, 2),
    "starts_at": st.none() | st.integers(0, 400).map(lambda days: NOW_MS + days * DAY_MS),
    "audience": _words,
    "dry_run": st.booleans(),
}
_selection: dict[str, Any] = {
    "categories": _words, "brands": _words, "tags": _words, "item_ids": st.lists(st.sampled_from(IDS), max_size=2).map(tuple),
    "attributes": st.sampled_from([{}, {"oak": ("oak",)}, {"ash": ("oak", "ash")}]),
}  # fmt: skip
_euros = st.none() | st.integers(0, 10).map(float)

FORBIDDING: dict[type[Rule], dict[str, Any]] = {
    Brands: {"only": _words, "without": _words},
    Exclude: _selection,
    ExcludeItems: {"item_ids": _selection["item_ids"]},
    InCategories: {"any_of": _words, "all_of": _words, "none_of": _words},
    InSeason: {},
    MarginAtLeast: {"share": st.sampled_from([-0.5, 0.0, 0.5]), "keep_unknown": st.booleans()},
    NewIn: {"days": st.integers(1, 60), "only": st.booleans()},
    PriceBetween: {"least": _euros, "most": _euros, "currency": st.sampled_from([None, "EUR"]), "keep_unknown": st.booleans()},
    StaffPicks: {"tag": st.sampled_from(WORDS), "only": st.booleans(), "item_ids": _selection["item_ids"]},
    Tastes: {"dislikes": st.sampled_from(["bury", "remove"])},
}
"""The rules that forbid products by what they are, and their options."""


@st.composite
def rules(draw: st.DrawFn, kinds: dict[type[Rule], dict[str, Any]] = FORBIDDING) -> Rule:
    """A rule with any options."""
    kind = draw(st.sampled_from(sorted(kinds, key=lambda one: one.__name__)))
    return kind(**draw(st.fixed_dictionaries(kinds[kind] | _common)))


def forbids(rule: Rule, item: Item, query: Query) -> bool:
    """Whether a rule that holds keeps the product out."""
    return _FORBIDS[type(rule)](rule, item, query)


def holds(rule: Rule, query: Query) -> bool:
    """Whether a rule acts for the shopper now."""
    started = rule.starts_at is None or query.now_ms >= rule.starts_at  # type: ignore[operator]
    return started and not rule.dry_run and (not rule.audience or not query.segments.isdisjoint(rule.audience))


def selected(rule: SelectingRule, item: Item) -> bool:
    """Whether a rule is about the product."""
    told: list[tuple[Iterable[str], set[str | None]]] = [
        (rule.categories, {*item.category}), (rule.tags, {*item.tags}), (rule.brands, {item.brand}),
        (rule.item_ids, {item.item_id}), *((values, {item.attributes.get(name)}) for name, values in rule.attributes.items()),
    ]  # fmt: skip
    named = [(set(values), has) for values, has in told if values]
    return bool(named) and all(values & has for values, has in named)


def _priced_out(rule: PriceBetween, item: Item, _query: Query) -> bool:
    if item.price is None or rule.currency not in (None, item.currency):
        return not rule.keep_unknown
    return (rule.least is not None and item.price < rule.least) or (rule.most is not None and item.price > rule.most)


def _too_poor(rule: MarginAtLeast, item: Item, _query: Query) -> bool:
    if not item.price or item.cost is None:
        return not rule.keep_unknown
    return (item.price - item.cost) / item.price < Decimal(rule.share)


def _elsewhere(rule: InCategories, item: Item, _query: Query) -> bool:
    path = set(item.category)
    return bool((rule.any_of and not path & set(rule.any_of)) or set(rule.all_of) - path or set(rule.none_of) & path)


def _is_old(rule: NewIn, item: Item, query: Query) -> bool:
    since = query.now_ms // HOUR_MS * HOUR_MS - rule.days * DAY_MS
    return rule.only and (item.available_from is None or item.available_from < since)  # type: ignore[operator]


_FORBIDS: dict[type[Rule], Callable[[Any, Item, Query], bool]] = {
    Brands: lambda rule, item, _: bool(rule.only and item.brand not in rule.only) or item.brand in rule.without,
    Exclude: lambda rule, item, _: selected(rule, item),
    ExcludeItems: lambda rule, item, _: item.item_id in rule.item_ids,
    InCategories: _elsewhere,
    InSeason: lambda _, item, query: bool(item.seasons) and season_at(query.now_ms, query.context.hemisphere) not in item.seasons,
    MarginAtLeast: _too_poor,
    NewIn: _is_old,
    PriceBetween: _priced_out,
    StaffPicks: lambda rule, item, _: rule.only and rule.tag not in item.tags and item.item_id not in rule.item_ids,
    Tastes: lambda rule, item, query: rule.dislikes == "remove" and bears(item, folded(query.preferences.dislikes)),
}
