"""Fields that Endcap does not know are kept, and never replace one that was sent beside them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from endcap.core.foreign_fields import foreign_fields_in_context
from endcap.errors import BadEvent


def moved(sent: bytes | dict[str, Any]) -> bytes:
    text = sent if isinstance(sent, bytes) else msgspec.json.encode(sent)
    fields = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return msgspec.json.encode(foreign_fields_in_context(fields))


def test_what_is_known_stays_as_it_was_sent() -> None:
    sent = b'{"type":"purchase","items":[{"item_id":"a","price":0.10}],"context":null,"price":1.50}'
    assert moved(sent) == sent


def test_unknown_fields_join_the_context_digit_by_digit() -> None:
    assert moved(b'{"type":"view","dwell":1.50,"context":{"page":"home"}}') == (
        b'{"type":"view","context":{"page":"home","dwell":1.50}}'
    )


def test_a_context_of_null_is_an_empty_one() -> None:
    assert moved({"dwell": 1, "context": None}) == b'{"context":{"dwell":1}}'


def test_unknown_fields_of_lines_become_a_list_as_long_as_the_lines() -> None:
    assert msgspec.json.decode(moved({"items": [{"item_id": "a"}, {"item_id": "b", "name": "Bowl"}]})) == {
        "items": [{"item_id": "a"}, {"item_id": "b"}], "context": {"items": [{}, {"name": "Bowl"}]},
    }  # fmt: skip


def test_lines_that_are_none_are_left_to_the_decoder_of_events() -> None:
    assert moved({"items": "none", "dwell": 1}) == b'{"items":"none","context":{"dwell":1}}'


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"dwell": 1, "context": {"dwell": 2}}, "dwell"),
        ({"items": [{"colour": "red"}], "context": {"items": 1}}, "items"),
        ({"dwell": 1, "context": [1]}, "context"),
    ],
)
def test_a_context_that_cannot_take_them_is_refused(sent: dict[str, Any], field: str) -> None:
    with pytest.raises(BadEvent) as refused:
        moved(sent)
    assert refused.value.field == field
    assert refused.value.remedy
