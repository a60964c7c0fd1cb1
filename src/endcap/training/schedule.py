"""When to train again."""

from __future__ import annotations

import re

from endcap.errors import BadOption

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def parse_duration_s(text: str) -> float:
    """A length of time such as ``90s``, ``10m``, ``24h`` or ``7d`` in seconds. Raises BadOption for anything else.

    >>> parse_duration_s("10m")
    600.0
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", text.strip().lower())
    if found is None or float(found[1]) == 0:
        raise BadOption(
            f"{text!r} is no length of time", field="duration", value=text, remedy="write a number and s, m, h or d, such as 10m"
        )
    return float(found[1]) * _UNITS_S[found[2]]
