"""The event vocabulary: what shoppers do and shops report.

One flat struct serves all types; :data:`REQUIRED` says which fields each type must carry. An event is checked when it is
made, whether it was decoded from bytes or built in Python, so whatever holds an :class:`Event` holds a sound one.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from endcap.core.ids import MAX_ID
from endcap.core.time import to_ms
from endcap.errors import BadEvent

EventType = Literal[
    "view", "click", "search", "add_to_cart", "remove_from_cart", "begin_checkout", "purchase", "refund", "rating",
    "impression", "dismiss", "own", "preference", "identify", "consent", "survey", "usage",
]  # fmt: skip
EVENT_TYPES: tuple[str, ...] = get_args(EventType)

KIND: dict[str, int] = {name: code for code, name in enumerate(EVENT_TYPES)}
"""The number that stands for an event type in arrays; a type keeps its number for ever, new ones are added at the end."""

REQUIRED: dict[str, tuple[str, ...]] = {
    "view": ("item_id",),
    "click": ("item_id",),
    "search": ("query",),
    "add_to_cart": ("item_id",),
    "remove_from_cart": ("item_id",),
    "purchase": ("items",),
    "refund": ("items",),
    "rating": ("item_id", "rating"),
    "dismiss": ("item_id",),
    "own": ("item_id",),
    "identify": ("user_id", "session_id"),
}

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
MAX_LINES = 1_000
MAX_MONEY = Decimal(10) ** 12
EARLIEST_MS = 315_532_800_000  # 1980-01-01: anything before it is a time in seconds, or a mistake
LATEST_MS = 9_467_000_000_000  # 2270: what is later does not fit the arrays and dates that follow


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """One product of an order, a refund or an impression. ``price`` is for one piece, in the major unit."""

    item_id: Id
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    price: Decimal | None = None

    def __post_init__(self) -> None:
        if self.price is not None:
            _check_money("price", self.price)


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """One thing that happened.

    ``at`` is given as ISO 8601 (UTC where no offset is written) or epoch milliseconds and is held in milliseconds. ``price``
    is a decimal in the major unit of ``currency``. Fields that Endcap does not know belong in ``context``.
    """

    event_id: Id
    type: EventType
    at: int | datetime
    user_id: Id | None = None
    session_id: Id | None = None
    item_id: Id | None = None
    items: Annotated[tuple[Line, ...], Meta(max_length=MAX_LINES)] | None = None
    quantity: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    price: Decimal | None = None
    currency: Currency | None = None
    order_id: Id | None = None
    query: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    rating: Annotated[float, Meta(ge=0, le=100)] | None = None
    recommendation_id: Id | None = None
    placement: Id | None = None
    position: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    context: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.at, datetime):
            msgspec.structs.force_setattr(self, "at", to_ms(self.at))
        if self.at < EARLIEST_MS:  # type: ignore[operator]
            raise BadEvent(
                f"at is {self.at}, before 1980", field="at", value=self.at,
                remedy="send ISO 8601 or milliseconds since 1970, not seconds",
            )  # fmt: skip
        if self.at > LATEST_MS:  # type: ignore[operator]
            raise BadEvent(
                f"at is {self.at}, after 2270", field="at", value=self.at,
                remedy="send ISO 8601 or milliseconds since 1970, not microseconds",
            )  # fmt: skip
        if self.price is not None:
            _check_money("price", self.price)
        if self.items is not None and len(self.items) > MAX_LINES:
            remedy = f"send at most {MAX_LINES} in one event"
            raise BadEvent(f"items holds {len(self.items)} lines", field="items", value=len(self.items), remedy=remedy)
        for name in REQUIRED.get(self.type, ()):
            if getattr(self, name) in (None, "", ()):  # 0 is a rating too: a thumb down
                raise BadEvent(f"a {self.type} event needs {name}", field=name, value=None, remedy=f"send {name}")

    @property
    def at_ms(self) -> int:
        """When it happened, in milliseconds since the epoch, UTC."""
        return self.at  # type: ignore[return-value]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The products of the event, whether it names one or carries a list."""
        if self.items:
            return self.items
        if self.item_id is None:
            return ()
        return (Line(item_id=self.item_id, quantity=self.quantity or 1, price=self.price),)


class LoggedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event with its place in the shop's log; ``seq`` grows by at least one from each event to the next."""

    seq: int
    event: Event


_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_full_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """The event as the canonical JSON that the log keeps; equal events give equal bytes."""
    return _encoder.encode(event)


def encode_event_in_full(event: Event) -> bytes:
    """The event as JSON for readers that know no defaults: each line has its quantity, which the log leaves out where it is 1.

    >>> event = Event(event_id="1", type="purchase", at=1_300_000_000_000, items=(Line(item_id="mug"),))
    >>> b'"quantity":1' in encode_event_in_full(event), decode_event(encode_event_in_full(event)) == event
    (True, True)
    """
    if event.items is None:
        return encode_event(event)
    told = msgspec.to_builtins(event, builtin_types=(Decimal,))
    told["items"] = [{"item_id": line["item_id"], "quantity": 1, **line} for line in told["items"]]
    return _full_encoder.encode(told)


def decode_event(payload: bytes) -> Event:
    """The event that :func:`encode_event` wrote.

    >>> event = Event(event_id="1", type="view", at=1_300_000_000_000, item_id="mug")
    >>> decode_event(encode_event(event)) == event
    True
    """
    return _decoder.decode(payload)


def _check_money(field: str, amount: Decimal) -> None:
    if not amount.is_finite() or amount < 0 or amount > MAX_MONEY:
        raise BadEvent(
            f"{field} is {amount}", field=field, value=str(amount), remedy="send a decimal from 0 to 10^12 in the major unit"
        )
