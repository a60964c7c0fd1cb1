"""Fields of an event that Endcap does not know: they are kept, in its ``context``."""

from __future__ import annotations

from collections.abc import Set

import msgspec

from endcap.core.events import Event, Line
from endcap.errors import BadEvent

_EVENT_FIELDS = frozenset(Event.__struct_fields__)
_LINE_FIELDS = frozenset(Line.__struct_fields__)

Fields = dict[str, msgspec.Raw]
"""A JSON object whose values are still the bytes that were sent, so that no decimal passes through a float."""

_fields = msgspec.json.Decoder(Fields)
_lines = msgspec.json.Decoder(list[Fields])


def foreign_fields_in_context(event: Fields) -> Fields:
    """The event with all fields that :class:`Event` lacks moved into ``context``, those of its lines as a list ``items`` there.

    Raises BadEvent where a field is sent both in the event and in its context, or ``context`` is no object.

    >>> event = foreign_fields_in_context({"type": msgspec.Raw(b'"view"'), "dwell": msgspec.Raw(b"1.50")})
    >>> msgspec.json.encode(event)
    b'{"type":"view","context":{"dwell":1.50}}'
    """
    known, foreign = _sorted_out(event, _EVENT_FIELDS)
    if "items" in known:
        known["items"], of_lines = _known_lines(known["items"])
        if of_lines is not None:
            foreign["items"] = of_lines
    if not foreign:
        return known
    context = _context(known.get("context"))
    for name in foreign.keys() & context.keys():
        raise BadEvent(
            f"{name} is sent twice, in the event and in its context", field=name, value=None, remedy="send it in context alone"
        )
    return {**known, "context": msgspec.Raw(msgspec.json.encode({**context, **foreign}))}


def _context(raw: msgspec.Raw | None) -> Fields:
    if raw is None or bytes(raw) == b"null":
        return {}
    try:
        return _fields.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadEvent("context is no object", field="context", value=None, remedy="send an object in context") from error


def _sorted_out(fields: Fields, known: Set[str]) -> tuple[Fields, Fields]:
    """The fields that are known, and the others."""
    return (
        {name: value for name, value in fields.items() if name in known},
        {name: value for name, value in fields.items() if name not in known},
    )


def _known_lines(raw: msgspec.Raw) -> tuple[msgspec.Raw, msgspec.Raw | None]:
    """The lines of an order with the fields that lines have, and what else was in each of them, where anything was."""
    try:
        lines = _lines.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return raw, None  # the decoder of events says what is wrong with it
    parts = [_sorted_out(line, _LINE_FIELDS) for line in lines]
    if not any(foreign for _, foreign in parts):
        return raw, None
    known, foreign = ([part[side] for part in parts] for side in (0, 1))
    return msgspec.Raw(msgspec.json.encode(known)), msgspec.Raw(msgspec.json.encode(foreign))
