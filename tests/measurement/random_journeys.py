"""Random shops: people, sessions, answers and orders thrown together, as strange as can be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from endcap.core.events import Event, Line
from tests.measurement.story import ANSWERS, T0, rid

HOUR = 3_600_000
ITEMS = ("mug", "pot", "spoon", "lamp", "tea")
KINDS = ("click", "click", "purchase", "purchase", "impression", "view", "add_to_cart", "refund", "identify")
_times = st.integers(0, 60).map(lambda step: T0 + step * 7 * HOUR) | st.integers(T0, T0 + 20 * 24 * HOUR)
_items = st.sampled_from(ITEMS)
_answers = st.sampled_from([*ANSWERS, "R?", "R!"])
_prices = st.none() | st.integers(0, 5_000).map(lambda cents: Decimal(cents).scaleb(-2))
_lines = st.lists(st.builds(Line, item_id=_items, quantity=st.integers(1, 3), price=_prices), min_size=1, max_size=3)


@st.composite
def _who(draw: st.DrawFn) -> dict[str, str]:
    user = draw(st.none() | st.sampled_from(["ana", "ben", "eva"]))
    session = draw(st.none() | st.sampled_from(["s1", "s2", "s3"]))
    return {name: value for name, value in (("user_id", user), ("session_id", session)) if value}


@st.composite
def _event(draw: st.DrawFn, number: int) -> Event:
    kind = draw(
        st.sampled_from(["click", "click", "purchase", "purchase", "impression", "view", "add_to_cart", "refund", "identify"])
    )
    who = draw(_who())
    if kind == "identify" and len(who) < 2:
        kind = "view"
    fields: dict[str, Any] = {}
    if kind in ("click", "impression", "add_to_cart"):
        answer = draw(_answers)
        if kind != "add_to_cart" or draw(st.booleans()):
            fields = {"recommendation_id": rid(answer), "placement": ANSWERS.get(answer, ("product", {}))[0]}
    if kind in ("purchase", "refund"):
        fields = {
            "items": tuple(draw(_lines)), "currency": draw(st.sampled_from(["EUR", "EUR", "EUR", "USD"])),
            "order_id": draw(st.none() | st.sampled_from(["o1", "o2", "o3", "o4"])),
        }  # fmt: skip
    elif kind != "identify":
        fields["item_id"] = draw(_items)
    return Event(event_id=f"e{number:04}", type=kind, at=draw(_times), **who, **fields)  # type: ignore[arg-type]


@st.composite
def journeys(draw: st.DrawFn, most: int = 40) -> list[Event]:
    """The events of a few people who may turn out to be one."""
    return [draw(_event(number)) for number in range(draw(st.integers(1, most)))]
