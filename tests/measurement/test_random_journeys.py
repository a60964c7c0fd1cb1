"""Whatever people do: nothing is credited twice, everything adds up, and the order of arrival does not matter."""

from __future__ import annotations

import os
import random
from collections import Counter
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from endcap.core.events import Event, EventType, Line
from endcap.measurement.follower import Follower
from endcap.stores.measures import Cell
from endcap.stores.ports import ShopStores
from tests.measurement.random_journeys import journeys
from tests.measurement.story import ANSWERS, T0, Story, decision, rid
from tests.measurement.test_stories import shop_of, sums
from tests.measurement.twin import Sums, twin

FEW = 80
MANY = int(os.environ.get("ENDCAP_JOURNEYS", FEW))
"""How many random journeys are tried: a few at every run, and 10,000 where they are asked for."""

DAY = 86_400_000
COMPARED = frozenset({
    "impressions", "impressions_clicked", "clicks", "click_events", "views", "all_cart_adds", "visits", "visitors",
    "visitors_new", "orders", "orders_recommended", "orders_other_currency", "units", "revenue", "refunds", "units_returned",
    *(f"{what}_{kind}" for what in ("lines", "units", "revenue", "returned") for kind in ("direct", "assisted", "viewed")),
})  # fmt: skip
MONEY = ("revenue", "returned")
KINDS = ("direct", "assisted", "viewed")


def story_of(events: list[Event], *, view_through: bool) -> Story:
    """A story of these events, with all answers on record but one."""
    decisions = [decision(name) for name in ANSWERS]
    return Story("random", events, decisions, [], {"view_through": view_through})


def measured(shop: ShopStores, *, chunk: int = 2_000) -> dict[tuple[str, Cell], int]:
    """The sums of a shop once all is measured."""
    follower = Follower(shop)
    while follower.follow(chunk):
        pass
    return sums(shop)


def in_places(total: dict[tuple[str, Cell], int]) -> Sums:
    """The sums that the twin works out, by placement, shelf and source."""
    found: Sums = Counter()
    for (name, cell), value in total.items():
        if name in COMPARED:
            found[name, (cell.placement, cell.shelf, cell.source)] += value
    return +found


def check(events: list[Event], seed: int, *, view_through: bool) -> None:
    """All that must hold of a journey."""
    story = story_of(events, view_through=view_through)
    total = measured(shop_of(story))
    assert in_places(total) == twin(events, story.decisions, day=DAY if view_through else 0)
    whole: Counter[str] = Counter()
    for (name, _), value in total.items():
        whole[name] += value
    assert sum(whole[f"revenue_{kind}"] for kind in KINDS) <= whole["revenue"]
    assert sum(whole[f"returned_{kind}"] for kind in KINDS) <= whole["refunds"]
    assert all(0 <= whole[f"returned_{kind}"] <= whole[f"revenue_{kind}"] for kind in KINDS)
    assert sum(whole[f"lines_{kind}"] for kind in KINDS) <= whole["lines"]
    assert sum(whole[f"units_{kind}"] for kind in KINDS) <= whole["units"]
    assert whole["impressions_clicked"] <= min(whole["impressions"], whole["clicks"])
    assert whole["orders_direct"] == whole["orders_recommended"]
    order = random.Random(seed)
    assert measured(shop_of(story, order), chunk=order.randint(1, 7)) == total


@settings(
    max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck), derandomize=MANY == FEW, database=None,
)  # fmt: skip
@given(journeys(), st.integers(0, 2**32), st.booleans())
def test_random_journeys(events: list[Event], seed: int, view_through: bool) -> None:
    check(events, seed, view_through=view_through)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(journeys(), st.integers(0, 2**32))
def test_measuring_anew_comes_to_the_same(events: list[Event], seed: int) -> None:
    order = random.Random(seed)
    shop = shop_of(story_of(events, view_through=False), order)
    once = measured(shop, chunk=order.randint(1, 5))
    shop.measures.clear()
    assert measured(shop) == once


def test_what_a_session_saw_is_seen_once_whoever_logs_in_later() -> None:
    """A rare case that random journeys found: the session of one user goes on as that of another."""

    def happens(number: int, kind: EventType, day: int, **fields: str) -> Event:
        return Event(event_id=f"e{number}", type=kind, at=T0 + day * DAY, session_id="s", **fields)  # type: ignore[arg-type]

    seen = {"item_id": "spoon", "recommendation_id": rid("R?"), "placement": "product"}
    events = [
        happens(1, "view", 1, user_id="ben", item_id="pot"), happens(2, "impression", 2, **seen),
        happens(3, "view", 3, user_id="eva", item_id="tea"), happens(4, "impression", 4, **seen),
    ]  # fmt: skip
    check(events, 1, view_through=False)
    assert in_places(measured(shop_of(story_of(events, view_through=False))))["impressions", ("product", "", "")] == 1


def test_of_two_orders_of_one_moment_a_refund_without_order_takes_from_the_same_one_always() -> None:
    """Another rare case: neither has an id, and one of them no price."""

    def happens(number: int, kind: EventType, day: int, *items: Line) -> Event:
        return Event(
            event_id=f"e{number:04}", type=kind, at=T0 + day * DAY, user_id="ana", session_id="s2", currency="EUR", items=items
        )  # fmt: skip

    tea = Line(item_id="tea", quantity=1, price=Decimal("29.23"))
    bought = [Line(item_id="tea", quantity=3, price=Decimal("20.08")), Line(item_id="tea", quantity=1)]
    for first, second in ((5, 12), (12, 15), (15, 12), (3, 19)):
        events = [happens(first, "purchase", 1, bought[0]), happens(second, "purchase", 1, bought[1])]
        check([*events, happens(20, "refund", 3, tea)], 1, view_through=False)
