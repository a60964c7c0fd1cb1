"""What measuring needs to know of an answer: where each item stood, for whom it was, and how it came about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from endcap.core.experiment import HOLDOUT
from endcap.core.ids import session_key, user_key, visitor_key
from endcap.core.segment import segment_of
from endcap.measurement.products import Product, Products
from endcap.stores.ports import Decision

POPULAR, NEW, ASKED_KIND = 1, 2, 4
"""What :attr:`Slot.traits` says of an item, added up: it was among the popular ones; new; of a category that the answer was asked
with, or of none that is known."""

DEVICES = frozenset({"desktop", "mobile", "tablet", "app", "tv", "email", "kiosk"})
OTHER_DEVICE = "other"
"""A browser says what it is; so that nobody can make any number of cells, other words than these count as one."""

WELL_KNOWN_PLACEMENTS = frozenset({
    "product", "cart", "checkout", "home", "email", "post_purchase", "abandoned_cart", "out_of_stock", "search", "order_status",
})  # fmt: skip
"""The placements that every shop has."""


class Slot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One item of an answer: its shelf, what proposed it, and its place in the shelf from 0 (-1 where that is not known)."""

    shelf: str = ""
    source: str = ""
    place: int = -1
    traits: int = 0

    @property
    def is_popular(self) -> bool:
        """Whether the item was among the popular ones."""
        return bool(self.traits & POPULAR)


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An answer in brief. ``shelves`` has how many items each has. ``at_ms`` is 0 where the answer is not on record, and the
    placement is what the events say then."""

    at_ms: int = 0
    placement: str = ""
    arm: str = ""
    device: str = ""
    segment: str = ""
    shelves: dict[str, int] = {}
    slots: dict[str, Slot] = {}

    @property
    def on_record(self) -> bool:
        """Whether the answer itself is known, and not only what events say of it."""
        return self.at_ms > 0

    def of(self, item_ids: Iterable[str]) -> Answer:
        """The same, with these items' slots alone."""
        slots = {item_id: self.slots[item_id] for item_id in item_ids if item_id in self.slots}
        return Answer(self.at_ms, self.placement, self.arm, self.device, self.segment, self.shelves, slots)


class Given(msgspec.Struct, frozen=True):
    """An answer as it was given: to whom, in which arms, how well."""

    recommendation_id: str
    answer: Answer
    user: str
    visitor: str
    session: str
    arms: dict[str, str]
    degraded: bool
    categories: int
    micros: int
    user_agent: str


class _Item(msgspec.Struct, gc=False):
    item_id: str
    shelf: str = ""
    source: str = ""


class _Response(msgspec.Struct, gc=False):
    placement: str
    items: list[_Item]
    bundle: str | None = None
    degraded: list[str] = []
    arms: dict[str, str] = {}


class _Request(msgspec.Struct, gc=False):
    user_id: str | None = None
    session_id: str | None = None
    item_id: str | None = None
    cart: tuple[str, ...] = ()
    context: dict[str, Any] | None = None


class _Basis(msgspec.Struct, gc=False):
    segments: tuple[str, ...] = ()
    micros: int = 0


_response = msgspec.json.Decoder(_Response)
_request = msgspec.json.Decoder(_Request)
_basis = msgspec.json.Decoder(_Basis)


def given(decision: Decision, products: Products) -> Given:
    """The answer on record, in brief. What an earlier version did not write counts as not said."""
    response = _response.decode(decision.response)
    request = _request.decode(decision.request)
    basis = _basis.decode(decision.basis) if decision.basis else _Basis()
    context = request.context or {}
    arms = response.arms
    known = {one.item_id: products.of(one.item_id) for one in response.items}
    slots, shelves = _slots(response, request, products, known, decision.at_ms)
    answer = Answer(
        at_ms=decision.at_ms,
        placement=response.placement,
        arm=arms.get(HOLDOUT, ""),
        device=device_of(context.get("device")),
        segment=segment_of(basis.segments),
        shelves=shelves,
        slots=slots,
    )
    user_agent, visitor = context.get("user_agent"), context.get("visitor_id")
    return Given(
        recommendation_id=decision.recommendation_id,
        answer=answer,
        user=user_key(request.user_id) if request.user_id else "",
        visitor=visitor_key(visitor) if isinstance(visitor, str) and visitor else "",
        session=session_key(request.session_id) if request.session_id else "",
        arms=arms,
        degraded=bool(response.degraded),
        categories=len({one.category for one in known.values()} - {""}),
        micros=basis.micros,
        user_agent=user_agent if isinstance(user_agent, str) else "",
    )


def _slots(
    response: _Response, request: _Request, products: Products, known: Mapping[str, Product], at_ms: int
) -> tuple[dict[str, Slot], dict[str, int]]:
    asked_with = (request.item_id, *request.cart) if request.item_id else request.cart
    asked = {products.of(item_id).category for item_id in asked_with} | {""}
    popular = products.popular(response.bundle)
    slots: dict[str, Slot] = {}
    shelves: dict[str, int] = {}
    for item in response.items:
        place = shelves.get(item.shelf, 0)
        shelves[item.shelf] = place + 1
        if item.item_id in slots:
            continue
        product = known[item.item_id]
        traits = POPULAR if item.item_id in popular else 0
        if product.is_new(at_ms):
            traits |= NEW
        if product.category in asked:
            traits |= ASKED_KIND
        slots[item.item_id] = Slot(item.shelf, item.source, place, traits)
    return slots, shelves


def device_of(told: object) -> str:
    """The device that a context names, in the words that reports tell apart; nothing where it names none.

    >>> device_of("Mobile"), device_of("fridge"), device_of(None)
    ('mobile', 'other', '')
    """
    if not isinstance(told, str) or not told:
        return ""
    return told.lower() if told.lower() in DEVICES else OTHER_DEVICE
