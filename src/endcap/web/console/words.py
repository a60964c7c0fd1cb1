"""Numbers, money, times and intervals as people read them, the same on every page."""

from __future__ import annotations

import math

from markupsafe import Markup, escape

from endcap.core.money import exponent
from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, iso

NARROW = "\u202f"
"""A narrow space that never breaks a line: between thousands, and before a unit."""
NOTHING = "–"
"""Stands where there is no number."""

_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪", "UAH": "₴", "TRY": "₺"}


def number(value: float, places: int = 0) -> str:
    """A number with narrow spaces between thousands.

    >>> number(1234567).replace(NARROW, "_"), number(-1234.5, 1).replace(NARROW, "_")
    ('1_234_567', '−1_234.5')
    """
    text = f"{abs(value):,.{places}f}".replace(",", NARROW)
    return f"−{text}" if value < 0 and any(digit in text for digit in "123456789") else text


def plain(value: float) -> str:
    """A number with as many places as its size asks for.

    >>> plain(1234.56).replace(NARROW, "_"), plain(12.345), plain(0.01234), plain(0)
    ('1_235', '12.3', '0.012', '0')
    """
    size = abs(value)
    if size == 0 or size >= 100 or value == int(value):
        return number(value)
    return number(value, 1 if size >= 10 else 2 if size >= 0.1 else min(8, 1 - math.floor(math.log10(size))))


def percent(share: float, places: int | None = None) -> str:
    """A share in per cent, with a place more where it is small.

    >>> [percent(one).replace(NARROW, " ") for one in (0.123, 0.0123, 0.00012, 1.0, 0.0)]
    ['12.3 %', '1.23 %', '0.012 %', '100 %', '0 %']
    """
    return f"{_percent(share, share, places)}{NARROW}%"


def _percent(share: float, scale: float, places: int | None = None) -> str:
    size = abs(100 * scale)
    if size < 0.0005:
        return "0"
    if places is None:
        places = 0 if size >= 99.95 or size == 0 else 1 if size >= 10 else 2 if size >= 0.1 else 3
    return number(100 * share, places)


def money(amount: float, currency: str | None, *, whole: bool | None = None) -> str:
    """An amount in the major unit of a currency; from a thousand on in whole units, unless it is said.

    >>> money(1234567.89, "EUR").replace(NARROW, "_"), money(-12.5, "GBP"), money(99, "JPY"), money(5, None)
    ('€1_234_568', '−£12.50', '¥99', '5.00')
    """
    places = 0 if (abs(amount) >= 1000 if whole is None else whole) else exponent(currency or "")
    text = number(amount, places)
    symbol = _SYMBOLS.get(currency, f"{currency}{NARROW}") if currency else ""
    return f"−{symbol}{text[1:]}" if text.startswith("−") else symbol + text


def trimmed(value: float) -> str:
    """A round number beside an axis, without places that say nothing.

    >>> trimmed(0.5), trimmed(20.0), trimmed(-12000.0).replace(NARROW, "_")
    ('0.5', '20', '−12_000')
    """
    places = next(places for places in range(10) if round(value, places) == round(value, 9))
    return number(value, places)


def duration(ms: float) -> str:
    """A length of time in the unit that fits.

    >>> [duration(one).replace(NARROW, " ") for one in (0.4, 12.34, 950, 4200, 90_000, 7_200_000, 3 * DAY_MS)]
    ['0.40 ms', '12.3 ms', '950 ms', '4.2 s', '1.5 min', '2 h', '3 days']
    """
    if ms < SECOND_MS - 0.5:
        return f"{number(ms, 0 if ms >= 100 or ms == 0 else 1 if ms >= 10 else 2)}{NARROW}ms"
    ms = max(ms, SECOND_MS)
    for unit_ms, name in ((DAY_MS, "days"), (HOUR_MS, "h"), (MINUTE_MS, "min"), (SECOND_MS, "s")):
        if ms >= unit_ms:
            count = ms / unit_ms
            text = number(count, 0 if abs(count - round(count)) < 0.05 or count >= 100 else 1)
            return f"{text}{NARROW}{'day' if name == 'days' and text == '1' else name}"
    raise AssertionError(ms)


def chance(propensity: float) -> str:
    """A probability in per cent, with as many places as tell it from never and from always.

    >>> chance(1.0), chance(0.853), chance(0.00042)
    ('100 %', '85 %', '0.042 %')
    """
    scaled = 100 * propensity
    return f"{scaled:.0f} %" if scaled >= 10 else f"{scaled:.2g} %"


def likelihood(probability: float) -> str:
    """A belief in per cent; what is as good as certain is not told to more places than it is worth.

    >>> likelihood(0.853), likelihood(2.6e-14), likelihood(0.9999)
    ('85 %', 'below 0.1 %', 'above 99.9 %')
    """
    if probability < 0.001:
        return "below 0.1 %"
    return "above 99.9 %" if probability > 0.999 else chance(probability)


def ago(ms: int) -> str:
    """How long ago, in the largest fitting unit.

    >>> ago(90_000), ago(5), ago(-5)
    ('1 min ago', 'just now', 'just now')
    """
    for unit_ms, name in ((DAY_MS, "days"), (HOUR_MS, "h"), (MINUTE_MS, "min"), (SECOND_MS, "s")):
        if ms >= unit_ms:
            count = ms // unit_ms
            return f"{number(count)} {'day' if name == 'days' and count == 1 else name} ago"
    return "just now"


def minute(at_ms: int) -> str:
    """An instant to the minute, in UTC.

    >>> minute(1_700_000_000_000)
    '14 Nov 2023, 22:13'
    """
    return f"{day(at_ms)}, {iso(at_ms)[11:16]}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(at_ms: int, *, year: bool = True) -> str:
    """The day of an instant, in UTC.

    >>> day(1_700_000_000_000), day(1_700_000_000_000, year=False)
    ('14 Nov 2023', '14 Nov')
    """
    text = iso(at_ms)
    short = f"{int(text[8:10])} {_MONTHS[int(text[5:7]) - 1]}"
    return f"{short} {text[:4]}" if year else short


def spoken(name: str) -> str:
    """A name of the interface as words: the first letter a capital, spaces for underscores.

    >>> spoken("add_to_cart")
    'Add to cart'
    """
    words = name.replace("_", " ").replace(".", " ")
    return words[:1].upper() + words[1:]


def coded(text: str) -> Markup:
    """The text with what stands between backticks as code.

    >>> coded("run `endcap train` <now>")
    Markup('run <code>endcap train</code> &lt;now&gt;')
    """
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts))


def count_of(value: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> count_of(1, "day"), count_of(2, "day"), count_of(0, "entry", "entries")
    ('1 day', '2 days', '0 entries')
    """
    return f"{number(value)} {one if value == 1 else many or one + 's'}"
