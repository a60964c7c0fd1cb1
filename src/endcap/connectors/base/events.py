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
from endcap.core.events import Event, Line
from endcap.errors import EndcapError

_PATH = re.compile(r"`\$\.?([^`]*)`")
_MISSING = re.compile(r"missing required field `(\w+)`")
_FIELDS = frozenset(Event.__struct_fields__)
_LINE_FIELDS = frozenset(Line.__struct_fields__)
_IDS = frozenset({"event_id", "user_id", "session_id", "item_id", "order_id"})
_SHOWN = 80
_MADE_ID = "event:"

_event = msgspec.json.Decoder(Event)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list_of_fields = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])


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
        known, others = _sorted_out(found, _FIELDS)
        if "items" in known:
            known["items"], unknown = _lines(known["items"])
            others |= {"items": unknown} if unknown else {}
        for name in _IDS & known.keys():
            known[name] = _id(known[name])
        if "event_id" not in known:
            known["event_id"] = msgspec.Raw(f'"{_MADE_ID}{sha256(text.strip()).hexdigest()[:32]}"'.encode())
        if "at" in known:
            known["at"] = self._time(known["at"])
        try:
            if others:
                context = _fields.decode(known["context"]) if "context" in known else {}
                known["context"] = msgspec.Raw(msgspec.json.encode({**others, **context}))
            return _event.decode(msgspec.json.encode(known))
        except msgspec.ValidationError as error:
            raise _unsound(str(error), known) from error
        except EndcapError as error:
            name = error.field or "type"
            raise Unsound(f"{'bad' if name in known else 'missing'}_{_named(name)}", name, _shown(known, name)) from error

    def _time(self, raw: msgspec.Raw) -> msgspec.Raw:
        text = bytes(raw).decode().strip('"')
        at_ms = parse_time(text, self._zone, day_first=self._day_first) if raw != b"null" else None
        return raw if at_ms is None else msgspec.Raw(str(at_ms).encode())


def _sorted_out(found: dict[str, msgspec.Raw], fields: frozenset[str]) -> tuple[dict[str, msgspec.Raw], dict[str, msgspec.Raw]]:
    known = {name: value for name, value in found.items() if name in fields}
    return known, {name: value for name, value in found.items() if name not in fields}


def _lines(raw: msgspec.Raw) -> tuple[msgspec.Raw, msgspec.Raw | None]:
    """The lines of an order with the fields that lines have, and what else was in each of them, where anything was."""
    try:
        lines = [_sorted_out(line, _LINE_FIELDS) for line in _list_of_fields.decode(raw)]
    except msgspec.MsgspecError:
        return raw, None  # the decoder of events says what is wrong with it
    for known, _ in lines:
        if "item_id" in known:
            known["item_id"] = _id(known["item_id"])
    others = [unknown for _, unknown in lines]
    text = msgspec.Raw(msgspec.json.encode([known for known, _ in lines]))
    return text, msgspec.Raw(msgspec.json.encode(others)) if any(others) else None


def _id(raw: msgspec.Raw) -> msgspec.Raw:
    """An id as text, where it was written as a number."""
    return msgspec.Raw(b'"' + bytes(raw) + b'"') if bytes(raw)[:1].isdigit() else raw


def _unsound(message: str, known: dict[str, msgspec.Raw]) -> Unsound:
    missing = _MISSING.search(message)
    path = _PATH.search(message)
    where = path[1] if path and "`$" in message else ""
    if missing:
        return Unsound(f"missing_{_named(missing[1])}", f"{where}.{missing[1]}".lstrip("."))
    name = re.split(r"[.\[]", where)[0]
    if name == "type":
        return Unsound("unknown_type", "type", _shown(known, "type"))
    return Unsound(f"bad_{_named(name)}", where, _shown(known, name))


def _named(field: str) -> str:
    """The word for a field in a reason code."""
    return "date" if field == "at" else field


def _shown(known: dict[str, msgspec.Raw], name: str) -> str:
    return bytes(known[name]).decode("utf-8", "replace").strip('"') if name in known else ""
