"""What every rule must do; a plug-in's author can run it too."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import numpy as np
import pytest

from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.catalog import Item
from endcap.core.context import Context
from endcap.core.preferences import Preferences
from endcap.core.query import Purchase, Query, Rows
from endcap.ranking.rulebook import ActiveRules, Rulebook
from endcap.ranking.rules.base import Rule
from endcap.serving.items import ItemTable
from endcap.serving.view import AnswerView

NOW_MS = 1_700_000_000_000
_UNDESCRIBED = "known from events only"
_IDS = ["mug", "spoon", "lamp", _UNDESCRIBED]


class RuleContract:
    """What holds for every rule. A test class inherits it and gives the fixture ``rule``, the class."""

    @pytest.fixture(params=["nobody", "somebody", "everything"])
    def query(self, request: pytest.FixtureRequest) -> Query:
        return _QUERIES[request.param]()

    def test_it_says_what_it_is(self, rule: type[Rule]) -> None:
        assert issubclass(rule, Rule)
        assert rule.label
        assert rule.__doc__

    def test_its_options_have_defaults_and_survive_json(self, rule: type[Rule]) -> None:
        built = rule()
        assert msgspec.json.decode(msgspec.json.encode(built), type=rule) == built
        assert msgspec.convert(built.options(), rule) == built

    def test_it_keeps_out_rows_that_there_are(self, rule: type[Rule], query: Query) -> None:
        items = view()
        removed, allowed = rule().removes(query, items), rule().allows(query, items)
        for rows in (removed, allowed):
            if rows is None or rows.dtype == np.bool_:
                assert rows is None or rows.shape == (len(items),)
            else:
                assert rows.dtype == np.int32
                assert ((rows >= 0) & (rows < len(items))).all()

    def test_its_factors_are_above_0_and_one_for_each_row(self, rule: type[Rule], query: Query) -> None:
        factors = rule().factors(query, view(), EVERY)
        if factors is not None:
            assert factors.dtype == np.float32
            assert factors.shape == EVERY.shape
            assert ((factors > 0) & np.isfinite(factors)).all()
            again = rule().factors(query, view(), EVERY[::-1].copy())
            assert again is not None
            np.testing.assert_array_equal(again[::-1], factors)

    def test_its_pins_and_caps_are_of_rows_that_there_are(self, rule: type[Rule], query: Query) -> None:
        items = view()
        assert all(0 <= pin.row < len(items) and pin.position >= 0 for pin in rule().pins(query, items))
        cap = rule().caps(query, items)
        if cap is not None:
            assert cap.codes.dtype == np.int32
            assert cap.codes.shape == (len(items),)
            assert cap.most >= 1

    def test_it_leaves_query_and_catalogue_alone(self, rule: type[Rule], query: Query) -> None:
        items, untouched = view(), view()
        before = {name: np.array(getattr(query, name), copy=True) for name in query.__struct_fields__ if name in _ROWS}
        effects(rule(), query, items)
        for name, rows in before.items():
            np.testing.assert_array_equal(getattr(query, name), rows)
        assert items.items == untouched.items
        np.testing.assert_array_equal(items.table.blocked, untouched.table.blocked)

    def test_the_same_query_gets_the_same_answer(self, rule: type[Rule], query: Query) -> None:
        items = view()
        assert effects(rule(), query, items) == effects(rule(), query, items) == effects(rule(), query, view())

    def test_it_sees_a_product_that_changed_as_if_it_had_always_been_so(self, rule: type[Rule], query: Query) -> None:
        changed = Item(
            item_id="spoon", title="Spoon", price=Decimal(90), cost=Decimal(1), currency="EUR", brand="Ash", tags=("service",),
            category=("garden",), seasons=("summer",), available_from=NOW_MS - 1, accessory_of=("mug",),
        )  # fmt: skip
        new = Item(item_id="tray", title="Tray", price=Decimal(3), currency="EUR", family="trays")
        built, seen, fresh = rule(), view(), view()
        effects(built, query, seen)
        seen.table.update([changed, new], deleted=["lamp"])
        fresh.table.update([changed, new], deleted=["lamp"])
        assert effects(built, query, seen) == effects(built, query, fresh)

    def test_it_answers_before_anything_is_trained(self, rule: type[Rule], query: Query) -> None:
        effects(rule(), query, view(trained=False))

    def test_outside_its_dates_for_others_and_as_a_dry_run_it_does_nothing(self, rule: type[Rule], query: Query) -> None:
        for options in (
            {"starts_at": query.now_ms + 1},
            {"ends_at": query.now_ms},
            {"audience": ("strangers",)},
            {"dry_run": True},
        ):
            active = ActiveRules(Rulebook((rule(**options),), 8), query, items := view())
            blocked = np.zeros(items.table.room, dtype=np.uint8)
            active.block(blocked)
            assert not blocked.any()
            assert active.factors(EVERY) is None
            assert not active.pins
            assert not active.caps


_ROWS = ("cart", "history", "exclude")

EVERY: Rows = np.arange(len(_IDS), dtype=np.int32)


def effects(rule: Rule, query: Query, items: AnswerView) -> tuple[object, ...]:
    """All that a rule does, as plain data that can be compared."""
    removed, allowed = rule.removes(query, items), rule.allows(query, items)
    factors, cap = rule.factors(query, items, EVERY), rule.caps(query, items)
    return (
        np.flatnonzero(removed).tolist() if removed.dtype == np.bool_ else sorted(set(removed.tolist())),
        None if allowed is None else sorted(set(allowed.tolist())),
        None if factors is None else factors.tolist(),
        rule.pins(query, items),
        None if cap is None else (_as_groups(cap.codes), cap.most),
    )


def _as_groups(codes: Rows) -> list[int]:
    """The groups of a cap by their first row: which number a group has says nothing."""
    listed = codes.tolist()
    return [listed.index(code) if code >= 0 else -1 for code in listed]


def view(*, trained: bool = True) -> AnswerView:
    """What a rule looks at: three products and a row without one; every item is related to the next, and the last to none."""
    described = [
        Item(
            item_id="mug", title="Mug", category=("home", "kitchen"), brand="Oak", price=Decimal(8), cost=Decimal(4),
            currency="EUR", tags=("staff_pick",), attributes={"color": "blue"}, family="mugs", seasons=("winter",),
        ),
        Item(
            item_id="spoon", title="Spoon", category=("home", "kitchen"), brand="Ash", price=Decimal(12), currency="EUR",
            accessory_of=("mug",), attributes={"when": "next_visit"}, available_from=NOW_MS - 1,
        ),
        Item(item_id="lamp", title="Lamp", tags=("warranty",), accessory_of=("mug", "spoon"), tier="basic"),
    ]  # fmt: skip
    rows, n = np.arange(len(_IDS) - 1), len(_IDS)
    artifacts = {
        "relations": ItemNeighbors.from_triples(rows, rows + 1, np.array([1.0, -1.0, -1.0]), n_items=n, reason="goes_with"),
        "upgrades": ItemNeighbors.from_triples(rows, rows + 1, np.ones(n - 1), n_items=n, reason="upgrade"),
    }
    return AnswerView(ItemTable(_IDS, described), artifacts if trained else {})


def _nobody() -> Query:
    return Query(NOW_MS, -1, _rows(), _rows(), _rows())


def _somebody() -> Query:
    """A regular in the cold half of the year, with a product on the page and another one in the cart, who likes oak."""
    return Query(
        NOW_MS, 0, _rows(1), _rows(2, 0), _rows(), (Purchase(0, NOW_MS - 1),), frozenset({"regulars"}),
        preferences=Preferences(likes=("oak",), dislikes=("Ash",)), context=Context(hemisphere="south"),
    )  # fmt: skip


def _everything() -> Query:
    """All rows in every part, one of them without a product."""
    every = range(len(_IDS))
    return Query(NOW_MS, len(_IDS) - 1, _rows(*every), _rows(*every), _rows(*every), tuple(Purchase(row, 0) for row in every))


def _rows(*rows: int) -> Rows:
    return np.array(rows, dtype=np.int32)


_QUERIES = {"nobody": _nobody, "somebody": _somebody, "everything": _everything}
