"""Events: what every connector of events does with one that may be unsound."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import ClassVar
from zoneinfo import ZoneInfo

import msgspec

from endcap.connectors.base.batch import Reject
from endcap.connectors.base.cells import parse_time
from endcap.connectors.base.connector import MAX_AHEAD_MS, Connector, Kind
from endcap.core.events import Event
from endcap.core.foreign_fields import Fields, foreign_fields_in_context
from endcap.errors import EndcapError

_PATH = re.compile(r"`\$\.?([^`]*)`")
_MISSING = re.compile(r"missing required field `(\w+)`")
_IDS = frozenset({"event_id", "user_id", "session_id", "item_id", "order_id"})
_SHOWN = 80
_MADE_ID = "event:"

_event = msgspec.json.Decoder(Event)
_fields = msgspec.json.Decoder(Fields)
_list_of_fields = msgspec.json.Decoder(list[Fields])


class EventConnector(Connector, frozen=True, kw_only=True):
    """Reads events. A layout overrides ``read`` and checks what it finds with an :class:`EventReader`."""

    kind: ClassVar[Kind] = "events"

    def reader(self, now_ms: int, *, day_first: bool = False) -> EventReader:
        """What turns JSON into checked events, as the options say."""
        return EventReader(ZoneInfo(self.timezone), now_ms + MAX_AHEAD_MS, day_first=day_first)


class Unsound(Exception):
    """An event that cannot be taken: a reason code, the field to blame and what was found there."""

    def __init__(self, reason: str, field: str, value: str = "") -> None:
        super().__init__(reason)
        self.reason, self.field, self.value = reason, field, value

    def reject(self, row: int, column: str | None = None) -> Reject:
        """The rejected row."""
        return Reject(row=row, column=column or self.field, reason=self.reason, value=self.value[:_SHOWN])


class EventReader:
    """Decodes events in Endcap's own JSON, most of them at once, and those of a rarer form with patience.

    Fields that Endcap does not know move into ``context``, numbers are taken as ids, a time without an offset is read in
    ``zone``, and an event without an id gets one that is made from its content.
    """

    def __init__(self, zone: ZoneInfo, latest_ms: int, *, day_first: bool = False) -> None:
        self._zone = zone
        self._latest_ms = latest_ms
        self._day_first = day_first
        self._is_utc = zone.key == "UTC"

    def event(self, text: bytes) -> Event:
        """The event. Raises Unsound where it is none."""
        try:
            event = _event.decode(text) if self._is_utc else self._patiently(text)
        except (msgspec.MsgspecError, EndcapError, UnicodeDecodeError):
            event = self._patiently(text)
        if event.at_ms > self._latest_ms:
            raise Unsound("future_date", "at", str(event.at_ms))
        return event

    def _patiently(self, text: bytes) -> Event:
        try:
            found = _fields.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Unsound("bad_json", "", text.decode("utf-8", "replace").strip()) from error
        try:
            return _event.decode(msgspec.json.encode(self._readable(foreign_fields_in_context(found), text)))
        except msgspec.ValidationError as error:
            raise _unsound(str(error), found) from error
        except EndcapError as error:
            name = error.field or "type"
            raise Unsound(f"{'bad' if name in found else 'missing'}_{_named(name)}", name, _shown(found, name)) from error

    def _readable(self, known: Fields, text: bytes) -> Fields:
        """The event with ids as text, one of its own where it has none, and its time in milliseconds."""
        if "items" in known:
            known["items"] = _with_ids_as_text(known["items"])
        for name in _IDS & known.keys():
            known[name] = _id(known[name])
        if "event_id" not in known:
            known["event_id"] = msgspec.Raw(f'"{_MADE_ID}{sha256(text.strip()).hexdigest()[:32]}"'.encode())
        if "at" in known:
            known["at"] = self._time(known["at"])
        return known

    def _time(self, raw: msgspec.Raw) -> msgspec.Raw:
        text = bytes(raw).decode().strip('"')
        at_ms = parse_time(text, self._zone, day_first=self._day_first) if raw != b"null" else None
        return raw if at_ms is None else msgspec.Raw(str(at_ms).encode())


def _with_ids_as_text(raw: msgspec.Raw) -> msgspec.Raw:
    try:
        lines = _list_of_fields.decode(raw)
    except msgspec.MsgspecError:
        return raw  # the decoder of events says what is wrong with it
    for line in lines:
        if "item_id" in line:
            line["item_id"] = _id(line["item_id"])
    return msgspec.Raw(msgspec.json.encode(lines))


def _id(raw: msgspec.Raw) -> msgspec.Raw:
    """An id as text, where it was written as a number."""
    return msgspec.Raw(b'"' + bytes(raw) + b'"') if bytes(raw)[:1].isdigit() else raw


def _unsound(message: str, sent: Fields) -> Unsound:
    missing = _MISSING.search(message)
    path = _PATH.search(message)
    where = path[1] if path and "`$" in message else ""
    if missing:
        return Unsound(f"missing_{_named(missing[1])}", f"{where}.{missing[1]}".lstrip("."))
    name = re.split(r"[.\[]", where)[0]
    if name == "type":
        return Unsound("unknown_type", "type", _shown(sent, "type"))
    return Unsound(f"bad_{_named(name)}", where, _shown(sent, name))


def _named(field: str) -> str:
    """The word for a field in a reason code."""
    return "date" if field == "at" else field


def _shown(sent: Fields, name: str) -> str:
    return bytes(sent[name]).decode("utf-8", "replace").strip('"') if name in sent else ""
