"""What every rule must do; a plug-in's author can run it too."""

from __future__ import annotations

from dataclasses import fields

import msgspec
import numpy as np
import pytest

from endcap.core.catalog import Item
from endcap.core.query import Purchase, Query, Rows
from endcap.ranking.rules.base import Rule
from endcap.serving.items import ItemTable

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
        items = _table()
        removed = rule().removes(query, items)
        assert removed.dtype == np.int32
        assert removed.ndim == 1
        assert ((removed >= 0) & (removed < len(items))).all()

    def test_it_leaves_query_and_catalogue_alone(self, rule: type[Rule], query: Query) -> None:
        items, untouched = _table(), _table()
        before = {one.name: np.array(getattr(query, one.name), copy=True) for one in fields(query) if one.name in _ROWS}
        rule().removes(query, items)
        for name, rows in before.items():
            np.testing.assert_array_equal(getattr(query, name), rows)
        assert items.items == untouched.items
        np.testing.assert_array_equal(items.blocked, untouched.blocked)

    def test_the_same_query_gets_the_same_answer(self, rule: type[Rule], query: Query) -> None:
        np.testing.assert_array_equal(rule().removes(query, _table()), rule().removes(query, _table()))


_ROWS = ("cart", "history", "exclude")


def _table() -> ItemTable:
    described = [Item(item_id=one, title=one.title()) for one in _IDS if one != _UNDESCRIBED]
    return ItemTable(_IDS, described)


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
