"""Whether too large a share of events, order lines or answers has something wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from endcap.core.time import MINUTE_MS
from endcap.measurement.components import LATENCY, LATENCY_MS
from endcap.measurement.figures import wilson
from endcap.measurement.watch.check import Check, Finding, Look, Verdict

CONFIDENCE = 0.999
"""A share opens an alarm when its interval lies above the limit, and closes it below half the limit. A share that stands right at
its limit opens one in 1 of 2,000 looks."""

FAST_MS = 200


class Part(msgspec.Struct, frozen=True):
    """A share that is watched: of what, in words, and the remedy. The name is that of its limit."""

    name: str
    of: str
    noun: str
    what: str
    remedy: str


EVENTS = (
    Part("rejected", "sent", "events", "were rejected", "The answers to POST /v1/events name the field and the remedy."),
    Part("quarantined", "sent", "events", "had the id of another one with other contents",
         "Give each event an id of its own; GET the console's data page for examples."),
    Part("unknown_items", "lines", "products in events", "are not in the catalogue",
         "Import the catalogue, or make the ids in the events those of the catalogue."),
    Part("unpriced", "order_lines", "order lines", "have no price", "Send the price of each line with the purchase."),
    Part("ahead", "events", "events", "happen in the future", "Set the clock of the machine that sends them."),
)  # fmt: skip
ANSWERS = (
    Part("slow", "timed", "answers", f"took longer than {FAST_MS} ms",
         "Look at the machine's load, and at placements with many remote sources."),
    Part("failed", "requests", "requests for recommendations", "failed or were refused",
         "Look at the server's log; a server that refuses for overload needs more cores."),
    Part("empty", "answers", "answers", "held no product", "Look at rules and stock: what may still be shown?"),
    Part("degraded", "answers", "answers", "lacked a source or a model", "Look at /readyz and train a bundle."),
)  # fmt: skip
_COMPONENTS = ("requests", "requests_failed", "answers", "answers_empty", "answers_degraded", *LATENCY)


def judged(part: Part, counts: Mapping[str, int], limit: float, when: str) -> Finding:
    """What the share comes to: bad where even the lower end of its interval is above the limit."""
    n, k = counts.get(part.of, 0), counts.get(part.name, 0)
    if not n:
        return Finding(
            verdict="unknown", subject=part.name, limit=limit, shown="share", sentence=f"{when} there were no {part.noun}."
        )
    share = wilson(min(k, n), n, CONFIDENCE)
    low, value = share.low or 0.0, k / n
    verdict: Verdict = "bad" if low > limit else "fine" if value <= limit / 2 else "between"
    sentence = f"{when} {100 * value:.2f} % of {n:,} {part.noun} {part.what}."
    if verdict == "bad":
        sentence += f" {part.remedy}"
    return Finding(verdict=verdict, subject=part.name, value=round(value, 6), limit=limit, shown="share", sentence=sentence)


def _of_events(at: Look) -> Iterator[Finding]:
    counts = at.totals("quality", at.hour - 23, at.hour + 1)
    counts["sent"] = counts["events"] + counts["rejected"] + counts["quarantined"]
    for part in EVENTS:
        yield judged(part, counts, getattr(at.limits, part.name), "In the last 24 hours")


def _of_answers(at: Look) -> Iterator[Finding]:
    sums = at.sums(_COMPONENTS, at.hour - 1, at.hour + 1)
    counts = {
        "requests": sums["requests"], "failed": sums["requests_failed"], "answers": sums["answers"],
        "empty": sums["answers_empty"], "degraded": sums["answers_degraded"], "timed": sum(sums[name] for name in LATENCY),
        "slow": sums["latency_over"] + sum(sums[f"latency_{edge}_ms"] for edge in LATENCY_MS if edge > FAST_MS),
    }  # fmt: skip
    for part in ANSWERS:
        yield judged(part, counts, getattr(at.limits, part.name), "In this hour and the last")


CHECKS = (
    Check(name="errors", title="Errors in events", look=_of_events, every_ms=5 * MINUTE_MS),
    Check(name="answers", title="Answers", look=_of_answers, hold_ms=3 * MINUTE_MS),
)
