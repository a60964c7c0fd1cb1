from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endcap.core.events import EARLIEST_MS, EVENT_TYPES, KIND, LATEST_MS, REQUIRED, Event, Line, decode_event, encode_event
from endcap.errors import BadEvent

AT = 1_300_000_000_000


def decode(text: str) -> Event:
    return msgspec.json.decode(text.encode(), type=Event)


def test_times_are_iso_or_milliseconds() -> None:
    texts = ["1299999600000", '"2011-03-13T07:00:00Z"', '"2011-03-13T07:00:00"', '"2011-03-13T08:00:00+01:00"']
    assert {decode(f'{{"event_id":"1","type":"view","item_id":"a","at":{text}}}').at for text in texts} == {1_299_999_600_000}
    local = datetime(2011, 3, 13, 8, tzinfo=timezone(timedelta(hours=1)))
    assert Event(event_id="1", type="view", item_id="a", at=local).at_ms == 1_299_999_600_000


def test_seconds_are_noticed() -> None:
    with pytest.raises(BadEvent, match="not seconds") as caught:
        Event(event_id="1", type="view", item_id="a", at=1_300_000_000)
    assert caught.value.field == "at"


def test_microseconds_are_noticed() -> None:
    with pytest.raises(BadEvent, match="not microseconds") as caught:
        Event(event_id="1", type="view", item_id="a", at=1_300_000_000_000_000)
    assert caught.value.field == "at"


def test_a_rating_of_nought_is_a_rating() -> None:
    assert decode('{"event_id":"1","type":"rating","item_id":"a","at":1300000000000,"rating":0}').rating == 0
    with pytest.raises(BadEvent, match="needs rating"):
        Event(event_id="1", type="rating", item_id="a", at=AT)


def test_equal_events_give_equal_bytes() -> None:
    one = Event(event_id="1", type="survey", at=AT, context={"a": 1, "b": 2})
    other = Event(event_id="1", type="survey", at=AT, context={"b": 2, "a": 1})
    assert encode_event(one) == encode_event(other)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_each_type_needs_its_fields(kind: str) -> None:
    whole = {
        "event_id": "1", "type": kind, "at": AT, "item_id": "a", "query": "mug", "rating": 4.0, "user_id": "u", "session_id": "s",
        "items": [{"item_id": "a"}],
    }  # fmt: skip
    assert msgspec.convert(whole, Event).type == kind
    for field in REQUIRED.get(kind, ()):
        lacking = {name: value for name, value in whole.items() if name != field}
        with pytest.raises(BadEvent, match=f"needs {field}") as caught:
            msgspec.convert(lacking, Event)
        assert caught.value.field == field


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-1", "1e400"])
def test_money_is_finite_and_not_negative(price: str) -> None:
    with pytest.raises(BadEvent, match="price is"):
        decode(f'{{"event_id":"1","type":"view","item_id":"a","at":{AT},"price":"{price}"}}')
    with pytest.raises(BadEvent):
        Line(item_id="a", price=Decimal(price))


def test_numbers_of_types_never_change() -> None:
    assert [KIND[name] for name in ("view", "add_to_cart", "purchase", "refund", "usage")] == [0, 3, 6, 7, 16]


def test_lines_are_the_items_or_the_item() -> None:
    one = Event(event_id="1", type="view", at=AT, item_id="a", quantity=2)
    assert one.lines == (Line(item_id="a", quantity=2),)
    order = Event(event_id="1", type="purchase", at=AT, items=(Line(item_id="a"), Line(item_id="b")))
    assert [line.item_id for line in order.lines] == ["a", "b"]
    assert Event(event_id="1", type="search", at=AT, query="mug").lines == ()


ids = st.text(min_size=1, max_size=128)


@given(
    event_id=ids, item_id=ids, session_id=st.none() | ids, at=st.integers(EARLIEST_MS, LATEST_MS),
    price=st.none() | st.decimals(0, 10**12, places=2), context=st.none() | st.dictionaries(ids, st.integers() | st.text()),
)  # fmt: skip
def test_an_event_survives_its_bytes(
    event_id: str, item_id: str, session_id: str | None, at: int, price: Decimal | None, context: dict[str, object] | None
) -> None:
    event = Event(
        event_id=event_id,
        type="view",
        at=at,
        item_id=item_id,
        session_id=session_id,
        price=price,
        context=context,
    )
    assert decode_event(encode_event(event)) == event
    assert encode_event(decode_event(encode_event(event))) == encode_event(event)
