"""Whether the lists of the bundle that serves hold what visitors do next as often as it promised when it was published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median_low

from endcap.core.promise import Promise, promised
from endcap.core.time import DAY_MS, HOUR_MS
from endcap.measurement.figures import wilson
from endcap.measurement.watch.check import Check, Finding, Look, Verdict, unknown
from endcap.measurement.watch.next_acts import VISIT_MS, Followed, followed

LEAST = 300
"""With fewer visits nothing is said."""

CONFIDENCE = 0.999
"""Of the interval around what happened: in one of 2,000 looks it lies below the truth."""

LOOK_BACK_MS = 7 * DAY_MS


def look(at: Look) -> Iterator[Finding]:
    """The share of visits whose next product was on the list, against the held-out share in the bundle's manifest."""
    active = at.stores.bundles.active()
    manifest = next((one for one in at.stores.bundles.list() if one.version == active), None)
    promise = promised(manifest.notes, "session") if manifest is not None else None
    if manifest is None or promise is None:
        yield from unknown("No bundle serves that was judged on held-out visits: there is no promise to hold it to.")
    elif not at.visit_shelves:
        yield from unknown("No shelf shows what training chose for the next act of a visit.")
    else:
        since_ms = max(manifest.created_at_ms, at.now_ms - LOOK_BACK_MS)
        visits = followed(at.stores, manifest.version, at.visit_shelves, since_ms, at.now_ms - VISIT_MS)
        yield judged(promise, visits, at.limits.promise)


def judged(promise: Promise, visits: Sequence[Followed], limit: float) -> Finding:
    """What visits say of a promise: bad where the share lies more than ``limit`` of itself below what the promise allows, the
    lower end of its interval, and the upper end of the share's own interval does so too."""
    length = median_low([one.length for one in visits]) if visits else 0
    share = promise.of(length)
    if len(visits) < LEAST or share is None or share.low <= 0:
        sentence = f"{len(visits):,} visits did something after a list; {LEAST} are needed, with lists of three products or more."
        return Finding(verdict="unknown", sentence=sentence)
    hits = sum(0 < one.place <= share.places for one in visits)
    value, high = hits / len(visits), wilson(hits, len(visits), CONFIDENCE).high or 1.0
    short = max(0.0, 1 - value / share.low)
    verdict: Verdict = "bad" if high < (1 - limit) * share.low else "fine" if short < limit / 2 else "between"
    sentence = (
        f"The next product was among the first {share.places} of the list in {value:.1%} of {len(visits):,} visits; held-out "
        f"visits promised {share.value:.1%} ({share.low:.1%} to {share.high:.1%})."
    )
    if verdict == "bad":
        sentence += " Train a new bundle, or go back to the one before; look whether rules or stock keep out what it proposes."
    return Finding(verdict=verdict, value=round(short, 4), limit=limit, shown="share", sentence=sentence)


CHECK = Check(name="promise", title="What the bundle promised", look=look, every_ms=HOUR_MS)
