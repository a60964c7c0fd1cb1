from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.core.events import encode_event
from endcap.core.time import iso
from tests.connectors.conftest import Shop, lines_of, new_shop

VIEW = {"event_id": "1", "type": "view", "at": 1_700_000_000_000, "user_id": "u", "item_id": "A"}
BUY = {
    "event_id": "2",
    "type": "purchase",
    "at": "2026-03-04T10:00:00Z",
    "order_id": "o",
    "items": [{"item_id": "A", "price": 2.50}],
}


def jsonl(*events: dict[str, Any]) -> bytes:
    return "".join(json.dumps(event) + "\n" for event in events).encode()


def test_events_keep_their_ids_and_their_order(shop: Shop) -> None:
    summary = shop.bring(shop.write("e.jsonl", jsonl(BUY, VIEW)))
    assert [event.event_id for event in shop.events] == ["2", "1"]
    assert (summary.files[0].layout, summary.lines, summary.orders, summary.guests, summary.customers) == (
        "endcap_events",
        2,
        1,
        1,
        1,
    )
    assert summary.notes == ["1 products of these events are not in the catalogue and cannot be shown; import a products file"]
    assert summary.first_at == "2023-11-14T22:13:20Z"


def test_what_was_exported_comes_back_byte_for_byte(shop: Shop) -> None:
    shop.bring(shop.write("e.jsonl", jsonl(BUY, VIEW)))
    exported = b"".join(encode_event(event) + b"\n" for event in shop.events)
    other = new_shop(shop.folder / "other")
    other.bring(other.write("e.jsonl", exported))
    assert b"".join(encode_event(event) + b"\n" for event in other.events) == exported


def test_unknown_fields_move_into_the_context(shop: Shop) -> None:
    shop.bring(shop.write("e.jsonl", jsonl({**VIEW, "page": "/a", "context": {"device": "phone"}})))
    assert shop.events[0].context == {"page": "/a", "device": "phone"}


def test_unknown_fields_of_lines_move_there_too(shop: Shop) -> None:
    line = {"item_id": 7, "quantity": 2, "price": 3.10, "colour": "red"}
    shop.bring(shop.write("e.jsonl", jsonl({**BUY, "items": [line, {"item_id": "B"}]})))
    (event,) = shop.events
    assert lines_of(event) == [("7", 2, "3.1"), ("B", 1, "None")]
    assert event.context == {"items": [{"colour": "red"}, {}]}


def test_a_context_that_is_null_takes_unknown_fields_and_one_that_names_them_already_is_refused(shop: Shop) -> None:
    shop.bring(shop.write("e.jsonl", jsonl({**VIEW, "page": "/a", "context": None})))
    assert shop.events[0].context == {"page": "/a"}
    sent = [
        {**VIEW, "event_id": "twice", "page": "/a", "context": {"page": "/b"}},
        {**VIEW, "event_id": "list", "page": 1, "context": [1]},
    ]
    summary = shop.bring(shop.write("f.jsonl", jsonl({**VIEW, "event_id": "good"}, *sent)))
    assert summary.rejects == {"bad_page": 1, "bad_context": 1}


def test_numbers_are_taken_as_ids_and_an_id_is_made_where_there_is_none(shop: Shop) -> None:
    event = {name: value for name, value in VIEW.items() if name != "event_id"} | {"user_id": 7}
    for _ in range(2):
        shop.bring(shop.write("e.jsonl", jsonl(event)))
    (found,) = shop.events
    assert found.user_id == "7"
    assert found.event_id.startswith("event:")


def test_times_without_an_offset_are_read_in_the_time_zone(shop: Shop) -> None:
    shop.bring(shop.write("e.jsonl", jsonl({**VIEW, "at": "2026-07-04 10:00:00"})), timezone="Europe/Berlin")
    assert iso(shop.events[0].at_ms) == "2026-07-04T08:00:00Z"


@pytest.mark.parametrize(
    ("event", "column", "reason"),
    [
        ({"type": "stare"}, "type", "unknown_type"),
        ({"type": None}, "type", "unknown_type"),
        ({"at": 4_000_000_000_000}, "at", "future_date"),
        ({"at": "soon"}, "at", "bad_date"),
        ({"at": None}, "at", "bad_date"),
        ({"item_id": None}, "item_id", "bad_item_id"),
        ({"quantity": 0}, "quantity", "bad_quantity"),
        ({"price": -1}, "price", "bad_price"),
        ({"currency": "euro"}, "currency", "bad_currency"),
        ({"type": "purchase", "items": [{"quantity": 1}]}, "items[0].item_id", "missing_item_id"),
        ({"type": "search"}, "query", "missing_query"),
    ],
)
def test_what_is_rejected_and_why(shop: Shop, event: dict[str, Any], column: str, reason: str) -> None:
    summary = shop.bring(shop.write("e.jsonl", jsonl(VIEW, {**VIEW, "event_id": "2", **event})))
    ((row, where, why, _),) = shop.rejected(summary)
    assert (row, where, why) == (2, column, reason)
    assert (summary.accepted, summary.rejected, summary.events) == (1, 1, 1)


def test_lines_that_are_no_json_are_rejected(shop: Shop) -> None:
    summary = shop.bring(shop.write("e.jsonl", jsonl(VIEW) + b'{"event_id": "2", \n"x"\n\xff\n'))
    assert summary.rejects == {"bad_json": 3}


@settings(max_examples=50, deadline=None)
@given(
    events=st.lists(
        st.fixed_dictionaries(
            {
                "event_id": st.integers(0, 20).map(str),
                "type": st.sampled_from(["view", "click", "purchase", "nonsense"]),
                "at": st.sampled_from([1_700_000_000_000, "2026-01-01", None]),
                "item_id": st.sampled_from(["A", "B"]),
            }
        ),
        max_size=20,
    ),
    cut=st.integers(0, 20),
)
def test_two_halves_add_what_the_whole_adds(
    tmp_path_factory: pytest.TempPathFactory, events: list[dict[str, Any]], cut: int
) -> None:
    whole, halves = (new_shop(tmp_path_factory.mktemp("s")) for _ in range(2))
    first = {**VIEW, "event_id": "first"}
    summary = whole.bring(whole.write("e.jsonl", jsonl(first, *events)))
    assert summary.lines == summary.accepted + summary.rejected + summary.merged == len(events) + 1
    assert summary.accepted == summary.events + summary.duplicates + summary.quarantined
    halves.bring(halves.write("a.jsonl", jsonl(first, *events[:cut])))
    halves.bring(halves.write("b.jsonl", jsonl(first, *events[cut:])))
    assert halves.events == whole.events
    assert halves.bring(halves.write("c.jsonl", jsonl(first, *events))).events == 0
