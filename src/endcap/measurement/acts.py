"""One event as the deeds that are kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import msgspec

from endcap.core.events import KIND, Event
from endcap.core.meaning import is_taken_back, rating_share
from endcap.core.money import to_minor

UNSAID = -1
OPTED_OUT = frozenset({"none", "impersonal"})
TOPICS = ("csat", "relevance", "intrusiveness")
"""What surveys are read for."""


class Act(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """One deed, or one line of an order or a refund. Acts are in order by time, then by what they say.

    ``amount`` is the price of a piece in minor units, or UNSAID; ``currency`` is empty where it is the shop's. ``value`` is, of a
    view, how many milliseconds it lasted; of a rating or a survey thousandths, of a survey's ``topic``; of a dismissal and "I own
    this" 0 where it is taken back; of a refund 1 where it has a reason; of a purchase line 1 where the answer is named for this
    very line. ``telling`` parts what one event says from what another one does.
    """

    at_ms: int
    kind: int
    item: str = ""
    answer: str = ""
    quantity: int = 1
    amount: int = UNSAID
    order: str = ""
    currency: str = ""
    value: int = UNSAID
    topic: str = ""
    telling: int = 0


def acts_of(event: Event, currency: str) -> Iterator[Act]:
    """The deeds of an event, views and sightings apart: these are kept otherwise. ``currency`` is the shop's."""
    kind, at_ms, item, answer = event.type, event.at_ms, event.item_id or "", event.recommendation_id or ""
    number = KIND[kind]
    match kind:
        case "click" | "search" | "begin_checkout" | "usage":
            yield Act(at_ms, number, item, answer)
        case "add_to_cart":
            yield Act(at_ms, number, item, answer, event.quantity or 1)
        case "dismiss" | "own":
            if answer:
                yield Act(at_ms, number, item, answer, value=0 if is_taken_back(event) else 1)
        case "rating":
            yield Act(at_ms, number, item, answer, value=round(1_000 * rating_share(event)))
        case "purchase" | "refund":
            yield from _lines(event, currency)
        case "survey":
            yield from _survey(event)
        case "preference":
            if event.context and event.context.get("recommendations") in OPTED_OUT:
                yield Act(at_ms, number)
        case _:
            return


def _lines(event: Event, currency: str) -> Iterator[Act]:
    number, telling = KIND[event.type], crc32(event.event_id.encode())
    foreign = event.currency if event.currency is not None and event.currency != currency else ""
    marked = _marked(event.context)
    whole = event.recommendation_id or ""
    reason = 1 if event.type == "refund" and event.context and event.context.get("reason") else 0
    alone = event.items is not None and len(event.items) == 1
    for line in event.lines:
        named = marked.get(line.item_id)
        sure = named is not None or (bool(whole) and (alone or line.item_id == event.item_id))
        yield Act(
            event.at_ms, number, line.item_id, named or whole, line.quantity,
            UNSAID if line.price is None else to_minor(line.price, event.currency or currency),
            event.order_id or "", foreign, reason if event.type == "refund" else int(sure), "", telling,
        )  # fmt: skip


def _marked(context: dict[str, Any] | None) -> dict[str, str]:
    """The answers that a purchase names line by line: ``context.recommended``."""
    told = context.get("recommended") if context else None
    if not isinstance(told, list):
        return {}
    return {
        one["item_id"]: one["recommendation_id"]
        for one in told
        if isinstance(one, dict) and isinstance(one.get("item_id"), str) and isinstance(one.get("recommendation_id"), str)
    }


def _survey(event: Event) -> Iterator[Act]:
    context = event.context or {}
    number, answer = KIND["survey"], event.recommendation_id or ""
    yield Act(event.at_ms, number, answer=answer)
    scale: Any = context.get("scale", 5)
    if event.rating is not None:
        context = {"csat": event.rating, **context}
    for topic in TOPICS:
        told: Any = context.get(topic)
        if _is_number(told) and _is_number(scale) and 0 <= told <= scale and scale > 0:
            yield Act(event.at_ms, number, answer=answer, value=round(1_000 * told / scale), topic=topic)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
