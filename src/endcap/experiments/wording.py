"""Figures as a person reads them: percent with a sign, chances, days."""

from __future__ import annotations

from datetime import UTC, datetime

from endcap.experiments.result import Effect, Interval


def percent(share: float) -> str:
    """A change in percent with its sign.

    >>> percent(0.0421), percent(-0.002), percent(12.5)
    ('+4.2 %', '−0.20 %', '+1,250 %')
    """
    digits = 0 if abs(share) >= 1.0 else 1 if abs(share) >= 0.01 else 2
    return f"{share * 100.0:+,.{digits}f} %".replace("-", "−")


def amount(value: float) -> str:
    """A difference in a metric's own unit, with its sign and four digits that count.

    >>> amount(-1234.5), amount(0.0001234)
    ('−1,234', '+0.0001234')
    """
    return f"{value:+,.0f}".replace("-", "−") if abs(value) >= 1_000.0 else f"{value:+.4g}".replace("-", "−")


def change(lift: float | None, difference: float | None) -> str:
    """How much a figure moved: in percent where that makes sense."""
    if lift is not None:
        return percent(lift)
    return amount(difference) if difference is not None else "unknown"


def between(lift: Interval | None, difference: Interval | None) -> str:
    """A range in words: in percent where that makes sense.

    >>> between(Interval(-0.01, 0.05), None), between(None, None)
    ('between −1.0 % and +5.0 %', 'anywhere')
    """
    if lift is not None:
        return f"between {percent(lift.low)} and {percent(lift.high)}"
    return f"between {amount(difference.low)} and {amount(difference.high)}" if difference is not None else "anywhere"


def moved(effect: Effect, spans: tuple[Interval | None, Interval | None], title: str, control: str) -> str:
    """A metric's change in a variant against the control, with the intervals of difference and lift that decide."""
    lift = effect.lift if spans[1] is not None else None
    return f"{inside(title)} {change(lift, effect.difference)} against “{control}” ({between(spans[1], spans[0])})"


def inside(title: str) -> str:
    """A title as it stands inside a sentence: without its capital, unless it is an abbreviation.

    >>> inside("Revenue per visitor"), inside("CTR")
    ('revenue per visitor', 'CTR')
    """
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def chance(p: float | None) -> str:
    """A chance in percent.

    >>> chance(0.042), chance(0.0000001), chance(None)
    ('4.2 %', 'less than 0.1 %', 'unknown')
    """
    if p is None:
        return "unknown"
    return "less than 0.1 %" if p < 0.001 else f"{p * 100.0:.1f} %"


def day(at_ms: int) -> str:
    """A day, in UTC.

    >>> day(0)
    '1 January 1970'
    """
    at = datetime.fromtimestamp(at_ms / 1_000, tz=UTC)
    return f"{at.day} {at:%B %Y}"
