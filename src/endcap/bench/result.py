"""What a measurement says."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """``figures`` carry their unit in the name; ``ratios`` compare with a peer, 1 meaning equal; ``enabled`` says what was on."""

    figures: dict[str, float]
    ratios: dict[str, float]
    enabled: list[str]


def median(values: Sequence[float]) -> float:
    """The median, to four significant digits."""
    return float(f"{statistics.median(values):.4g}")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie, to four significant digits."""
    ordered = sorted(values)
    return float(f"{ordered[min(len(ordered) - 1, int(share * len(ordered)))]:.4g}")
