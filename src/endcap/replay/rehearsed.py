"""What a rehearsal found, and how it is said."""

from __future__ import annotations

import msgspec

from endcap.experiments.off_policy import Estimate, Overlap
from endcap.experiments.off_policy_slates import Belief


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One metric as it was, as the change would have made it, and the difference; ``unit`` says what of and per what.

    ``relative`` is the difference as a share of what was. Where nothing can be said of the change, or nothing of the kind is on
    record, that is empty.
    """

    metric: str
    unit: str
    now: Estimate
    then: Estimate | None = None
    difference: Estimate | None = None
    relative: float | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """How much the answers on record tell of a change under one belief about what clicks hang on, and every estimate of the
    clicks per answer under it. ``reason`` says why it tells too little."""

    belief: Belief
    overlap: Overlap
    reason: str | None
    estimates: tuple[Estimate, ...]


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What a change would have earned.

    ``answers`` were made again, of ``found`` that it concerns; ``left_out`` counts those that could not be, by why. ``belief`` is
    the weakest under which the record tells enough, and the ``figures`` are those under it. Where there is none, ``reason`` says
    why, and the figures have only what was. ``looked`` is how much each place is looked at, the first being 1.
    """

    change: str
    since_ms: int
    until_ms: int
    found: int
    answers: int
    left_out: dict[str, int]
    belief: Belief | None
    figures: tuple[Figure, ...]
    evidence: tuple[Evidence, ...]
    looked: tuple[float, ...]
    verdict: str
    reason: str | None
    currency: str = ""


BELIEVED: dict[Belief, str] = {
    "cascade": "a click hangs on the product, its place and all that stands above it",
    "slots": "a click hangs on the product and its place",
    "items": "a place is looked at more or less, and a product that is looked at is clicked more or less",
}
"""What each belief says, in words."""


def verdict(found: Rehearsal) -> str:
    """What a rehearsal says, in a sentence or two that a merchandiser reads."""
    if found.belief is None:
        return f"Nothing can be said: {found.reason}."
    clicks = found.figures[0]
    gained, now = clicks.difference, clicks.now.value
    if gained is None or gained.value is None or gained.low is None or gained.high is None or not now:
        return "Nothing can be said: there were no clicks to go by."
    low, high, value = gained.low, gained.high, gained.value
    between = f"between {low / now:+.1%} and {high / now:+.1%}"
    sure = f"if {BELIEVED[found.belief]}"
    if low > 0:
        return f"This change would have earned more clicks: {value / now:+.1%} an answer, {between}, {sure}."
    if high < 0:
        return f"This change would have earned fewer clicks: {value / now:+.1%} an answer, {between}, {sure}."
    return f"No difference in clicks can be told: {between} an answer, {sure}."
