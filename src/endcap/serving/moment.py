"""The moment of a request: where, when and after what it is made."""

from __future__ import annotations

from typing import Any

from endcap.core.context import Context, Hemisphere

MOST_LETTERS = 64
"""A longer device, language or country is no such thing."""

MOST_STEPS = 10
"""How many searches and categories the path of a visit has."""

SOUTHERN = frozenset({
    "AO", "AR", "AU", "BO", "BR", "BW", "CL", "FJ", "ID", "KM", "LS", "MG", "MU", "MW", "MZ", "NA", "NZ",
    "PE", "PG", "PY", "RE", "RW", "SB", "SC", "SZ", "TL", "TZ", "UY", "VU", "WS", "ZA", "ZM", "ZW",
})  # fmt: skip
"""The countries, as ISO 3166-1 alpha-2, most of whose land lies south of the equator."""


def moment(told: dict[str, Any] | None, session_age_s: float, path: tuple[str, ...]) -> Context:
    """The context that a request told of, with what is known beside it.

    ``told`` may have ``device``, ``language``, ``country`` (ISO 3166-1), ``hemisphere`` (``north`` or ``south``, else that of the
    country) and ``hour`` (0 to 23, local). What cannot be read counts as not told: a context is free for other uses.

    >>> moment({"country": "au", "hour": 9, "device": ["?"]}, 60.0, ("oak",))
    Context(device=None, language=None, country='AU', hemisphere='south', hour=9, session_age_s=60.0, path=('oak',))
    """
    if not told:
        return Context(session_age_s=session_age_s, path=path)
    country = _word(told, "country")
    country = country.upper() if country is not None else None
    hemisphere: Hemisphere = "south" if country in SOUTHERN else "north"
    named = told.get("hemisphere")
    if named == "north" or named == "south":
        hemisphere = named
    hour = told.get("hour")
    return Context(
        device=_word(told, "device"), language=_word(told, "language"), country=country, hemisphere=hemisphere,
        hour=hour if isinstance(hour, int) and not isinstance(hour, bool) and 0 <= hour < 24 else None,
        session_age_s=session_age_s, path=path,
    )  # fmt: skip


def _word(told: dict[str, Any], name: str) -> str | None:
    value = told.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= MOST_LETTERS else None
