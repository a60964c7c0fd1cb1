"""Bytes from outside → sound events and items, and a precise word on each that is not.

Most batches are sound, so a whole batch is decoded at once; only where that fails is each of its members looked at alone.
Fields of an event that Endcap does not know move into its ``context``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

import msgspec

from endcap.core.catalog import Item
from endcap.core.events import EVENT_TYPES, Event
from endcap.core.foreign_fields import foreign_fields_in_context
from endcap.core.meaning import check_meaning, is_mute
from endcap.core.time import DAY_MS, iso, to_ms
from endcap.errors import BadEvent, BadInput, EndcapError, TooLarge
from endcap.ingest.checked import check_context, decode, is_small, shown

MAX_BATCH = 1_000
"""How many events or items one request may carry."""

MAX_AHEAD_MS = DAY_MS
"""How far ahead of the clock an event may be: clocks of shops and browsers differ, but not by more."""

T = TypeVar("T")
R = TypeVar("R")


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """Why one member of a batch was not taken; ``index`` counts from 0 in the order that was sent."""

    index: int
    code: str
    field: str | None
    message: str
    value: Any = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """The sound members of a batch, in order, and what was wrong with the others."""

    sound: list[T]
    rejected: list[Reject]


class _Events(msgspec.Struct, forbid_unknown_fields=True):
    events: list[Event]


class _RawEvents(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


class _RawItems(msgspec.Struct, forbid_unknown_fields=True):
    items: list[msgspec.Raw]


_event = msgspec.json.Decoder(Event)
_event_list = msgspec.json.Decoder(list[Event])
_event_envelope = msgspec.json.Decoder(_Events)
_raw_list = msgspec.json.Decoder(list[msgspec.Raw])
_raw_events = msgspec.json.Decoder(_RawEvents)
_raw_items = msgspec.json.Decoder(_RawItems)
_raw_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_anything = msgspec.json.Decoder(Any)
_item = msgspec.json.Decoder(Item)


def parse_events(body: bytes, *, now_ms: int, permit: Callable[[Event], None] | None = None) -> Parsed[Event]:
    """The events of an object, an array or ``{"events": [...]}``.

    ``permit`` raises for an event that the sender may not send. Raises BadJson for what is no JSON, BadInput for what is
    no batch, TooLarge for a batch of more than MAX_BATCH.
    """
    latest_ms = now_ms + MAX_AHEAD_MS
    events = _all_at_once(body)
    if events is not None and len(events) > MAX_BATCH:
        raise _too_many(len(events), "events")

    if events is not None and permit is None and _all_plain(events, latest_ms):
        return Parsed(events, [])

    def check(event: Event) -> None:
        if event.at_ms > latest_ms:
            raise _too_early(event, now_ms)
        check_context(event.context)
        check_meaning(event)
        if permit is not None:
            permit(event)

    if events is not None:
        return _sift(events, lambda event: event, check)
    return _sift(_members(body, "events", lambda sent: decode(_raw_events, sent).events), _parse_event, check)


def parse_items(body: bytes) -> Parsed[Item]:
    """The items of an object, an array or ``{"items": [...]}``; raises as :func:`parse_events` does."""
    return _sift(
        _members(body, "items", lambda sent: decode(_raw_items, sent).items),
        lambda raw: decode(_item, bytes(raw)),
        lambda _item: None,
    )


def _all_plain(events: list[Event], latest_ms: int) -> bool:
    """Whether no event is early and no context needs measuring or reading: true of almost every batch."""
    for event in events:
        context = event.context
        if event.at_ms > latest_ms or (context is not None and not (is_small(context) and is_mute(event))):
            return False
    return True


def _sift(members: list[R], parse: Callable[[R], T], check: Callable[[T], None]) -> Parsed[T]:
    sound: list[T] = []
    rejected: list[Reject] = []
    for index, member in enumerate(members):
        try:
            one = parse(member)
            check(one)
        except EndcapError as error:
            rejected.append(
                Reject(
                    index=index,
                    code=error.code,
                    field=error.field,
                    message=error.sentence,
                    value=error.value,
                    remedy=error.remedy,
                )
            )
        else:
            sound.append(one)
    return Parsed(sound, rejected)


def _all_at_once(body: bytes) -> list[Event] | None:
    start = body[:16].lstrip()
    try:
        if start.startswith(b"["):
            return _event_list.decode(body)
        if start.startswith(b'{"events"'):
            return _event_envelope.decode(body).events
        return [_event.decode(body)]
    except (msgspec.MsgspecError, EndcapError, RecursionError, UnicodeDecodeError):
        return None


def _members(body: bytes, name: str, unwrapped: Callable[[bytes], list[msgspec.Raw]]) -> list[msgspec.Raw]:
    """The members of a batch as they were sent; ``unwrapped`` takes them out of an object with ``name``."""
    if body.lstrip()[:1] == b"[":
        members = decode(_raw_list, body)
    else:
        fields = decode(_raw_fields, body)
        members = unwrapped(body) if name in fields else [msgspec.Raw(body)]
    if len(members) > MAX_BATCH:
        raise _too_many(len(members), name)
    return members


def _parse_event(raw: msgspec.Raw) -> Event:
    try:
        return _event.decode(raw)
    except (msgspec.MsgspecError, EndcapError, RecursionError, UnicodeDecodeError):
        return decode(_event, _with_known_fields_only(bytes(raw)))


def _with_known_fields_only(raw: bytes) -> bytes:
    """The event with unknown fields in ``context``, and its time in milliseconds where it is ISO 8601 of a rarer form."""
    fields = decode(_raw_fields, raw)
    _check_type(fields.get("type"))
    known = foreign_fields_in_context(fields)
    if "at" in known:
        known["at"] = _readable_time(known["at"])
    return msgspec.json.encode(known)


def _readable_time(raw: msgspec.Raw) -> msgspec.Raw:
    value = decode(_anything, bytes(raw))
    if isinstance(value, float) and value.is_integer():
        return msgspec.Raw(str(int(value)).encode())
    if isinstance(value, str):
        try:
            return msgspec.Raw(str(to_ms(datetime.fromisoformat(value))).encode())
        except ValueError:
            return raw
    return raw


def _check_type(raw: msgspec.Raw | None) -> None:
    if raw is None:
        raise BadEvent("type is missing", field="type", value=None, remedy=f"send one of {', '.join(EVENT_TYPES)}")
    name: object = decode(_anything, bytes(raw))
    if name in EVENT_TYPES:
        return
    near = get_close_matches(name, EVENT_TYPES, n=1) if isinstance(name, str) else []
    hint = f"did you mean {near[0]}? " if near else ""
    raise BadEvent(
        f"type is {shown(name)}, which is no event type", field="type", value=shown(name).strip('"'),
        remedy=f"{hint}send one of {', '.join(EVENT_TYPES)}",
    )  # fmt: skip


def _too_early(event: Event, now_ms: int) -> BadInput:
    return BadEvent(
        f"at is {event.at_ms}, more than a day ahead of this machine's clock ({iso(now_ms)})", field="at", value=event.at_ms,
        remedy="send milliseconds since 1970 or ISO 8601 with the right offset, and check the sender's clock",
    )  # fmt: skip


def _too_many(count: int, name: str) -> TooLarge:
    return TooLarge(
        f"{count} {name} in one request, above {MAX_BATCH}", field=name, value=count, remedy=f"send at most {MAX_BATCH} at a time"
    )
