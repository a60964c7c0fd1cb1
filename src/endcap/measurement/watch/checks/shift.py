"""Whether what happens is made up differently than before: types of events, prices, categories, devices."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from endcap.core.time import HOUR_MS
from endcap.measurement.cells import numbers
from endcap.measurement.watch.check import WEEK_HOURS, Check, Finding, Look, above

LATELY, BEFORE = WEEK_HOURS, 4 * WEEK_HOURS
"""Whole weeks on both sides, so that no day of the week is in one alone."""

LEAST = 500
"""How many cases either side must have."""

RARE = 0.01
"""Values that are rarer than this on both sides count as one."""

CLOSES = 0.4
"""At which part of its limit an alarm closes: 0.1 where it opened at 0.25."""

_WHAT = {"type": "event types", "price": "prices in carts and orders", "category": "product categories", "device": "devices"}
_CAUSE = {
    "type": "Look whether a tag or a connector sends less or more than it did.",
    "price": "Look whether prices come in another unit or currency; if the assortment changed, train anew.",
    "category": "Look whether the catalogue feed names categories otherwise; if assortment or season changed, train anew.",
    "device": "Look whether one kind of device has lost its script, or names itself differently.",
}


def stability_index(lately: Mapping[str, int], before: Mapping[str, int]) -> float:
    """How far two distributions are apart: the population stability index, less what chance alone adds to it. At least 0.

    Source: Siddiqi, "Credit Risk Scorecards" (2006): below 0.1 nothing changed, above 0.25 much did. It is an effect size and
    does not grow with the number of cases. With k values and n and m cases chance adds (k − 1)(1/n + 1/m), the mean of the
    chi-square limit of the index (Yurdakul, "Statistical Properties of Population Stability Index", 2018), which is taken off.
    Each value counts half a case more, so that one that is new has a finite part.

    >>> round(stability_index({"a": 500, "b": 500}, {"a": 900, "b": 100}), 2)
    0.87
    """
    n, m = sum(lately.values()), sum(before.values())
    values = [one for one in {*lately, *before} if lately.get(one, 0) > RARE * n or before.get(one, 0) > RARE * m]
    here = [*(lately.get(one, 0) for one in values), n - sum(lately.get(one, 0) for one in values)]
    there = [*(before.get(one, 0) for one in values), m - sum(before.get(one, 0) for one in values)]
    k = len(here)
    index = 0.0
    for one, other in zip(here, there, strict=True):
        p, q = (one + 0.5) / (n + 0.5 * k), (other + 0.5) / (m + 0.5 * k)
        index += (p - q) * math.log(p / q)
    return max(0.0, index - (k - 1) * (1 / n + 1 / m))


def look(at: Look) -> Iterator[Finding]:
    """The four comparisons."""
    for trait in _WHAT:
        lately, before = (counts(at, trait, *hours) for hours in ((at.hour - LATELY, at.hour), _reference(at)))
        yield _compared(at, trait, lately, before)


def counts(at: Look, trait: str, since: int, until: int) -> Mapping[str, int]:
    """How often each value of a trait occurred in some hours."""
    if trait != "device":
        return at.totals(trait, since, until)
    cells = at.stores.measures.cells("hour", since * HOUR_MS, until * HOUR_MS, numbers(["answers"]), "device")
    found: dict[str, int] = {}
    for number, cell in enumerate(cells.cells):
        total = int(np.sum(cells.values[cells.cell == number, 0]))
        found[cell.device] = found.get(cell.device, 0) + total
    return found


def _reference(at: Look) -> tuple[int, int]:
    return at.hour - LATELY - BEFORE, at.hour - LATELY


def _compared(at: Look, trait: str, lately: Mapping[str, int], before: Mapping[str, int]) -> Finding:
    n, m = sum(lately.values()), sum(before.values())
    if not at.caught_up or min(n, m) < LEAST:
        sentence = f"Too little to compare the {_WHAT[trait]} of two times: {n:,} and {m:,} cases, of {LEAST} that either needs."
        return Finding(verdict="unknown", subject=trait, sentence=sentence)
    index, limit = stability_index(lately, before), at.limits.shift
    verdict = above(index, limit, CLOSES * limit)
    sentence = f"The {_WHAT[trait]} of the last 7 days are made up as in the 28 days before."
    if verdict != "fine":
        value, now, then = _largest(lately, before)
        sentence = (
            f"The {_WHAT[trait]} of the last 7 days are made up differently than in the 28 days before: {value or 'not told'} is "
            f"{now:.0%} of them, after {then:.0%}. {_CAUSE[trait]}"
        )
    return Finding(verdict=verdict, subject=trait, value=round(index, 3), limit=limit, shown="index", sentence=sentence)


def _largest(lately: Mapping[str, int], before: Mapping[str, int]) -> tuple[str, float, float]:
    """The value whose share changed most, with its shares."""
    n, m = sum(lately.values()), sum(before.values())
    shares = {one: (lately.get(one, 0) / n, before.get(one, 0) / m) for one in sorted({*lately, *before})}
    value = max(shares, key=lambda one: abs(shares[one][0] - shares[one][1]))
    return value, *shares[value]


CHECK = Check(name="shift", title="Data drift", look=look, every_ms=HOUR_MS)
