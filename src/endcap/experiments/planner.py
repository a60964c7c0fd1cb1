"""Before an experiment, how long it takes; in its midst, whether it is still likely to find something."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import msgspec
from scipy.special import ndtr, ndtri

from endcap.errors import BadInput
from endcap.experiments import sequential
from endcap.experiments.power import Baseline, Design, detectable, units_needed
from endcap.experiments.wording import percent

MIN_DAYS = 14
MIN_CONVERSIONS = 500
_WEEK = 7
_FARTHEST_DAYS = 3_650
"""Ten years: what takes longer is no plan."""
_LONG_DAYS = 56
"""Beyond eight weeks cookies are lost and seasons change: the plan says so."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How long an experiment runs, and why.

    ``units_needed`` is by arm what finds the wanted lift, ``units`` what the arms will have after ``days``. ``limit`` says what
    sets the duration. ``detectable`` is the smallest relative lift that one look after ``days`` finds,
    ``detectable_at_every_look`` that which the sequential interval finds. ``notes`` has what a planner should know.
    """

    days: int
    units_needed: tuple[int, ...]
    units: tuple[int, ...]
    conversions: tuple[int, ...] | None
    limit: str
    detectable: float | None
    detectable_at_every_look: float | None
    sentence: str
    notes: tuple[str, ...] = ()


def plan(
    baseline: Baseline,
    lift: float,
    daily_units: float,
    shares: Sequence[float] = (0.5, 0.5),
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    sequential_looks: bool = False,
    min_days: int = MIN_DAYS,
    min_conversions: int = MIN_CONVERSIONS,
    tuning: float = sequential.TUNING,
) -> Plan:
    """The duration that finds a relative ``lift`` with the chance ``power``, in whole weeks and never below ``min_days``.

    ``shares`` is the split, control first; alpha is shared among the variants, and the smallest of them sets the size.
    ``daily_units`` counts new units a day, all arms together: somebody who returns is no new unit. With ``sequential_looks``
    the interval for every look decides, which takes more units in the worst case and may end sooner. Raises BadInput for a
    lift, a split or a number of units that cannot be planned with.

    >>> shop = Baseline(kind="proportion", mean=0.03)
    >>> found = plan(shop, lift=0.10, daily_units=4_000)
    >>> found.days, found.units_needed, found.sentence
    (28, (53211, 53211), 'Run for 28 days: 56,000 units in the smallest arm find a lift of +9.7 % with a chance of 80 %.')
    """
    _check(daily_units, shares)
    total = sum(shares)
    split = [share / total for share in shares]
    design = Design(alpha, len(split) - 1, sequential_looks, tuning, split[0], min(split[1:]))
    needed = units_needed(baseline, lift, power, design)
    spans = {"the lift to be found": needed / daily_units, f"the least of {min_days} days": float(min_days)}
    if baseline.rate:
        days = min_conversions / (daily_units * min(split) * baseline.rate)
        spans[f"the least of {min_conversions:,} conversions an arm"] = days
    limit = max(spans, key=spans.__getitem__)
    if not spans[limit] <= _FARTHEST_DAYS:
        raise BadInput(
            f"{limit} would take {spans[limit]:,.0f} days",
            field="lift",
            value=lift,
            remedy="look for a larger lift or more units",
        )
    days = math.ceil(math.ceil(round(spans[limit], 6)) / _WEEK) * _WEEK
    found, late = (detectable(baseline, days * daily_units, power, replace(design, looks=looks)) for looks in (False, True))
    return Plan(
        days=days,
        units_needed=tuple(math.ceil(round(needed * share, 6)) for share in split),
        units=tuple(int(days * daily_units * share) for share in split),
        conversions=None if baseline.rate is None else tuple(int(days * daily_units * one * baseline.rate) for one in split),
        limit=limit,
        detectable=found,
        detectable_at_every_look=late,
        sentence=_sentence(days, int(days * daily_units * min(split)), late if sequential_looks else found, power),
        notes=_notes(days, split),
    )


def outlook(p: float | None, fraction: float, alpha: float = 0.05) -> float | None:
    """The chance that an experiment finds a difference at its planned end, should it go on as it did so far.

    ``p`` is the two-sided p-value now and ``fraction`` the part of the planned units seen. None where there is no p-value yet.

    >>> round(outlook(0.5, 0.5), 3), outlook(0.001, 1.0)
    (0.077, 1.0)
    """
    if p is None or not fraction > 0.0:
        return None
    z = -float(ndtri(max(p, 1e-300) / 2.0))
    return conditional_power(z, min(fraction, 1.0), z / math.sqrt(min(fraction, 1.0)), alpha)


def conditional_power(z: float, fraction: float, drift: float, alpha: float = 0.05) -> float:
    """The chance of a difference at the planned end, given ``z`` errors of difference after ``fraction`` of the units.

    ``drift`` is the number of errors that the truth makes of it at the end on average: the true difference over the error
    then. The power before the start is that of a fraction of almost nothing.

    Source: Lan and Wittes 1988, "The B-value: a tool for monitoring data".

    >>> round(conditional_power(z=0.0, fraction=1e-9, drift=2.8), 2)  # 80 % power
    0.8
    >>> round(conditional_power(z=0.0, fraction=0.5, drift=2.8), 2)  # half time, and nothing to be seen yet
    0.21
    """
    limit = -float(ndtri(alpha / 2.0))
    if fraction >= 1.0:
        return float(abs(z) > limit)
    middle, left = z * math.sqrt(fraction) + drift * (1.0 - fraction), math.sqrt(1.0 - fraction)
    return float(ndtr((middle - limit) / left) + ndtr((-middle - limit) / left))


def _check(daily_units: float, shares: Sequence[float]) -> None:
    if not 0.0 < daily_units < 1e12:
        raise BadInput(
            f"daily_units is {daily_units!r}",
            field="daily_units",
            value=daily_units,
            remedy="give the number of new units a day, above 0",
        )
    if len(shares) < 2 or not all(0.0 < share < math.inf for share in shares):
        raise BadInput(
            f"shares is {tuple(shares)!r}", field="shares", value=tuple(shares), remedy="give two or more shares, all above 0"
        )


def _sentence(days: int, smallest: int, found: float | None, power: float) -> str:
    if found is None:
        return f"Run for {days} days, which is too short to find any lift with a chance of {power * 100.0:.0f} %."
    return (
        f"Run for {days} days: {smallest:,} units in the smallest arm find a lift of {percent(found)} "
        f"with a chance of {power * 100.0:.0f} %."
    )


def _notes(days: int, split: Sequence[float]) -> tuple[str, ...]:
    found = []
    if days > _LONG_DAYS:
        found.append("More than eight weeks: cookies get lost and the season changes. Look for a larger lift or more traffic.")
    if max(split) / min(split) > 1.5:
        found.append("An uneven split takes longer: the smallest arm sets the pace.")
    return tuple(found)
