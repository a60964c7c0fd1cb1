"""Journeys as a person would tell them, and the sums that they come to.

A story is a name, lines of what happened, and lines of what is expected::

    # a clicked product that is bought is direct
    0     ana       click R1 mug
    2d    ana       buys o1 mug 2x10.00, pot 5.00
    = direct 20.00, assisted 5.00, revenue 25.00, orders_direct 1 at product/similar

Times are sums of ``d h m s ms`` since Monday, 20 November 2023, 00:00 UTC. Somebody is a user (``ana``), a session (``~s1``), or
a user in a session (``ana~s1``). ``R1`` to ``R6`` are answers on record, ``R?`` is one that is not. Of the sums in :data:`MONEY`
those that a story does not name are 0; others are looked at where they are named, in one cell where that is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from endcap.core.events import Event, Line
from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from endcap.measurement.components import COMPONENTS
from endcap.stores.ports import Decision

T0 = 1_700_438_400_000

MONEY = {
    "direct": "revenue_direct",
    "assisted": "revenue_assisted",
    "viewed": "revenue_viewed",
    "direct_back": "returned_direct",
    "assisted_back": "returned_assisted",
    "viewed_back": "returned_viewed",
    "revenue": "revenue",
    "refunds": "refunds",
}

ANSWERS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "R1": ("product", dict.fromkeys(("mug", "pot", "cup", "tea"), ("similar", "knn"))),
    "R2": ("cart", dict.fromkeys(("spoon", "mug", "jam"), ("pairs", "rules"))),
    "R3": ("home", {"mug": ("popular", "popularity"), "lamp": ("new", "content"), "vase": ("new", "content")}),
    "R4": ("email", dict.fromkeys(("tea", "jam"), ("again", "repurchase"))),
    "R5": ("checkout", dict.fromkeys(("spoon", "ribbon"), ("addons", "rules"))),
    "R6": ("home", {}),
}
"""Answers by name: the placement, and the shelf and source of each item in order."""

_UNITS = {"d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": SECOND_MS, "ms": 1}
_UNIT_OF = {one.name: one.unit for one in COMPONENTS}


@dataclass(frozen=True)
class Expected:
    """One sum, in the whole shop or in the cells of a placement and shelf."""

    name: str
    value: int
    where: str = ""


@dataclass
class Story:
    """What happened and what is expected."""

    name: str
    events: list[Event] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


def rid(name: str) -> str:
    """The id of an answer."""
    return f"{name:->26}"


def at(text: str) -> int:
    """The time in milliseconds of a sum such as ``7d+1ms``."""
    total = T0
    for part in text.split("+"):
        number, unit = re.fullmatch(r"(-?\d+)(ms|[dhms])?", part).groups()  # type: ignore[union-attr]
        total += int(number) * _UNITS[unit or "ms"]
    return total


def decision(name: str, at_ms: int = T0, user: str | None = None, session: str | None = None, **context: str) -> Decision:
    """An answer as it is on record."""
    placement, slots = ANSWERS[name]
    items = [{"item_id": item, "shelf": shelf, "source": source} for item, (shelf, source) in slots.items()]
    arms = dict(told.split("=") for told in context.pop("arms", "").split())
    if arm := context.pop("arm", None):
        arms["holdout"] = arm
    response = {"placement": placement, "bundle": None, "items": items, "degraded": [], "arms": arms}
    request = {"placement": placement, "user_id": user, "session_id": session, "context": context}
    return Decision(rid(name), at_ms, msgspec.json.encode(request), msgspec.json.encode(response), b'{"position":1}')


def stories(path: Path) -> Iterator[Story]:
    """The stories of a file."""
    story: Story | None = None
    for line in path.read_text().splitlines():
        if line.startswith("# "):
            if story is not None:
                yield _told(story)
            story = Story(line[2:])
        elif line.startswith("= ") and story is not None:
            story.expected += [_expected(part) for part in line[2:].split(", ")]
        elif line.startswith("with ") and story is not None:
            name, value = line[5:].split()
            story.settings[name] = msgspec.json.decode(value)
        elif line.strip() and story is not None:
            _happen(story, *line.split(maxsplit=2))
    if story is not None:
        yield _told(story)


def _told(story: Story) -> Story:
    asked = {one.recommendation_id for one in story.decisions}
    story.decisions += [decision(name) for name in ANSWERS if rid(name) not in asked]
    return story


def _expected(text: str) -> Expected:
    told, _, where = text.partition(" at ")
    name, value = told.split()
    name = MONEY.get(name, name)
    if _UNIT_OF[name] == "minor":
        return Expected(name, int(Decimal(value).scaleb(2)), where)
    return Expected(name, int(value), where)


def _happen(story: Story, when: str, who: str, what: str) -> None:
    user, _, session = who.removeprefix("-").partition("~")
    verb, _, rest = what.partition(" ")
    if verb == "asks":
        name, *context = rest.split()
        told = dict(one.split("=") for one in context)
        story.decisions.append(decision(name, at(when), user or None, session or None, **told))
        return
    for fields in _VERBS[verb](rest):
        number = len(story.events)
        story.events.append(
            Event(event_id=f"{story.name[:60]} {number}", at=at(when), user_id=user or None, session_id=session or None, **fields)
        )


Fields = Iterator[dict[str, Any]]


def _on_shelf(kind: str, rest: str, **more: Any) -> Fields:
    """``R1 mug, pot``: one event an item; without an answer, of the items alone."""
    words = rest.split(maxsplit=1)
    named = words[0] if re.fullmatch(r"R[\d?]", words[0]) else None
    for item in (words[1] if named else rest).split(", "):
        yield {"type": kind, "item_id": item, **(_answer(named) if named else {}), **more}


def _answer(name: str) -> dict[str, Any]:
    placement = ANSWERS[name][0] if name in ANSWERS else "product"
    return {"recommendation_id": rid(name), "placement": placement}


def _buys(rest: str) -> Fields:
    """``o1 mug 2x10.00, pot 5.00 USD naming R1 mug=R2``: lines, the currency, the answers that are named."""
    order, _, rest = rest.partition(" ")
    rest, _, naming = rest.partition(" naming ")
    rest, currency = _with_currency(rest)
    fields: dict[str, Any] = {"type": "purchase", "items": tuple(_lines(rest)), "currency": currency, **_order(order)}
    lines = []
    for name in naming.split():
        item, _, answer = name.rpartition("=")
        if item:
            lines.append({"item_id": item, **_answer(answer)})
        else:
            fields |= _answer(answer)
    if lines:
        fields["context"] = {"recommended": lines}
    yield fields


def _refund(rest: str) -> Fields:
    """``o1 mug 1x10.00 because broken``."""
    order, _, rest = rest.partition(" ")
    rest, _, reason = rest.partition(" because ")
    rest, currency = _with_currency(rest)
    context = {"reason": reason} if reason else None
    yield {"type": "refund", "items": tuple(_lines(rest)), "currency": currency, "context": context, **_order(order)}


def _order(order: str) -> dict[str, Any]:
    return {} if order == "-" else {"order_id": order}


def _with_currency(rest: str) -> tuple[str, str | None]:
    words = rest.split()
    return (" ".join(words[:-1]), words[-1]) if re.fullmatch("[A-Z]{3}", words[-1]) else (rest, "EUR")


def _lines(text: str) -> Iterator[Line]:
    for one in text.split(", "):
        item, _, told = one.partition(" ")
        pieces, _, price = told.rpartition("x") if "x" in told else ("1", "", told)
        yield Line(item_id=item, quantity=int(pieces), price=Decimal(price) if price else None)


def _survey(rest: str) -> Fields:
    words = rest.split()
    answer = _answer(words.pop(0)) if words[0].startswith("R") else {}
    yield {
        "type": "survey",
        "context": {topic: float(told) for topic, told in zip(words[::2], words[1::2], strict=True)},
        **answer,
    }


def _rates(rest: str) -> Fields:
    words = rest.split()
    given, _, scale = words.pop().partition("/")
    yield from _on_shelf("rating", " ".join(words), rating=float(given), context={"scale": float(scale)})


def _dwells(rest: str) -> Fields:
    item, seconds = rest.split()
    yield {"type": "view", "item_id": item, "context": {"dwell_ms": round(1000 * float(seconds))}}


_VERBS: dict[str, Callable[[str], Fields]] = {
    "seen": lambda rest: _on_shelf("impression", rest),
    "click": lambda rest: _on_shelf("click", rest),
    "view": lambda rest: _on_shelf("view", rest),
    "dwells": _dwells,
    "cart": lambda rest: _on_shelf("add_to_cart", rest),
    "uncart": lambda rest: _on_shelf("remove_from_cart", rest),
    "buys": _buys,
    "refund": _refund,
    "logs": lambda _rest: iter([{"type": "identify"}]),
    "dismiss": lambda rest: _on_shelf("dismiss", rest),
    "undismiss": lambda rest: _on_shelf("dismiss", rest, context={"undo": True}),
    "owns": lambda rest: _on_shelf("own", rest),
    "rates": _rates,
    "surveyed": _survey,
    "searches": lambda rest: iter([{"type": "search", "query": rest}]),
    "checkout": lambda _rest: iter([{"type": "begin_checkout"}]),
    "wants": lambda rest: iter([{"type": "preference", "context": {"recommendations": rest}}]),
    "crawls": lambda rest: _on_shelf("view", rest, context={"user_agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}),
}
