from __future__ import annotations

from endcap.ranking.rules.at_most import AtMost
from endcap.testing.shelves import product, shelf, shopper

SHELF = shelf(
    product("a", 1, brand="Oak", category=("home", "kitchen"), family="mugs", tier="basic"),
    product("b", 2, brand="Oak", category=("home", "living"), family="sofas"),
    product("c", 3, brand="Ash", category=("garden",)),
    product("d", 5, category=("home", "kitchen"), family="mugs"),
)


def groups(rule: AtMost) -> list[set[str]]:
    """Which items count together."""
    codes = rule.caps(shopper(SHELF), SHELF).codes.tolist()
    return [
        {SHELF.table.item_id(row) for row, one in enumerate(codes) if one == code} for code in sorted(set(codes)) if code >= 0
    ]


def test_items_count_together_that_share_the_property() -> None:
    assert groups(AtMost()) == [{"a", "d"}, {"b"}]
    assert groups(AtMost(kind="brand")) == [{"a", "b"}, {"c"}]
    assert groups(AtMost(kind="category")) == [{"a", "d"}, {"b"}, {"c"}]
    assert groups(AtMost(kind="top_category")) == [{"a", "b", "d"}, {"c"}]
    assert groups(AtMost(kind="tier")) == [{"a"}]
    assert groups(AtMost(kind="price_tier")) == [{"a", "b", "c"}, {"d"}]  # d is the dearer one of two: floor(3 * 1 / 2) = 1


def test_only_what_is_named_counts() -> None:
    assert groups(AtMost(kind="brand", of=("Ash",))) == [{"c"}]
    assert groups(AtMost(kind="category", of=("home",))) == [{"a", "d"}, {"b"}]
    assert AtMost(most=3).caps(shopper(SHELF), SHELF).most == 3
