"""What a fit and saved conditions say of a shopper changes the next answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from endcap.app import Endcap, ShopService
from endcap.audience.audiences import AUDIENCE_KIND
from endcap.audience.fit import fit_customers
from endcap.core.basis import Basis, encode_basis
from endcap.core.events import Event
from endcap.core.request import RecommendRequest
from endcap.core.time import DAY_MS, FixedClock
from endcap.replay.decisions import replay
from endcap.serving.placements import RULE_KIND
from endcap.stores import memory
from endcap.stores.ports import Decision

from .worlds import END_MS, filled, purchase

FREQUENT, BIG, BARGAIN, LOOKER = (
    f"{kind}-0001" for kind in ("frequent_buyers", "big_spenders", "bargain_hunters", "window_shoppers")
)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(END_MS)


@pytest.fixture
def shop(clock: FixedClock) -> Iterator[ShopService]:
    endcap = Endcap(memory.open_home(clock=clock), clock)
    filled(endcap.home.open("shop", create=True), 30)
    yield endcap.shop("shop")
    endcap.close()


def put(shop: ShopService, kind: str, name: str, **body: Any) -> None:
    shop.stores.documents.put(kind, name, msgspec.json.encode(body))
    shop.refresh()


def nothing_for(shop: ShopService, *audience: str) -> None:
    put(shop, RULE_KIND, "nothing", rule="in_categories", any_of=["Nowhere"], audience=list(audience))


def asked(shop: ShopService, user: str | None, **facts: Any) -> tuple[bool, Basis]:
    """Whether the rule held, so that nothing was shown, and what the answer was made from."""
    answer, basis = shop.recommend(RecommendRequest(placement="home", user_id=user, **facts))
    return not answer.items, basis


def log(shop: ShopService, *events: Event) -> None:
    shop.live.apply(shop.stores.log.append(events).logged)


def views(user: str, n: int, item_id: str, at_ms: int, mark: str = "v") -> list[Event]:
    return [
        Event(event_id=f"{mark} {user} {item_id} {number}", type="view", at=at_ms, user_id=user, item_id=item_id)
        for number in range(n)
    ]


def test_a_learned_segment_and_a_tier_pick_the_rule(shop: ShopService) -> None:
    nothing_for(shop, "segment:bargain_hunters")
    assert not asked(shop, BARGAIN)[0]
    fit_customers(shop.stores)
    shop.refresh()
    assert [asked(shop, user)[0] for user in (BARGAIN, FREQUENT, LOOKER, "stranger", None)] == [True, False, False, False, False]
    nothing_for(shop, "segment:window_shoppers", "value:high")
    assert [asked(shop, user)[0] for user in (BARGAIN, BIG, LOOKER, "stranger", None)] == [False, True, True, False, False]
    assert {"segment:big_spenders", "value:high", "known", "buyer"} <= set(asked(shop, BIG)[1].segments)


def test_an_audience_is_entered_with_the_next_event_and_left_as_time_passes(shop: ShopService, clock: FixedClock) -> None:
    put(
        shop, AUDIENCE_KIND, "keen_gardeners", title="Keen gardeners",
        all=[{"is": "did", "act": "view", "category": "Garden", "at_least": 3, "within_days": 1}],
        none=[{"is": "did", "act": "purchase", "within_days": 1}],
    )  # fmt: skip
    nothing_for(shop, "audience:keen_gardeners")
    log(shop, *views("someone", 2, "p2", END_MS), *views("someone", 5, "p3", END_MS))
    assert not asked(shop, "someone")[0]
    log(shop, *views("someone", 1, "p2", END_MS, "third"))
    assert asked(shop, "someone")[0]
    log(shop, purchase("someone", "o1", END_MS, ("p3", 1, 20.0)))
    assert not asked(shop, "someone")[0]
    log(shop, *views("other", 3, "p2", END_MS))
    assert asked(shop, "other")[0]
    clock.advance(DAY_MS + 1)
    assert not asked(shop, "other")[0]


def test_the_chance_of_churn_is_that_of_now(shop: ShopService, clock: FixedClock) -> None:
    fit_customers(shop.stores)
    put(
        shop, AUDIENCE_KIND, "slipping", title="Good customers who slip away",
        all=[{"is": "tier", "one_of": ["high"]}, {"is": "figure", "figure": "churn", "at_least": 0.3}],
    )  # fmt: skip
    nothing_for(shop, "audience:slipping")
    assert not asked(shop, BIG)[0]
    clock.advance(500 * DAY_MS)
    assert asked(shop, BIG)[0]
    log(shop, purchase(BIG, "again", clock.now_ms(), ("p3", 1, 20.0)))
    assert not asked(shop, BIG)[0]


def test_who_buys_for_the_first_time_after_the_fit_is_a_new_customer(shop: ShopService) -> None:
    fit_customers(shop.stores)
    nothing_for(shop, "segment:new_customers")
    assert not asked(shop, LOOKER)[0]
    log(shop, purchase(LOOKER, "first", END_MS, ("p3", 1, 20.0)), purchase("stranger", "o2", END_MS, ("p3", 1, 20.0)))
    assert asked(shop, LOOKER)[0]
    assert asked(shop, "stranger")[0]


def test_a_guest_whose_session_was_identified_is_the_customer(shop: ShopService) -> None:
    fit_customers(shop.stores)
    nothing_for(shop, "segment:frequent_buyers")
    log(shop, Event(event_id="id", type="identify", at=END_MS, user_id=FREQUENT, session_id="tablet"))
    assert asked(shop, None, session_id="tablet")[0]


def test_no_segment_counts_for_whoever_wants_nothing_personal(shop: ShopService) -> None:
    fit_customers(shop.stores)
    nothing_for(shop, "segment:frequent_buyers")
    assert asked(shop, FREQUENT)[0]
    wish = Event(event_id="w", type="preference", at=END_MS, user_id=FREQUENT, context={"recommendations": "impersonal"})
    log(shop, wish)
    placed, basis = asked(shop, FREQUENT)
    assert (placed, basis.segments) == (False, ())


def test_an_audience_that_cannot_be_read_is_named_and_the_others_hold(shop: ShopService) -> None:
    put(shop, AUDIENCE_KIND, "broken", title="x", all=[{"is": "moon"}])
    put(shop, AUDIENCE_KIND, "buyers", title="Buyers", all=[{"is": "figure", "figure": "orders", "at_least": 1}])
    assert "broken" in shop.bad_documents
    nothing_for(shop, "audience:buyers")
    assert [asked(shop, user)[0] for user in (FREQUENT, LOOKER, None)] == [True, False, False]


def test_an_answer_is_made_again_by_what_was_known_of_the_shopper_then(shop: ShopService) -> None:
    put(shop, AUDIENCE_KIND, "buyers", title="Buyers", all=[{"is": "figure", "figure": "orders", "at_least": 1}])
    nothing_for(shop, "audience:buyers")
    request = RecommendRequest(placement="home", user_id=FREQUENT)
    answer, basis = shop.recommend(request)
    put(shop, AUDIENCE_KIND, "buyers", title="Buyers", all=[{"is": "figure", "figure": "orders", "at_least": 1_000}])
    assert shop.recommend(request)[0].items
    record = Decision(
        answer.recommendation_id, END_MS, msgspec.json.encode(request), msgspec.json.encode(answer), encode_basis(basis)
    )
    (again,) = replay(shop.stores, [record])
    assert (answer.items, again.same, again.why) == ([], True, ())
