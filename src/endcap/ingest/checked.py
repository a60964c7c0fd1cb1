"""JSON from strangers: decoded into structs, with errors that name the field, the value and the remedy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec

from endcap.errors import BadInput, BadJson, EndcapError, TooLarge

MAX_CONTEXT_DEPTH = 8
"""How deep objects and lists may nest inside ``context``."""

MAX_CONTEXT_BYTES = 8_192
"""How long ``context`` may be as JSON."""

_FEW, _SHORT = 10, 100
"""So many texts, each with its name so long, stay below MAX_CONTEXT_BYTES even at six bytes a character."""

MAX_SHOWN = 80
"""How many characters of a wrong value an error repeats."""

_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_WORDS = {
    "str": "text", "int": "a whole number", "float": "a number", "decimal": "a decimal number", "bool": "true or false",
    "array": "a list", "object": "an object", "null": "null", "datetime": "an ISO 8601 time",
}  # fmt: skip

T = TypeVar("T")
_anything = msgspec.json.Decoder(Any)


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The struct that the JSON in ``body`` stands for.

    Raises BadJson where it is no JSON, TooLarge where it nests too deep, and BadInput (or what the struct itself raises)
    where it is another thing than was asked for.
    """
    try:
        return _well_formed(decoder, body)
    except msgspec.ValidationError as error:
        # The decoder stops at the first wrong type: that the rest is JSON at all is not known yet.
        sent = _well_formed(_anything, body)
        raise explained(error, sent, known_fields(decoder.type)) from error


def _well_formed(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad_json(error, body) from error
    except RecursionError as error:
        raise _too_deep() from error


def known_fields(kind: Any) -> tuple[str, ...]:
    """The field names of a struct, none for anything else."""
    return kind.__struct_fields__ if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else ()


def explained(error: msgspec.ValidationError, sent: object, known: Sequence[str] = ()) -> BadInput:
    """What a validation error means to the person who sent that; ``known`` are the fields of its outermost object."""
    match = _MESSAGE.fullmatch(str(error))
    what, path = (match["what"], match["path"] or "") if match else (str(error), "")
    unknown = re.search(r"unknown field `(.*)`", what)
    missing = re.search(r"missing required field `(.*)`", what)
    if unknown or missing:
        name = unknown[1] if unknown else missing[1]  # type: ignore[index]
        field = f"{path}.{name}".lstrip(".")
        if missing:
            return BadInput(f"{field} is missing", field=field, value=None, remedy=f"send {field}")
        near = get_close_matches(name, known, n=1) if not path else []
        remedy = f"did you mean {near[0]}?" if near else "leave it out"
        return BadInput(f"{field} is not a field that is known here", field=field, value=name, remedy=remedy)
    value = _value_at(sent, path)
    field = path.lstrip(".") or "body"
    return BadInput(f"{field} is {shown(value)}", field=field, value=_brief(value), remedy=_remedy(what, field, value))


def check_context(context: dict[str, Any] | None) -> None:
    """Refuse a ``context`` that is too long or nests too deep."""
    if not context or is_small(context):
        return
    if _deeper_than(context, MAX_CONTEXT_DEPTH):
        raise TooLarge(f"context nests deeper than {MAX_CONTEXT_DEPTH} levels", field="context", value=None, remedy="flatten it")
    size = len(msgspec.json.encode(context))
    if size > MAX_CONTEXT_BYTES:
        raise TooLarge(
            f"context takes {size} bytes, above {MAX_CONTEXT_BYTES}", field="context", value=size, remedy="send less in context"
        )


def is_small(context: dict[str, Any]) -> bool:
    """Whether it is plainly within all limits, as almost every context is: a few short texts. Much cheaper than measuring it."""
    if len(context) > _FEW:
        return False
    for name, value in context.items():  # noqa: SIM110  # a generator would take three times as long
        if type(value) is not str or len(value) + len(name) > _SHORT:
            return False
    return True


def shown(value: object) -> str:
    """The value as a person recognises it, shortened.

    >>> shown("mug"), shown(None), shown(["a"] * 100)[:12]
    ('"mug"', 'null', '["a","a","a"')
    """
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _brief(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float) else shown(value).strip('"')


def _remedy(what: str, field: str, value: object) -> str:
    if field.rsplit(".", 1)[-1] in {"at", "available_from", "available_until"}:
        return "send ISO 8601 such as 2026-01-31T12:00:00Z, or whole milliseconds since 1970"
    if what.startswith("Expected `str") and isinstance(value, int | float) and not isinstance(value, bool):
        return f'send it as text: "{value}"'
    if what == "Invalid decimal string":
        return "send a decimal number such as 19.99"
    if what.startswith("Invalid enum value"):
        return "choose one of the documented values"
    if what.startswith("Expected"):
        wanted = what.removeprefix("Expected ").split(", got ")[0]
        return "send " + re.sub(r"`([^`]*)`", lambda found: _in_words(found[1]), wanted)
    return what[0].lower() + what[1:]


def _in_words(kinds: str) -> str:
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds.split(" | "))


def _value_at(value: object, path: str) -> object:
    for name, index in _STEP.findall(path):
        if name and isinstance(value, dict):
            value = value.get(name)
        elif index.isdecimal() and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
    return value


def _deeper_than(value: object, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_deeper_than(one, depth - 1) for one in inside)


def _bad_json(error: Exception, body: bytes) -> EndcapError:
    if not body.strip():
        return BadJson("the body is empty", field="body", value=None, remedy="send JSON")
    if isinstance(error, UnicodeDecodeError):
        return BadJson("the body is not UTF-8", field="body", value=None, remedy="encode the JSON as UTF-8")
    found = re.search(r"\(byte (\d+)\)", str(error))
    at = int(found[1]) if found else len(body)
    line = body.count(b"\n", 0, at) + 1
    column = at - body.rfind(b"\n", 0, at)
    what = re.sub(r"^JSON is malformed: | ?\(byte \d+\)$", "", str(error))
    return BadJson(
        f"the body is not JSON: {what} at line {line}, column {column}",
        field="body", value=body[max(0, at - 20) : at + 20].decode("utf-8", "replace"), remedy="send valid JSON",
    )  # fmt: skip


def _too_deep() -> TooLarge:
    return TooLarge("the body nests too deep", field="body", value=None, remedy="flatten it")
