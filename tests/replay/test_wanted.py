from __future__ import annotations

import pytest

from endcap import registry
from endcap.algorithms.base import Algorithm
from endcap.errors import UnknownName
from endcap.replay.applicable import applicable
from endcap.replay.wanted import Wanted
from endcap.testing.histories import example

ON_DEMAND = {
    name
    for name in registry.names("algorithms")
    if issubclass(found := registry.find("algorithms", name), Algorithm) and not found.by_default
}


def test_by_default_everything_is_tried_but_what_is_made_on_demand() -> None:
    asked_for, left_out = Wanted().algorithms()
    assert {"slist", "bpr"} <= ON_DEMAND
    assert set(asked_for) == set(registry.names("algorithms")) - ON_DEMAND
    assert set(left_out) == ON_DEMAND
    assert left_out["slist"] == "made on demand only: name it with --with or --only"
    assert Wanted().whole
    assert Wanted().peers == ()


def test_what_is_made_on_demand_is_tried_beside_the_others() -> None:
    asked_for, left_out = Wanted.of(also=["slist"]).algorithms()
    assert "slist" in asked_for
    assert "co_purchase" in asked_for
    assert set(left_out) == ON_DEMAND - {"slist"}


def test_only_these_rows_and_no_word_of_the_others() -> None:
    wanted = Wanted.of(["slist", "implicit_bm25"], also=["bpr"], every_peer=True)
    assert wanted.algorithms() == (("slist",), {})
    assert wanted.peers == ("implicit_bm25",)
    assert not wanted.whole
    alone = Wanted.of(["endcap"])
    assert alone.algorithms() == ((), {})
    assert alone.whole


def test_all_other_libraries_are_tried_where_they_are_asked_for() -> None:
    assert Wanted.of(every_peer=True).peers == registry.names("peers")


def test_a_row_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(UnknownName, match="no row is named 'slits'; did you mean slist") as raised:
        Wanted.of(["popularity", "slits"])
    assert raised.value.field == "only"
    assert all(name in raised.value.sentence for name in ("co_purchase", "implicit_als", "endcap"))


def test_what_is_asked_for_by_name_is_tried_with_whatever_there_is() -> None:
    few = example("2000-01-01 mug tea", "2000-01-02 mug tea")
    names, left_out = applicable("basket", few, "popularity", Wanted())
    assert "co_purchase" not in names
    assert left_out["co_purchase"] == "wants 500 bought pairs, the data have 1"
    assert applicable("basket", few, "popularity", Wanted.of(["co_purchase"])) == (["popularity", "co_purchase"], {})
