from __future__ import annotations

import pytest

from endcap import registry
from endcap.cli._options import added
from endcap.errors import UnknownName


def test_what_is_made_on_demand_is_asked_for_by_its_own_name_or_by_its_extra() -> None:
    assert added(None) == []
    assert added(["slist", "bpr"]) == ["slist", "bpr"]
    if not registry.lacking("algorithms"):
        assert added(["slist", "neural"]) == ["slist", *registry.of_extra("algorithms", "neural")]


def test_a_name_that_is_neither_is_told_with_those_that_are() -> None:
    with pytest.raises(UnknownName, match="neither an algorithm nor an extra is named 'neutral'; choose among neural") as raised:
        added(["neutral"])
    assert "slist" in raised.value.sentence
