"""Batches of events and items: what is taken, what is rejected and why; and nothing that is sent breaks the parser."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.core.events import EVENT_TYPES, Event, encode_event
from endcap.core.time import DAY_MS
from endcap.errors import BadInput, BadJson, EndcapError, Forbidden, TooLarge
from endcap.ingest.parse import MAX_BATCH, Parsed, parse_events, parse_items

NOW_MS = 1_700_000_000_000


def view(**facts: Any) -> dict[str, Any]:
    return {"event_id": "e1", "type": "view", "at": NOW_MS, "item_id": "mug", **facts}


def parse(sent: Any) -> Parsed[Event]:
    return parse_events(sent if isinstance(sent, bytes) else msgspec.json.encode(sent), now_ms=NOW_MS)


def only(sent: Any) -> Event:
    parsed = parse(sent)
    assert parsed.rejected == []
    assert len(parsed.sound) == 1
    return parsed.sound[0]


@pytest.mark.parametrize("sent", [view(), [view()], {"events": [view()]}], ids=["object", "array", "envelope"])
def test_the_three_forms_of_a_batch(sent: Any) -> None:
    assert only(sent).item_id == "mug"


def test_a_purchase_alone_is_an_event_and_not_an_envelope() -> None:
    event = only(
        {"event_id": "o1", "type": "purchase", "at": NOW_MS, "items": [{"item_id": "mug", "price": 3.10}], "order_id": "1"}
    )
    assert event.lines[0].price == Decimal("3.1")


def test_unknown_fields_are_kept_in_context() -> None:
    event = only({**view(context={"page": "home"}), "dwell": 1.5, "tag": {"a": [1]}})
    assert event.context == {"page": "home", "dwell": 1.5, "tag": {"a": [1]}}


def test_known_decimals_pass_digit_by_digit_beside_unknown_fields() -> None:
    event = only(b'{"event_id":"1","type":"view","at":1700000000000,"item_id":"mug","price":0.1000000000000000055,"new":1}')
    assert event.price == Decimal("0.1000000000000000055")


def test_unknown_fields_of_lines_are_kept_in_context() -> None:
    event = only(
        {"event_id": "o", "type": "purchase", "at": NOW_MS, "items": [{"item_id": "a"}, {"item_id": "b", "name": "Bowl"}]}
    )
    assert [line.item_id for line in event.lines] == ["a", "b"]
    assert event.context == {"items": [{}, {"name": "Bowl"}]}


def test_a_field_cannot_be_sent_twice() -> None:
    assert parse(view(dwell=1, context={"dwell": 2})).rejected[0].field == "dwell"


@pytest.mark.parametrize(
    ("at", "at_ms"),
    [
        (NOW_MS, NOW_MS), (float(NOW_MS), NOW_MS), ("2023-11-14T22:13:20Z", NOW_MS), ("2023-11-14T23:13:20+01:00", NOW_MS),
        ("2023-11-14T22:13:20", NOW_MS), ("2023-11-14", NOW_MS // DAY_MS * DAY_MS), ("20231114T221320Z", NOW_MS),
    ],
)  # fmt: skip
def test_times_are_iso_8601_or_milliseconds(at: Any, at_ms: int) -> None:
    assert only(view(at=at)).at_ms == at_ms


@pytest.mark.parametrize(
    ("sent", "code", "field", "said"),
    [
        (7, "bad_input", "body", "send an object"),
        (view(type="veiw"), "bad_event", "type", "did you mean view? send one of view, click"),
        (view(type=None), "bad_event", "type", "null"),
        (view(type="add_to_basket"), "bad_event", "type", "add_to_cart"),
        (view(item_id=7), "bad_input", "item_id", 'send it as text: "7"'),
        (view(event_id=7), "bad_input", "event_id", 'send it as text: "7"'),
        (view(event_id="x" * 129), "bad_input", "event_id", "128"),
        (view(item_id=None), "bad_event", "item_id", "a view event needs item_id"),
        (view(at=NOW_MS // 1000), "bad_event", "at", "not seconds"),
        (view(at=NOW_MS + DAY_MS + 1), "bad_event", "at", "a day ahead"),
        (view(at="yesterday"), "bad_input", "at", '"yesterday"'),
        (view(at=None), "bad_input", "at", "ISO 8601"),
        (view(quantity=0), "bad_input", "quantity", "whole number >= 1"),
        (view(price=-1), "bad_event", "price", "-1"),
        (view(price="cheap"), "bad_input", "price", "19.99"),
        (view(currency="euro"), "bad_input", "currency", "euro"),
        (
            view(type="purchase", items=[{"item_id": "a"}, {"item_id": "b", "quantity": -1}]),
            "bad_input",
            "items[1].quantity",
            "-1",
        ),
        (view(type="purchase"), "bad_event", "items", "needs items"),
        (view(context=[1]), "bad_input", "context", "object"),
        (view(context={"a": "x" * 9_000}), "too_large", "context", "8192"),
        (view(deep=[[[[[[[[[1]]]]]]]]]), "too_large", "context", "flatten"),
    ],
)
def test_a_reject_names_field_value_and_remedy(sent: Any, code: str, field: str, said: str) -> None:
    parsed = parse([view(event_id="good"), sent])
    assert [event.event_id for event in parsed.sound] == ["good"]
    (reject,) = parsed.rejected
    assert (reject.index, reject.code, reject.field) == (1, code, field)
    assert said in reject.message
    assert reject.remedy


@pytest.mark.parametrize(
    ("sent", "error", "said"),
    [
        (b"", BadJson, "empty"), (b"  ", BadJson, "empty"), (b"{", BadJson, "truncated"),
        (b'[{"a":1},\n x]', BadJson, "line 2, column 2"),
        (b'"\xff"', BadJson, "UTF-8"), (b"7", BadInput, "object"),
        (b"[" * 100_000, TooLarge, "deep"),
        (b'{"events":{}}', BadInput, "events"), (b'{"events":[],"shop":"x"}', BadInput, "shop"),
        (msgspec.json.encode([view()] * (MAX_BATCH + 1)), TooLarge, "at most 1000"),
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused_as_a_whole(sent: bytes, error: type[EndcapError], said: str) -> None:
    with pytest.raises(error, match=said):
        parse(sent)


def test_permission_is_asked_for_each_event() -> None:
    def permit(event: Event) -> None:
        if event.event_id == "no":
            raise Forbidden("not this one", field="event_id")

    body = msgspec.json.encode([view(), view(event_id="no"), {**view(event_id="no"), "extra": 1}])
    parsed = parse_events(body, now_ms=NOW_MS, permit=permit)
    assert [event.event_id for event in parsed.sound] == ["e1"]
    assert [(one.index, one.code) for one in parsed.rejected] == [(1, "forbidden"), (2, "forbidden")]


def test_items_in_three_forms_and_a_reject() -> None:
    item = {"item_id": "mug", "title": "Mug"}
    for sent in (item, [item], {"items": [item]}):
        assert [one.title for one in parse_items(msgspec.json.encode(sent)).sound] == ["Mug"]
    parsed = parse_items(msgspec.json.encode([item, {"item_id": "x", "titel": "X"}]))
    assert "did you mean title?" in parsed.rejected[0].message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={name: JSON | st.sampled_from(EVENT_TYPES) | st.just(NOW_MS) for name in Event.__struct_fields__} | {"other": JSON},
)


@given(st.lists(FIELDS | JSON, max_size=4))
def test_any_json_is_taken_or_rejected_member_by_member(members: list[Any]) -> None:
    parsed = parse(members)
    assert len(parsed.sound) + len(parsed.rejected) == len(members)
    for event in parsed.sound:
        assert msgspec.json.decode(encode_event(event), type=Event) == event
    for reject in parsed.rejected:
        assert reject.message
        msgspec.json.encode(reject)


@given(st.binary(max_size=40) | st.binary(max_size=12).map(lambda some: b'[{"event_id":"' + some + b'","type":"view","at":1}]')
       | st.binary(max_size=12).map(lambda some: b'{"type":' + some + b',"at":[],"x":' + some + b"}"))  # fmt: skip
def test_any_bytes_give_a_batch_or_an_error_of_ours(body: bytes) -> None:
    for parse_bytes in (lambda sent: parse_events(sent, now_ms=NOW_MS), parse_items):
        with contextlib.suppress(BadInput, TooLarge):
            parse_bytes(body)
