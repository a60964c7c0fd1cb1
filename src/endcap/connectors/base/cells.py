"""What the text in a cell means: numbers, whole numbers, times, lists.

Exports write the same thing in many ways. Each function here reads one cell, returns nothing where the text has no sound
meaning, and never guesses between two meanings without being told which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from hashlib import sha256

import msgspec
import polars as pl

from endcap.core.events import EARLIEST_MS, MAX_MONEY
from endcap.core.time import to_ms

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_DECORATION = re.compile("[\\s\u00a0\u202f'\u2019]|[A-Z]{3}|[$\u00a3\u20ac\u00a5]")
_DECIMAL_COMMA = re.compile(r",\d{1,2}\D*$")
_TIME = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s*([AaPp])\.?[Mm]\.?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)
_EPOCH = re.compile(r"\d{9,14}(\.\d+)?")
_MS_FROM = 100_000_000_000  # as seconds that is the year 5138, as milliseconds 1973
_NO = frozenset({"", "0", "false", "no", "n", "off"})


def parse_number(text: str, *, decimal_comma: bool = False) -> Decimal | None:
    """The number in a cell, with currency signs and thousands separators taken away.

    Of two kinds of separators the last is the decimal one. A lone comma separates thousands unless ``decimal_comma``.

    >>> parse_number("£1,234.50"), parse_number("1.234,50"), parse_number("2,5", decimal_comma=True), parse_number("n/a")
    (Decimal('1234.50'), Decimal('1234.50'), Decimal('2.5'), None)
    """
    plain = _DECORATION.sub("", text)
    if plain.startswith("(") and plain.endswith(")"):
        plain = "-" + plain[1:-1]
    comma, dot = plain.rfind(","), plain.rfind(".")
    if comma > dot and (dot >= 0 or decimal_comma):
        plain = plain.replace(".", "").replace(",", ".")
    elif plain.count(".") > 1 and comma < 0:
        plain = plain.replace(".", "")
    else:
        plain = plain.replace(",", "")
    return Decimal(plain) if _NUMBER.fullmatch(plain) else None


def uses_decimal_comma(cells: Iterable[str | None]) -> bool:
    """Whether any cell of a column can only be read with a comma before the decimals.

    >>> uses_decimal_comma(["1,234", "2,55"]), uses_decimal_comma(["1,234", "2.55"])
    (True, False)
    """
    return any(cell is not None and _DECIMAL_COMMA.search(cell) is not None for cell in cells)


def money_text(amount: Decimal) -> str | None:
    """An amount in its one canonical form, without an exponent or trailing zeros; nothing beyond the bounds of money.

    >>> money_text(Decimal("2.50")), money_text(Decimal("1E+2")), money_text(Decimal(-1))
    ('2.5', '100', '-1')
    """
    if abs(amount) > MAX_MONEY:
        return None
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def parse_time(text: str, zone: tzinfo, *, day_first: bool = False) -> int | None:
    """The instant in a cell, in milliseconds: ISO 8601, day or month first, or seconds or milliseconds since 1970.

    Years have four digits. A time without an offset is read in ``zone``; one that a clock shows twice is the first of the two.

    >>> from datetime import UTC
    >>> parse_time("2011-12-09 12:50", UTC) == parse_time("12/9/2011 12:50 PM", UTC) == parse_time("1323435000", UTC)
    True
    >>> parse_time("9/12/2011 12:50", UTC, day_first=True) == parse_time("2011-12-09T13:50:00+01:00", UTC)
    True
    >>> parse_time("2011-02-30", UTC) is None
    True
    """
    text = text.strip()
    if _EPOCH.fullmatch(text):
        number = float(text)
        at_ms = round(number) if number >= _MS_FROM else round(number * 1000)
        return at_ms if at_ms >= EARLIEST_MS else None
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    first, second, third, hour, minute, seconds, fraction, half, offset = found.groups()
    if len(first) == 4:
        year, month, day = first, second, third
    else:
        year, month, day = (third, second, first) if day_first else (third, first, second)
    if len(year) != 4 or len(day) > 2:
        return None
    try:
        moment = datetime(
            int(year), int(month), int(day), _hour(int(hour or 0), half), int(minute or 0), int(seconds or 0),
            int((fraction or "0").ljust(6, "0")[:6]), tzinfo=_zone(offset, zone),
        )  # fmt: skip
        at_ms = to_ms(moment)
    except (ValueError, OverflowError):
        return None
    return at_ms if at_ms >= EARLIEST_MS else None


def is_day_first(cells: Iterable[str | None]) -> bool | None:
    """Whether the dates of a column have the day before the month; nothing where every cell could be read both ways.

    >>> is_day_first(["1/2/2011", "31/1/2011"]), is_day_first(["1/31/2011"]), is_day_first(["1/2/2011"])
    (True, False, None)
    """
    for cell in cells:
        found = _TIME.fullmatch(cell.strip()) if cell else None
        if found and len(found[1]) < 3:
            if int(found[1]) > 12:
                return True
            if int(found[2]) > 12:
                return False
    return None


def may_be_day_first(cells: Iterable[str | None]) -> bool:
    """Whether any cell is a date that does not begin with the year."""
    return any(cell is not None and (found := _TIME.fullmatch(cell.strip())) is not None and len(found[1]) < 3 for cell in cells)


def parse_flag(text: str) -> bool:
    """Whether a cell says yes.

    >>> parse_flag("TRUE"), parse_flag("no")
    (True, False)
    """
    return text.strip().lower() not in _NO


def parse_list(text: str, separators: str) -> tuple[str, ...]:
    """The parts of a cell that holds several things: a JSON list, or text cut at any of ``separators``.

    >>> parse_list("Home > Kitchen", ">"), parse_list('["a", "b"]', ",")
    (('Home', 'Kitchen'), ('a', 'b'))
    """
    if text.startswith("["):
        try:
            return tuple(str(part) for part in msgspec.json.decode(text, type=list[str | int | float]))
        except msgspec.MsgspecError:
            pass
    parts = re.split("[" + re.escape(separators) + "]", text)
    return tuple(part.strip() for part in parts if part.strip())


def mail_id(address: str) -> str:
    """A customer id that stands for an e-mail address, so that the address itself is not kept.

    It is ``mail-`` and the first 32 hexadecimal digits of the SHA-256 of the trimmed, lower-case address, which a shop can
    compute too.

    >>> mail_id(" Ann@Example.org") == mail_id("ann@example.org")
    True
    """
    return "mail-" + sha256(address.strip().lower().encode()).hexdigest()[:32]


def map_cells(cells: pl.Series, function: Callable[[str], object], dtype: type[pl.DataType]) -> pl.Series:
    """``function`` of every cell, called once for each distinct text; empty cells stay empty."""
    distinct = cells.drop_nulls().unique()
    if distinct.is_empty():
        return pl.Series(cells.name, [None] * len(cells), dtype=dtype)
    meant = pl.Series([function(text) for text in distinct.to_list()], dtype=dtype)
    return cells.replace_strict(distinct, meant, default=None, return_dtype=dtype)


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("no such hour on a twelve-hour clock")
    return hour % 12 + (12 if half in "pP" else 0)


def _zone(offset: str | None, zone: tzinfo) -> tzinfo:
    if offset is None:
        return zone
    if offset[0] not in "+-":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if offset[0] == "-" else delta)
