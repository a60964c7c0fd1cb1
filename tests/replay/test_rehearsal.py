"""Whole rehearsals on shops whose truth is planted: what comes out, and when nothing may."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from endcap.bench.rehearsal_shop import BEGIN_MS, PLACEMENT, RehearsalShop, window
from endcap.core.basis import decode_basis
from endcap.core.events import Event, Line
from endcap.core.experiment import EXPERIMENT_KIND, Arm, Change, Experiment
from endcap.core.layout import Layout
from endcap.core.time import DAY_MS
from endcap.errors import BadInput, UnknownName
from endcap.replay.changes import ShopChange, of_arm, of_document
from endcap.replay.decisions import on_record
from endcap.replay.rehearsal import rehearse
from endcap.replay.rehearsed import Figure, Rehearsal
from endcap.stores import memory
from endcap.stores.ports import ShopStores
from endcap.synthetic.clicks import ClickWorld

EPSILON = 0.4
ANSWERS = 2_500


@pytest.fixture(scope="module")
def shop() -> RehearsalShop:
    """Answers of a shelf of three among twelve products, four in ten slots given to chance."""
    made = RehearsalShop.of(ClickWorld(3, n_items=12), window(epsilon=EPSILON), 3, shoppers=2_000)
    made.serve(ANSWERS)
    return made


def rehearsed(stores: ShopStores, change: ShopChange, most: int = ANSWERS) -> Rehearsal:
    return rehearse(stores, change, now_ms=BEGIN_MS + DAY_MS, days=2, most=most)


def turned(epsilon: float = EPSILON, count: int = 3) -> ShopChange:
    return ShopChange(placements={PLACEMENT: Change(placement=window(epsilon=epsilon, weights=(0.3, 1.0), count=count))})


def clicks(found: Rehearsal) -> Figure:
    return next(one for one in found.figures if one.metric == "clicks_per_answer")


@pytest.fixture(scope="module")
def found(shop: RehearsalShop) -> Rehearsal:
    return rehearsed(shop.stores, turned())


def test_the_truth_is_found(shop: RehearsalShop, found: Rehearsal) -> None:
    truth = shop.truth(window(epsilon=EPSILON, weights=(0.3, 1.0)), 3_000)
    then = clicks(found).then
    assert (found.answers, found.found, found.left_out) == (ANSWERS, ANSWERS, {})
    assert found.reason is None
    assert then is not None
    assert then.value == pytest.approx(truth, rel=0.06)
    assert then.low is not None
    assert then.high is not None
    assert then.low < truth < then.high
    by_name = {one.estimator: one.value for each in found.evidence for one in each.estimates}
    assert by_name["slots:doubly_robust"] == pytest.approx(truth, rel=0.12)
    assert by_name["items:self_normalised_ips"] == pytest.approx(truth, rel=0.06)
    assert found.looked == pytest.approx(shop.world.looked[:3].tolist(), abs=0.12)


def test_what_was_is_what_the_log_says(shop: RehearsalShop, found: Rehearsal) -> None:
    counted = sum(one.event.type == "click" for one in shop.stores.log.read())
    assert clicks(found).now.value == pytest.approx(counted / ANSWERS)
    ctr = next(one for one in found.figures if one.metric == "ctr")
    assert ctr.now.value == pytest.approx(counted / ANSWERS / 3)
    assert ctr.relative == pytest.approx(clicks(found).relative)


def test_nothing_changed_is_no_difference(shop: RehearsalShop) -> None:
    same = rehearsed(shop.stores, ShopChange(placements={PLACEMENT: Change(placement=window(epsilon=EPSILON))}), 400)
    assert same.belief == "slots"
    difference = clicks(same).difference
    assert difference is not None
    assert difference.value == pytest.approx(0, abs=1e-6)
    assert difference.high == pytest.approx(0, abs=1e-6)
    assert same.verdict.startswith("No difference")
    assert all(one.overlap.largest_weight == pytest.approx(1, abs=1e-4) for one in same.evidence)


def test_of_what_is_not_on_record_nothing_is_said(found: Rehearsal) -> None:
    carts = next(one for one in found.figures if one.metric == "carts_per_thousand")
    assert (carts.now.value, carts.now.high, carts.then, carts.difference, carts.relative) == (0, None, None, None, None)


def test_without_clicks_nothing_is_said() -> None:
    unclicked = RehearsalShop.of(ClickWorld(3, n_items=12), window(epsilon=EPSILON), 3)
    unclicked.world.liked[:] = 0.0
    unclicked.serve(400)
    silent = rehearsed(unclicked.stores, turned())
    assert silent.verdict == "Nothing can be said: there were no clicks to go by."


def test_an_even_choice_of_the_answers(shop: RehearsalShop) -> None:
    some = rehearsed(shop.stores, turned(), 300)
    assert (some.answers, some.found) == (300, ANSWERS)


def test_too_few_answers_are_refused(shop: RehearsalShop) -> None:
    few = rehearsed(shop.stores, turned(), 60)
    assert few.belief is None
    assert few.reason is not None
    assert "fewer than 200" in few.reason
    assert few.verdict.startswith("Nothing can be said: the 60 answers on record")
    assert all(one.then is None and one.difference is None for one in few.figures)
    assert clicks(few).now.value is not None


def test_what_could_not_be_shown_is_refused() -> None:
    shop = RehearsalShop.of(ClickWorld(3, n_items=12), window(epsilon=0.0), 3)
    shop.serve(300)
    found = rehearsed(shop.stores, turned(0.0))
    assert found.reason is not None
    assert "could not have been shown before" in found.reason
    assert "explore more" in found.reason


def test_what_was_shown_too_rarely_is_refused() -> None:
    shop = RehearsalShop.of(ClickWorld(3, n_items=24), window(epsilon=0.1, count=1), 3)
    shop.serve(1_200)
    found = rehearsed(shop.stores, turned(0.1, count=1))
    assert found.reason is not None
    assert "would count" in found.reason


def test_no_chances_on_record_is_refused(shop: RehearsalShop) -> None:
    without = RehearsalShop.of(ClickWorld(3, n_items=12), window(epsilon=EPSILON), 3)
    without.stores.decisions.append([replace(one, basis=b"") for one in on_record(shop.stores)][:50])
    found = rehearsed(without.stores, turned())
    assert (found.answers, found.left_out) == (0, {"were given before answers kept what they were made from": 50})
    assert "with what chance" in found.verdict
    assert rehearsed(RehearsalShop.of(ClickWorld(3), window(epsilon=0.1), 3).stores, turned()).answers == 0


def test_a_rule_and_its_end(shop: RehearsalShop) -> None:
    boost = of_document({"name": "more_norde", "rule": "boost", "brands": ["Norde"], "factor": 3.0})
    boosted = rehearsed(shop.stores, boost, 1_500)
    assert boosted.change == "rule more_norde"
    assert clicks(boosted).then is not None
    assert boosted.evidence[-1].overlap.effective_answers < 1_500
    ended = rehearsed(shop.stores, ShopChange(rules={"more_norde": None}), 300)
    assert ended.evidence[-1].overlap.effective_answers == pytest.approx(300)


def test_an_arm_is_rehearsed_like_the_placement_that_it_makes(shop: RehearsalShop) -> None:
    arms = (Arm(name="control"), Arm(name="turned", changes=turned().placements))
    plan = Experiment(name="which_first", arms=arms, placements=(PLACEMENT,))
    shop.stores.documents.put(EXPERIMENT_KIND, plan.name, msgspec.json.encode(plan))
    assert of_arm(shop.stores, "which_first", "turned") == turned()
    with pytest.raises(UnknownName, match="has no arm 'other'; use one of control, turned"):
        of_arm(shop.stores, "which_first", "other")
    with pytest.raises(UnknownName, match="no experiment is named 'none'"):
        of_arm(shop.stores, "none", "turned")


def test_what_products_earn_goes_back_to_the_answer() -> None:
    shop = RehearsalShop.of(ClickWorld(3, n_items=12), window(epsilon=EPSILON), 3)
    shop.serve(250)
    first = next(on_record(shop.stores))
    answer = msgspec.json.decode(first.response)
    shown, rec = answer["items"][0], answer["recommendation_id"]

    def bought(number: int, days: float, item_id: str, price: Decimal | None) -> Event:
        lines = (Line(item_id=item_id, quantity=2, price=price),)
        at = first.at_ms + round(days * DAY_MS)
        return Event(event_id=f"b{number}", type="purchase", at=at, recommendation_id=rec, order_id=f"o{number}", items=lines)

    shop.stores.log.append([
        bought(1, 1, shown["item_id"], Decimal("3.50")), bought(2, 6.9, shown["item_id"], None),
        bought(3, 7.1, shown["item_id"], Decimal(100)), bought(4, 1, "p-other", Decimal(100)),
        Event(event_id="c1", type="add_to_cart", at=first.at_ms + 5, recommendation_id=rec, item_id=shown["item_id"]),
        Event(event_id="c2", type="add_to_cart", at=first.at_ms + 9, recommendation_id=rec, item_id=shown["item_id"]),
    ])  # fmt: skip
    figures = {one.metric: one for one in rehearsed(shop.stores, turned()).figures}
    earned = 2 * 3.5 + 2 * shown["price"]
    assert figures["revenue_per_thousand"].now.value == pytest.approx(1_000 * earned / 250)
    assert figures["revenue_per_thousand"].unit == "EUR of a thousand answers"
    assert figures["carts_per_thousand"].now.value == pytest.approx(4.0)


def test_a_change_that_cannot_be_made_is_refused(shop: RehearsalShop) -> None:
    with pytest.raises(UnknownName, match="no bundle has the version 'b9'"):
        rehearsed(shop.stores, ShopChange(bundle="b9"))
    with pytest.raises(UnknownName, match="no placement is named 'nowhere'"):
        rehearsed(shop.stores, ShopChange(placements={"nowhere": Change(patch={"max_count": 3})}))
    with pytest.raises(BadInput, match="nothing is changed"):
        ShopChange()
    with pytest.raises(BadInput, match="the change cannot be read"):
        of_document({"shelves": "none"})


@pytest.mark.parametrize("change", [Change(recommendations="none"), Change(layout=Layout(columns=2)), Change()])
def test_what_is_not_in_the_ranking_is_refused(shop: RehearsalShop, change: Change) -> None:
    with pytest.raises(BadInput, match="is not in what is recommended"):
        rehearsed(shop.stores, ShopChange(placements={PLACEMENT: change}))


def test_what_sells_most_may_be_rehearsed(shop: RehearsalShop) -> None:
    plain = rehearsed(shop.stores, ShopChange(placements={PLACEMENT: Change(recommendations="random")}), 300)
    assert plain.answers == 300


def test_nothing_of_the_shop_is_touched(shop: RehearsalShop) -> None:
    before = shop.stores.documents.version(), shop.stores.log.last_seq(), shop.stores.decisions.count()
    rehearsed(shop.stores, turned(), 50)
    assert (shop.stores.documents.version(), shop.stores.log.last_seq(), shop.stores.decisions.count()) == before


def test_a_sated_world_is_not_what_items_believe() -> None:
    """Where a click leaves shoppers sated, the planted chances say so."""
    world = ClickWorld(1, sated=1.0)
    shown = [item.item_id for item in world.items[:4]]
    chances, rng = world.chances(0, shown), np.random.default_rng(0)
    seen = [world.clicked(0, shown, rng) for _ in range(4_000)]
    assert max(map(len, seen)) == 1
    assert np.mean([one.count(shown[3]) for one in seen]) == pytest.approx(chances[3], abs=0.01)


def test_the_log_is_read_once_though_answers_are_not_in_its_order() -> None:
    """What is told of progress counts each event read: were some read again, it would stand at its end before all is done."""
    made = RehearsalShop.of(ClickWorld(3, n_items=12), window(epsilon=EPSILON), 3, shoppers=50)
    for _ in range(4):
        made.serve(10)  # each ten know of the clicks on those before
    known = list(on_record(made.stores))
    assert len({decode_basis(one.basis).position for one in known}) == 4
    turned_round = memory.open_home().open("elsewhere", create=True).decisions
    turned_round.append(
        [replace(one, recommendation_id=other.recommendation_id) for one, other in zip(known, reversed(known), strict=True)]
    )
    told: list[tuple[int, int]] = []
    rehearse(
        replace(made.stores, decisions=turned_round), turned(), now_ms=BEGIN_MS + DAY_MS, days=2,
        progress=lambda done, of: told.append((done, of)),
    )  # fmt: skip
    done = [one for one, _ in told]
    assert done == sorted(set(done)), "each step goes on"
    assert told[-1][0] == told[-1][1], "and the last one is the end"
