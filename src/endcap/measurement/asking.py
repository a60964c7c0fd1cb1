"""A report asked for in words, as addresses and the command line have them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from endcap.core.time import HOUR_MS
from endcap.errors import BadInput
from endcap.measurement.calendar import last_days
from endcap.measurement.questions import ReportQuery

_AGO = re.compile(r"([1-9]\d{0,3})([hdw])")
_DAYS = {"d": 1, "w": 7}

FIELDS: dict[str, str] = {
    "since": "From when: `30d`, `12w`, `24h` back from now (days begin at midnight), a date, an ISO 8601 time or milliseconds.",
    "until": "Until before when: a date, a time or milliseconds; now where it is left out. A date means its end.",
    "by": "Dimensions to tell apart, by commas: placement, shelf, source, arm, device, segment.",
    "step": "hour, day, week or month of the shop's calendar.",
    "where": "Values that dimensions must have, by commas, as in `placement:product,device:mobile`.",
    "metrics": "Names of the catalogue, by commas; all of them where it is left out.",
    "compare": "previous (the time right before) or year (the same days a year before).",
}
"""What can be asked, and how."""

DEFAULT_SINCE = "30d"


def query_of(told: Mapping[str, str], now_ms: int, zone: ZoneInfo) -> ReportQuery:
    """The query that these words stand for, the keys being those of :data:`FIELDS`.

    Raises BadInput that names the word and what it may be.

    >>> query = query_of({"since": "7d", "by": "placement", "where": "device:mobile"}, 1_774_863_000_000, ZoneInfo("UTC"))
    >>> (query.until_ms - query.since_ms) // HOUR_MS, query.by, dict(query.where)
    (153, ('placement',), {'device': 'mobile'})
    """
    for name in told:
        if name not in FIELDS:
            raise BadInput(f"{name} is not known here", field=name, value=told[name], remedy=f"use {', '.join(FIELDS)}")
    asked: dict[str, Any] = {
        "since_ms": _instant("since", told.get("since") or DEFAULT_SINCE, now_ms, zone),
        "until_ms": _instant("until", told["until"], now_ms, zone) if told.get("until") else now_ms,
        "by": list(_listed(told.get("by"))),
        "where": dict(_pairs(told.get("where"))),
        "metrics": list(_listed(told.get("metrics"))),
    }
    asked |= {name: told[name] for name in ("step", "compare") if told.get(name)}
    try:
        return msgspec.convert(asked, ReportQuery)
    except msgspec.ValidationError as error:
        field = next((name for name in FIELDS if f"`$.{name}" in str(error)), None)
        remedy = FIELDS[field] if field else "see the fields of a report"
        raise BadInput(str(error), field=field, value=told.get(field or ""), remedy=remedy) from error


def _instant(field: str, text: str, now_ms: int, zone: ZoneInfo) -> int:
    """When a word means; a date of ``until`` means the end of that day."""
    ago = _AGO.fullmatch(text)
    if ago is not None:
        count, unit = int(ago[1]), ago[2]
        return now_ms - count * HOUR_MS if unit == "h" else last_days(count * _DAYS[unit], now_ms, zone)[0]
    if text.isdigit():
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{field} is {text!r}", field=field, value=text, remedy=FIELDS[field]) from error
    if len(text) == len("2026-01-31") and field == "until":
        return last_days(1, round(at.replace(tzinfo=zone).timestamp() * 1000), zone)[1]
    return round((at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC).timestamp() * 1000)


def _listed(text: str | None) -> Iterable[str]:
    return (part.strip() for part in (text or "").split(",") if part.strip())


def _pairs(text: str | None) -> Iterable[tuple[str, str]]:
    for part in _listed(text):
        name, colon, value = part.partition(":")
        if not colon:
            raise BadInput(f"where has {part!r}", field="where", value=part, remedy=FIELDS["where"])
        yield name.strip(), value.strip()
