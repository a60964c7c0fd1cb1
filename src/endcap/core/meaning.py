"""What the ``context`` of an event says in words that Endcap knows: how long, how much, taken back, and what a person prefers.

:func:`check_meaning` refuses on the way in what the others could not read; what is in the log all the same counts as not said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from endcap.core.events import Event
from endcap.errors import BadEvent

STARS = 5.0
"""The most that a rating can be where it does not say its ``scale``, and what others are read as."""

MOST_TERMS = 100
MOST_LETTERS = 128
"""How many likes or dislikes may be stated, and how long each and a name may be."""

WISHES = ("personal", "impersonal", "none")
TERMS = ("likes", "dislikes")
PREFERENCES = (*TERMS, "recommendations", "name")
"""The keys of ``context`` that state a preference."""

_STATING = frozenset({"preference", "survey"})
_TAKEN_BACK = frozenset({"dismiss", "own"})
TOLD: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    (("view",), "dwell_ms", "milliseconds, 0 or more",
     "How long the newest view of the item lasted. Such an event is no view of its own, neither live nor in training."),
    (("rating",), "scale", "the most a rating can be", "1 for thumbs (`rating` 1 or 0), 5 for stars; 5 where it is left out."),
    (("dismiss", "own"), "undo", "true or false", "Takes an earlier one back."),
    (("preference", "survey"), "likes", "list of text", "Categories, tags, brands or attribute values the person likes."),
    (("preference", "survey"), "dislikes", "list of text", "And those they do not like."),
    (("preference", "survey"), "recommendations", "personal, impersonal or none",
     "How far recommendations may go: `impersonal` uses nothing that the person did, `none` shows none."),
    (("preference", "survey"), "name", "text or null", "What the shop may greet the person with."),
    (("purchase",), "recommended", "list of {item_id, recommendation_id}",
     "Which answer each line came from, as the shop's cart knows it. It goes before the last click."),
    (("refund",), "reason", "text", "Why something came back: it counts as a defect then."),
    (("survey",), "csat", "number up to `scale`", "How satisfied somebody is; `scale` is 5 where it is left out."),
    (("survey",), "relevance", "number up to `scale`", "How relevant the answer of `recommendation_id` was."),
    (("survey",), "intrusiveness", "number up to `scale`", "How intrusive it was."),
    (("usage",), "used", "0 or more", "How much of what `item_id` allows (gigabytes of a plan, sheets of a refill) is used up."),
    (("usage",), "limit", "above 0", "How much it allows. From 80 % on the shopper is in the segment `near_limit`."),
)  # fmt: skip
"""What may stand in a context: the types of event, the key, what it holds and what it means."""

_KEYS = {kind: tuple(key for kinds, key, _, _ in TOLD if kind in kinds) for kinds, _, _, _ in TOLD for kind in kinds}


def dwell_ms(event: Event) -> float | None:
    """How long the newest view of the item lasted, where a ``view`` says that; it is no view of its own then.

    >>> dwell_ms(Event(event_id="1", type="view", at=1_300_000_000_000, item_id="mug", context={"dwell_ms": 4200}))
    4200.0
    """
    told = event.context.get("dwell_ms") if event.context is not None and event.type == "view" else None
    return float(told) if _is_amount(told) else None


def is_taken_back(event: Event) -> bool:
    """Whether a dismissal or "I own this" takes an earlier one back: ``undo`` is true."""
    return event.context is not None and event.context.get("undo") is True


def rating_scale(event: Event) -> float | None:
    """The most that a rating could have been: five stars unless its ``scale`` says another most; nothing for other events."""
    if event.type != "rating":
        return None
    scale = event.context.get("scale") if event.context is not None else None
    return float(scale) if _is_amount(scale) and scale > 0 else STARS


def rating_share(event: Event) -> float:
    """What a rating gave, as a share of the most it could have been, from 0 to 1.

    >>> rating_share(Event(event_id="1", type="rating", at=1_300_000_000_000, item_id="mug", rating=4))
    0.8
    >>> rating_share(Event(event_id="1", type="rating", at=1_300_000_000_000, item_id="mug", rating=1, context={"scale": 1}))
    1.0
    """
    return min(1.0, (event.rating or 0.0) / (rating_scale(event) or STARS))


def usage_share(event: Event) -> float | None:
    """How much of what an item allows is used up, as a share; nothing where that was not said.

    >>> plan = {"used": 45, "limit": 50}
    >>> usage_share(Event(event_id="1", type="usage", at=1_300_000_000_000, session_id="s", item_id="plan", context=plan))
    0.9
    """
    if event.type != "usage" or event.context is None:
        return None
    used, limit = event.context.get("used"), event.context.get("limit")
    return float(used) / float(limit) if _is_amount(used) and _is_amount(limit) and limit > 0 else None


def stated(event: Event) -> dict[str, tuple[str, ...] | str | None]:
    """The fields of :class:`endcap.core.preferences.Preferences` that a preference or survey states, those it leaves out not.

    >>> quiz = {"likes": ["Oak"], "nps": 9}
    >>> stated(Event(event_id="1", type="survey", at=1_300_000_000_000, session_id="s", context=quiz))
    {'likes': ('Oak',)}
    """
    if event.type not in _STATING or not event.context:
        return {}
    told = {name: event.context[name] for name in PREFERENCES if name in event.context}
    return {name: tuple(value) if name in TERMS else value for name, value in told.items() if _fault(name, value) is None}


def is_mute(event: Event) -> bool:
    """Whether ``context`` has none of the keys that Endcap acts on."""
    context = event.context
    return not context or not any(name in context for name in _KEYS.get(event.type, ()))


def check_meaning(event: Event) -> None:
    """Raise BadEvent where a key of ``context`` that Endcap acts on has a value that means nothing."""
    context = event.context
    if not context or is_mute(event):
        return
    if event.type in _STATING:
        for name in PREFERENCES:
            if name in context:
                _refuse(name, context[name], _fault(name, context[name]))
    elif event.type == "view" and "dwell_ms" in context and not _is_amount(context["dwell_ms"]):
        _refuse("dwell_ms", context["dwell_ms"], "send milliseconds, 0 or more")
    elif event.type == "usage":
        _check_usage(context)
    elif event.type == "rating" and "scale" in context:
        _check_scale(event, context["scale"])
    elif event.type in _TAKEN_BACK and not isinstance(context.get("undo", False), bool):
        _refuse("undo", context["undo"], "send true to take it back, or leave it out")


def _check_usage(context: Mapping[str, Any]) -> None:
    for name, least in (("used", "0 or more"), ("limit", "above 0")):
        value = context.get(name)
        if not _is_amount(value) or (name == "limit" and value <= 0):
            _refuse(name, value, f"send both used and limit, as numbers; {name} is {least}")


def _check_scale(event: Event, scale: Any) -> None:
    if not (_is_amount(scale) and scale > 0):
        _refuse("scale", scale, "send the most that a rating can be: 1 for thumbs, 5 for stars")
    if event.rating is not None and event.rating > scale:
        raise BadEvent(
            f"rating is {event.rating:g}, above context.scale {scale:g}", field="rating", value=event.rating,
            remedy=f"send a rating from 0 to {scale:g}, or the scale it has",
        )  # fmt: skip


def _fault(name: str, value: Any) -> str | None:
    """What to send instead, where a preference cannot be read."""
    if name == "recommendations":
        return None if value in WISHES else f"send one of {', '.join(WISHES)}"
    if name == "name":
        sound = value is None or (isinstance(value, str) and len(value) <= MOST_LETTERS)
        return None if sound else f"send text of at most {MOST_LETTERS} characters, or null"
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and 0 < len(one) <= MOST_LETTERS for one in value):
        return f"send a list of categories, tags, brands or attribute values, each of 1 to {MOST_LETTERS} characters"
    return None if len(value) <= MOST_TERMS else f"send at most {MOST_TERMS}"


def _refuse(name: str, value: Any, remedy: str | None) -> None:
    if remedy is not None:
        shown = str(value)
        shown = shown if len(shown) <= 80 else shown[:80] + "…"
        raise BadEvent(f"context.{name} is {shown}", field=f"context.{name}", value=shown, remedy=remedy)


def _is_amount(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
