"""Whether recommendations still reach as much of the catalogue as in the weeks before."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from endcap.core.time import DAY_MS, HOUR_MS
from endcap.measurement.watch.check import Check, Finding, Look, Verdict, unknown

WEEKS = 4
WEEK_MS = 7 * DAY_MS
_MONDAY_MS = 4 * DAY_MS  # 5 January 1970
_LEAST_SLOTS = 1_000
_SLOTS_ALIKE = 0.5


def look(at: Look) -> Iterator[Finding]:
    """How many products the last full week (Monday to Sunday, UTC) recommended, against the median of the four before."""
    end = (at.now_ms - _MONDAY_MS) // WEEK_MS * WEEK_MS + _MONDAY_MS
    weeks = [(end - (back + 1) * WEEK_MS, end - back * WEEK_MS) for back in range(WEEKS + 1)]
    slots = [at.sums(("slots",), since // HOUR_MS, until // HOUR_MS)["slots"] for since, until in weeks]
    usual_slots = median(slots[1:])
    if slots[0] < _LEAST_SLOTS or slots[0] < _SLOTS_ALIKE * usual_slots or min(slots[1:]) < _LEAST_SLOTS:
        yield from unknown(
            f"Too little was recommended in the last {WEEKS + 1} full weeks, or too unevenly: fewer answers reach fewer products."
        )
        return
    shown = [at.stores.measures.items_answered(since, until) for since, until in weeks]
    usual = median(shown[1:])
    fall, limit = 1 - shown[0] / usual, at.limits.fall
    verdict: Verdict = "bad" if fall >= limit else "fine" if fall < limit / 2 else "between"
    sentence = f"{shown[0]:,} different products were recommended in the last full week, {usual:,.0f} in a usual one."
    if verdict == "bad":
        sentence += " Look at rules that keep products out, at stock and at the newest bundle; exploring more shows more."
    yield Finding(verdict=verdict, value=round(max(0.0, fall), 4), limit=limit, shown="share", sentence=sentence)


CHECK = Check(name="coverage", title="Catalogue coverage", look=look, every_ms=HOUR_MS)
