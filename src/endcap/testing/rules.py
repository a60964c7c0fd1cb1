"""What every rule must do; a plug-in's author can run it too."""

from __future__ import annotations

from dataclasses import fields

import msgspec
import numpy as np
import pytest

from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.catalog import Item
from endcap.core.query import Purchase, Query, Rows
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

    def test_it_answers_any_query_with_rows_that_there_are(self, rule: type[Rule], query: Query) -> None:
        items = view()
        removed = rule().removes(query, items)
        assert removed.dtype == np.int32
        assert removed.ndim == 1
        assert ((removed >= 0) & (removed < len(items))).all()

    def test_it_leaves_query_and_catalogue_alone(self, rule: type[Rule], query: Query) -> None:
        items, untouched = view(), view()
        before = {one.name: np.array(getattr(query, one.name), copy=True) for one in fields(query) if one.name in _ROWS}
        rule().removes(query, items)
        for name, rows in before.items():
            np.testing.assert_array_equal(getattr(query, name), rows)
        assert items.items == untouched.items
        np.testing.assert_array_equal(items.table.blocked, untouched.table.blocked)

    def test_the_same_query_gets_the_same_answer(self, rule: type[Rule], query: Query) -> None:
        np.testing.assert_array_equal(rule().removes(query, view()), rule().removes(query, view()))

    def test_it_answers_before_anything_is_trained(self, rule: type[Rule], query: Query) -> None:
        removed = rule().removes(query, view(trained=False))
        assert removed.dtype == np.int32


_ROWS = ("cart", "history", "exclude")


def view(*, trained: bool = True) -> AnswerView:
    """What a rule looks at: three products and a row without one; every item is related to the next, and the last to none."""
    described = [Item(item_id=one, title=one.title()) for one in _IDS if one != _UNDESCRIBED]
    rows, n = np.arange(len(_IDS) - 1), len(_IDS)
    artifacts = {
        "relations": ItemNeighbors.from_triples(rows, rows + 1, np.array([1.0, -1.0, -1.0]), n_items=n, reason="goes_with"),
        "upgrades": ItemNeighbors.from_triples(rows, rows + 1, np.ones(n - 1), n_items=n, reason="upgrade"),
    }
    return AnswerView(ItemTable(_IDS, described), artifacts if trained else {})


def _nobody() -> Query:
    return Query(NOW_MS, -1, _rows(), _rows(), _rows())


def _somebody() -> Query:
    return Query(NOW_MS, 0, _rows(1), _rows(2, 0), _rows(), (Purchase(2, NOW_MS - 1),), frozenset({"regulars"}))


def _everything() -> Query:
    """All rows in every part, one of them without a product."""
    every = range(len(_IDS))
    return Query(NOW_MS, len(_IDS) - 1, _rows(*every), _rows(*every), _rows(*every), tuple(Purchase(row, 0) for row in every))


def _rows(*rows: int) -> Rows:
    return np.array(rows, dtype=np.int32)


_QUERIES = {"nobody": _nobody, "somebody": _somebody, "everything": _everything}
