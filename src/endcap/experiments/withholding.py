"""When an off-policy estimate must not be given, and what would allow it."""

from __future__ import annotations

from endcap.experiments.off_policy import LARGEST_WEIGHT, LEAST_EFFECTIVE, Overlap

MOST_UNSUPPORTED = 0.01
"""The share of what a policy shows that the logged one may never have been able to show."""

_EXPLORE = "let the placement explore more (exploration.epsilon) for a while, or try the change as an experiment"


def reason_to_withhold(overlap: Overlap, *, has_propensities: bool = True) -> str | None:
    """Why no estimate can be given, in a sentence with what to do about it; nothing where one can.

    >>> thin = Overlap(answers=900, effective_answers=120.0, largest_weight=30.0, clipped_share=0.0)
    >>> reason_to_withhold(thin).split(":")[0]
    'the 900 answers on record tell as much of this change as 120 answers of its own would, fewer than 200'
    """
    if not has_propensities or overlap.answers == 0:
        return (
            "no answer on record says with what chance each product was shown, so nothing can be said of what was not shown: "
            "let the server answer for a while, then rehearse again"
        )
    if overlap.unsupported > MOST_UNSUPPORTED:
        return (
            f"{overlap.unsupported:.0%} of what this change would show could not have been shown before, so nobody knows how "
            f"shoppers take it: {_EXPLORE}"
        )
    if overlap.largest_weight > LARGEST_WEIGHT:
        return (
            f"one answer on record would count {overlap.largest_weight:,.0f} times, more than {LARGEST_WEIGHT:.0f}: what this "
            f"change shows was shown too rarely before: {_EXPLORE}"
        )
    if overlap.effective_answers < LEAST_EFFECTIVE:
        return (
            f"the {overlap.answers:,} answers on record tell as much of this change as {overlap.effective_answers:,.0f} answers "
            f"of its own would, fewer than {LEAST_EFFECTIVE:.0f}: wait for more answers, or {_EXPLORE}"
        )
    return None
