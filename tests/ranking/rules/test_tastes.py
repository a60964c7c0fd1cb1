from __future__ import annotations

from endcap.core.preferences import Preferences
from endcap.ranking.rules.tastes import Tastes
from endcap.testing.shelves import factors, left, product, shelf, shopper

SHELF = shelf(
    product("chair", category=("Garden", "Chairs"), attributes={"wood": "Oak"}), product("table", brand="OAK"),
    product("lamp", tags=("leather",), category=("Garden",)), product("mug"),
)  # fmt: skip


def test_likes_rise_dislikes_fall_and_both_even_out() -> None:
    query = shopper(SHELF, preferences=Preferences(likes=("oak ",), dislikes=("Leather",)))
    assert factors(Tastes(factor=2), SHELF, query) == {"chair": 2, "table": 2, "lamp": 0.5}
    torn = shopper(SHELF, preferences=Preferences(likes=("oak",), dislikes=("garden",)))
    assert factors(Tastes(factor=2), SHELF, torn) == {"table": 2, "lamp": 0.5}


def test_dislikes_may_be_kept_out() -> None:
    query = shopper(SHELF, preferences=Preferences(dislikes=("leather", "oak")))
    assert left(Tastes(), SHELF, query) == ["chair", "table", "lamp", "mug"]
    assert left(Tastes(dislikes="remove"), SHELF, query) == ["mug"]


def test_who_stated_nothing_sees_no_difference() -> None:
    assert Tastes().factors(shopper(SHELF), SHELF, shopper(SHELF).cart) is None
    assert left(Tastes(dislikes="remove"), SHELF) == ["chair", "table", "lamp", "mug"]


def test_only_what_is_liked_may_be_wanted() -> None:
    likes = Preferences(likes=("oak", "garden"))
    assert left(Tastes(only=True), SHELF, shopper(SHELF, preferences=likes)) == ["chair", "table", "lamp"]
    torn = Preferences(likes=("garden",), dislikes=("leather",))
    assert left(Tastes(only=True), SHELF, shopper(SHELF, preferences=torn)) == ["chair"]
    for silent in (Preferences(), Preferences(dislikes=("leather",))):
        assert left(Tastes(only=True), SHELF, shopper(SHELF, preferences=silent)) == []
    assert Tastes(only=True).factors(shopper(SHELF, preferences=likes), SHELF, shopper(SHELF).cart) is None
