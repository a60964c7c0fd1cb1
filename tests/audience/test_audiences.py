"""Each condition of an audience, met and missed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from endcap.audience.audiences import FIGURES, audience_of, usable_audiences
from endcap.audience.beta_geometric import BetaGeometric
from endcap.audience.engagement import EngagementModel
from endcap.audience.model import CustomerModel, FitOptions
from endcap.audience.standing import Standing, standing
from endcap.core.events import KIND
from endcap.core.time import DAY_MS
from endcap.errors import BadInput
from endcap.stores.ports import NO_HISTORY, Act, Customer, History

from .worlds import product

NOW = 1_700_000_000_000
KEPT = Customer("ann", 4, 3, NOW - 100 * DAY_MS, NOW - 20 * DAY_MS, 12_345, 6_700, "high", "frequent_buyers", 5, 4, 3)


def model() -> CustomerModel:
    """A fit up to position 10 of the log."""
    engagement = EngagementModel(weights=(-1.0, 0.5, 0.2, 0.1), intercept=0.0, people=9, auc=0.9, foretold=0.1, happened=0.1)
    told: dict[str, Any] = dict.fromkeys(("spending", "clusters", "everybody", "calibration"))
    told |= dict.fromkeys(("tiers", "segments", "churn", "rfm", "notes"), ())
    return CustomerModel(
        now_ms=NOW, position=10, options=FitOptions(), currency="EUR", customers=1, buyers=1, engagement=engagement,
        buying=BetaGeometric(r=0.5, alpha=6.0, a=0.9, b=1.6, may_leave_at_once=True), **told,
    )  # fmt: skip


def act(kind: str, item_id: str, days: float, seq: int = 20, order: str | None = None) -> Act:
    return Act(seq, NOW - round(days * DAY_MS), KIND[kind], item_id, 1, order)


def ann(*acts: Act, kept: Customer | None = KEPT, days: float = 0.0) -> Standing:
    return standing(kept, History(20, acts) if acts else NO_HISTORY, model(), NOW + round(days * DAY_MS))


def holds(condition: dict[str, Any], who: Standing) -> bool:
    shelf = {"mug": product("mug"), "rake": product("rake", "Garden")}
    return audience_of(msgspec.json.encode({"title": "x", "all": [condition]})).matches(who, shelf.get)


def figure(name: str, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    bounds = {"at_least": low, "at_most": high}
    return {"is": "figure", "figure": name, **{key: value for key, value in bounds.items() if value is not None}}


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"is": "segment", "one_of": ["lapsing", "frequent_buyers"]}, True),
        ({"is": "segment", "one_of": ["lapsing"]}, False),
        ({"is": "tier", "one_of": ["high"]}, True),
        ({"is": "tier", "one_of": ["low", "middle"]}, False),
        (figure("orders", 4, 4), True),
        (figure("orders", 5), False),
        (figure("orders", None, 3), False),
        (figure("spent", 123.45, 123.45), True),
        (figure("value", 67, 67), True),
        (figure("days_since_order", 20, 20), True),
        (figure("days_since_first", 100, 100), True),
        (figure("engagement", 0), False),  # nothing is remembered of what ann did
        (figure("activity", 1, 1), True),
    ],
)
def test_conditions_on_what_the_fit_knows(condition: dict[str, Any], met: bool) -> None:
    assert holds(condition, ann()) is met


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"act": "view", "within_days": 1}, True),
        ({"act": "view", "within_days": 1, "at_least": 2}, False),
        ({"act": "view", "within_days": 4, "at_least": 2}, True),
        ({"act": "view", "within_days": 4, "at_least": 2, "category": "Garden"}, False),
        ({"act": "view", "within_days": 4, "category": "Garden"}, True),
        ({"act": "view", "within_days": 1, "category": "Garden"}, False),
        ({"act": "view", "within_days": 9, "item_ids": ["mug", "gone"], "at_least": 2}, True),
        ({"act": "view", "within_days": 9, "category": "Kitchen", "at_least": 2}, False),  # one is no longer sold
        ({"act": "view", "within_days": 9, "brand": "Oak"}, False),
        ({"act": "click", "within_days": 9}, False),
    ],
)
def test_conditions_on_what_was_done(condition: dict[str, Any], met: bool) -> None:
    who = ann(act("view", "gone", 8), act("view", "rake", 3), act("view", "mug", 0.5))
    assert holds({"is": "did", **condition}, who) is met


def test_all_any_and_none_are_joined() -> None:
    def matches(**parts: Any) -> bool:
        return audience_of(msgspec.json.encode({"title": "x", **parts})).matches(ann(), lambda _: None)

    yes, no = figure("orders", 1), figure("orders", 99)
    assert matches(all=[yes], any=[no, yes], none=[no])
    assert not matches(all=[yes, no], any=[yes])
    assert not matches(any=[no, no])
    assert not matches(all=[yes], none=[no, yes])
    assert matches(none=[no])


def test_orders_since_the_fit_count_and_those_before_it_only_once() -> None:
    before = act("purchase", "mug", 20, seq=9, order="known")
    one = ann(before, act("purchase", "mug", 1, seq=11, order="new"), act("purchase", "rake", 1, seq=11, order="new"))
    assert (one.orders, one.order_days) == (5, 4)
    assert one.days_since_order == pytest.approx(1)
    assert one.churn is not None
    assert ann().churn is not None
    assert one.churn < (ann().churn or 0)
    same_day = ann(act("purchase", "mug", 20, seq=11, order="later that day"))
    assert (same_day.orders, same_day.order_days) == (5, 3)


def test_foresight_is_as_of_now() -> None:
    early, late = ann(), ann(days=300)
    assert early.churn is not None
    assert late.churn is not None
    assert early.gone is not None
    assert late.gone is not None
    assert early.buys_soon is not None
    assert late.buys_soon is not None
    assert early.churn < late.churn
    assert early.gone < late.gone < late.churn
    assert late.buys_soon < early.buys_soon


def test_of_a_stranger_nothing_is_known() -> None:
    who = standing(None, NO_HISTORY, None, NOW)
    assert [name for name in FIGURES if holds(figure(name, -1e9, 1e9), who)] == ["orders", "spent", "value", "activity"]
    looks = ann(act("view", "mug", 1), kept=None)
    assert (looks.orders, looks.segment, looks.churn) == (0, "", None)
    assert looks.engagement is not None
    first = ann(act("purchase", "mug", 1), kept=None)
    assert (first.orders, first.segment, first.order_days, first.tier) == (1, "new_customers", 1, "")
    assert first.churn is not None


def test_a_bad_document_does_not_take_the_others_with_it() -> None:
    good = b'{"title": "x", "all": [{"is": "tier", "one_of": ["high"]}]}'
    found, bad = usable_audiences({"good": good, "bad": b"{", "worse": b'{"title": "x"}'})
    assert (list(found), bad) == (["good"], ("bad", "worse"))
    with pytest.raises(BadInput, match=r"one_of"):
        audience_of(b'{"title": "x", "all": [{"is": "tier", "one_of": ["best"]}]}')
