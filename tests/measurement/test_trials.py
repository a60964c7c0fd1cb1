"""An experiment as it stands: shoppers by arm and day, figures that are those of the log, a plan from the shop's own figures."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from endcap.app import ShopService
from endcap.core.basis import encode_basis
from endcap.core.catalog import Item
from endcap.core.events import Event, Line
from endcap.core.experiment import Arm, Change, Experiment, Factor
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.core.time import DAY_MS, HOUR_MS, FixedClock
from endcap.errors import BadInput, NotEnoughData, UnknownName
from endcap.experiments.units import Units
from endcap.measurement.allotting import divide_again
from endcap.measurement.follower import Follower
from endcap.measurement.interleaved import preferred
from endcap.measurement.planning import PlanQuestion, planned
from endcap.measurement.trial_metrics import columns_of, components_of, trial_metric, trial_metrics
from endcap.measurement.trials import decided, metrics_of, plan_of, trial
from endcap.serving.shop_experiments import put_experiment, put_holdout, start_experiment, stop_experiment
from endcap.stores import memory
from endcap.stores.ports import Decision, ShopStores
from tests.crawling import CRAWLER

NOW_MS = 1_700_000_000_000 // DAY_MS * DAY_MS
IDS = [f"item{n}" for n in range(8)]
FEW = Arm(name="few", changes={"home": Change(patch={"max_count": 2})})


class Shop:
    """A shop whose shoppers do what a test says."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW_MS)
        self.stores = memory.open_home(clock=self.clock).open("shop", create=True)
        self.stores.catalog.put([Item(item_id=one, title=one, price=Decimal(10), currency="EUR") for one in IDS])
        self.service: ShopService | None = None
        self._n = 0

    def run(self, experiment: Experiment) -> Experiment:
        put_experiment(self.stores.documents, experiment)
        return start_experiment(self.stores.documents, experiment.name, self.clock.now_ms())

    def ask(self, session: str) -> RecommendResponse:
        self.service = self.service or ShopService(self.stores, self.clock)
        request = RecommendRequest(placement="home", session_id=session)
        answer, basis = self.service.recommend(request)
        encoded = msgspec.json.Encoder(decimal_format="number").encode(answer)
        kept = Decision(answer.recommendation_id, self.clock.now_ms(), msgspec.json.encode(request), encoded, encode_basis(basis))
        self.stores.decisions.append([kept])
        return answer

    def tell(self, kind: str, session: str, times: int = 1, **fields: Any) -> None:
        self._n += 1
        event = Event(event_id=f"e{self._n}", type=kind, at=self.clock.now_ms(), session_id=session, **fields)  # type: ignore[arg-type]
        for _ in range(times):
            self.stores.log.append([event])

    def buy(self, session: str, price: int) -> None:
        self.tell(
            "purchase", session, items=(Line(item_id=IDS[0], price=Decimal(price)),), currency="EUR", order_id=f"o{self._n}"
        )

    def measured(self) -> ShopStores:
        Follower(self.stores).catch_up()
        return self.stores


def draft(name: str = "count", **changes: Any) -> Experiment:
    facts: dict[str, Any] = {
        "hypothesis": "x",
        "arms": (Arm(name="now"), FEW),
        "metric": "revenue_per_visitor",
        "metrics": ("buyers",),
    }
    return Experiment(name=name, **(facts | changes))


def test_figures_are_those_of_the_log_by_arm_from_the_first_answer_on() -> None:
    shop = Shop()
    shop.run(draft())
    spent: dict[str, list[int]] = {"now": [], "few": []}
    for n in range(200):
        session = f"s{n}"
        if n % 7 == 0:
            shop.buy(session, 999)  # before the first answer: no part of the experiment
        shop.clock.advance(HOUR_MS // 2)
        arm = shop.ask(session).arms["count"]
        amount = n % 5 * 10
        if amount:
            shop.buy(session, amount)
        spent[arm].append(amount)
    found = trial(shop.measured(), "count", shop.clock.now_ms())
    assert found.analysis is not None
    assert found.units == (len(spent["now"]), len(spent["few"]))
    assert [one.value for one in found.analysis.primary.arms] == pytest.approx([np.mean(spent[arm]) for arm in ("now", "few")])
    shares = [np.mean(np.array(spent[arm]) > 0) for arm in ("now", "few")]
    assert [one.value for one in found.analysis.others[0].arms] == pytest.approx(shares)
    assert found.conversions == tuple(sum(one > 0 for one in spent[arm]) for arm in ("now", "few"))
    assert sum(sum(day.units) for day in found.exposures) == 200
    assert len(found.exposures) == 5
    assert (found.currency, found.metrics["buyers"], found.days_wanted) == ("EUR", "share", 14)
    assert found.progress == pytest.approx(min(found.days / 14, min(found.conversions) / 500))
    told = decided(found, at_ms=5, outcome=None, winner=None, note="Not yet.")
    assert (told.outcome, told.note, {one.metric for one in told.numbers}) == (
        "unclear",
        "Not yet.",
        {"revenue_per_visitor", "buyers"},
    )


def test_before_the_start_there_is_nothing_and_after_the_end_nothing_more() -> None:
    shop = Shop()
    put_experiment(shop.stores.documents, draft())
    assert trial(shop.stores, "count", NOW_MS).analysis is None
    shop.run(draft())
    shop.ask("s1")
    shop.clock.advance(HOUR_MS)
    stop_experiment(shop.stores.documents, "count", shop.clock.now_ms())
    shop.clock.advance(DAY_MS)
    shop.buy("s1", 50)
    found = trial(shop.measured(), "count", shop.clock.now_ms())
    assert found.days == pytest.approx(1 / 24)
    assert found.conversions == (0, 0)
    with pytest.raises(UnknownName, match="no experiment 'other'"):
        trial(shop.stores, "other", NOW_MS)


def test_clicks_say_which_ranking_is_preferred_and_repeated_ones_say_nothing_more() -> None:
    shop = Shop()
    other = Arm(name="other", changes={"home": Change(recommendations="random")})
    experiment = shop.run(draft("ranks", arms=(Arm(name="now"), other), kind="interleaving", metric="ctr", metrics=()))
    for n in range(60):
        shop.clock.advance(1_000)
        answer = shop.ask(f"s{n}")
        assert answer.arms == {"ranks": "interleaved"}
        wanted = "other" if n % 3 else "now"
        item = next(one for one in answer.items if one.arm == wanted)
        shop.tell("click", f"s{n}", times=3, item_id=item.item_id, recommendation_id=answer.recommendation_id)
        shop.tell("click", f"s{n}", item_id=item.item_id, recommendation_id=answer.recommendation_id)
    answer = shop.ask("fond")
    mine, theirs = ([one for one in answer.items if one.arm == arm] for arm in ("now", "other"))
    for item in (mine[0], mine[0], mine[0], theirs[0], theirs[1]):
        shop.tell("click", "fond", item_id=item.item_id, recommendation_id=answer.recommendation_id)
    crawler = {"user_agent": CRAWLER}
    for item in mine:
        shop.tell("click", "fond", item_id=item.item_id, recommendation_id=answer.recommendation_id, context=crawler)
    found = preferred(shop.stores, experiment)
    assert (found.sessions, found.first, found.second) == (61, 20, 41)
    whole = trial(shop.measured(), "ranks", shop.clock.now_ms())
    assert (whole.preference, whole.analysis) == (found, None)


def test_a_bandit_is_divided_by_what_its_shoppers_did_and_answers_follow() -> None:
    shop = Shop()
    experiment = shop.run(draft("bandit", kind="bandit", metric="buyers", metrics=()))
    for n in range(300):
        arm = shop.ask(f"s{n}").arms["bandit"]
        if arm == "few" and n % 2:
            shop.buy(f"s{n}", 10)
    shop.clock.advance(2 * HOUR_MS)
    shop.measured()
    assert shop.service is not None
    shop.service.refresh()
    found = trial(shop.stores, "bandit", shop.clock.now_ms())
    [allotment] = found.allotments
    assert allotment.weights == pytest.approx((0.01, 0.99), abs=1e-3)
    assert found.analysis is not None
    assert not found.analysis.greyed
    arms = [shop.ask(f"t{n}").arms["bandit"] for n in range(200)]
    assert arms.count("now") < 20
    assert divide_again(shop.stores, experiment, shop.clock.now_ms()).weights == allotment.weights


def test_a_plan_rests_on_what_shoppers_did_lately() -> None:
    shop = Shop()
    with pytest.raises(NotEnoughData, match="no holdout"):
        planned(shop.stores, PlanQuestion(lift=0.1), NOW_MS)
    put_holdout(shop.stores.documents, 0.05, "none", NOW_MS)
    for n in range(400):
        shop.clock.advance(DAY_MS // 40)
        shop.ask(f"s{n}")
        if n % 4 == 0:
            shop.buy(f"s{n}", 20)
    found = planned(shop.measured(), PlanQuestion(lift=0.1, share=0.5), shop.clock.now_ms())
    assert found.baseline.mean == pytest.approx(0.25, abs=0.02)
    assert found.daily_units == pytest.approx(0.5 * 0.95 * 40, rel=0.05)
    assert found.plan.days % 7 == 0
    money = planned(shop.stores, PlanQuestion(lift=0.1, metric="revenue_per_visitor"), shop.clock.now_ms())
    assert money.baseline.mean == pytest.approx(5.0, abs=0.5)


def test_levels_are_listed_in_the_order_of_the_arms() -> None:
    def level(name: str) -> Arm:
        return Arm(name=name)

    factors = (
        Factor(name="a", levels=(level("a0"), level("a1"))),
        Factor(name="b", levels=(level("b0"), level("b1"), level("b2"))),
    )
    experiment = draft(arms=(), factors=factors, status="running", started_ms=0)
    units = Units(
        names=(), arms=tuple(arm.name for arm in experiment.every_arm), arm=np.empty(0, np.int32),
        exposed_ms=np.empty(0, np.int64), values=np.empty((0, 0)), before=np.empty((0, 0)), segment=np.empty(0, np.int32),
        segments=(),
    )  # fmt: skip
    told = plan_of(experiment, metrics_of(experiment), units).factors
    for at, arm in enumerate(experiment.every_arm):
        assert "__".join(factor.levels[at] for factor in told) == arm.name


def test_money_is_added_up_in_the_major_unit_less_what_came_back() -> None:
    metrics = [trial_metric("revenue_per_visitor"), trial_metric("ctr")]
    names = components_of(metrics)
    values = np.zeros((1, len(names)))
    for name, amount in {"revenue": 5_000, "refunds": 1_250, "orders": 2}.items():
        values[0, names.index(name)] = amount
    one = np.zeros(1, np.int32)
    units = Units(
        names=names, arms=("now",), arm=one, exposed_ms=one.astype(np.int64), values=values, before=values, segment=one - 1,
        segments=(),
    )  # fmt: skip
    found = columns_of(units, metrics, "EUR")
    assert found.after("revenue_per_visitor/over").tolist() == [37.5]
    assert columns_of(units, metrics, "JPY").after("revenue_per_visitor/over").tolist() == [3750.0]
    assert found.after("orders").tolist() == [2.0]


def test_metrics_that_no_single_shopper_has_are_refused() -> None:
    known = trial_metrics()
    assert {"buyers", "ctr", "revenue_per_visitor", "return_rate", "aov"} <= known.keys()
    assert not {"latency_p99", "incremental_revenue", "clv"} & known.keys()
    with pytest.raises(BadInput, match="cannot be told of single shoppers"):
        metrics_of(draft(metric="latency_p99"))
    with pytest.raises(BadInput, match="not in the catalogue"):
        metrics_of(draft(guard_rails=("luck",)))


def test_the_page_on_experiments_shows_ones_that_work() -> None:
    page = Path("docs/how-to/experiment.md").read_text(encoding="utf-8")
    first, layouts, bandit = re.findall(r"```toml\n(.*?)```", page, re.S)
    shop = Shop()
    experiment = msgspec.toml.decode(first, type=Experiment)
    metrics_of(experiment)
    assert put_experiment(shop.stores.documents, experiment).name == "product_count"
    for line in layouts.splitlines():
        arm = msgspec.toml.decode('name = "other"\n' + line, type=Arm)
        assert arm.changes["product"].layout is not None
    assert msgspec.toml.decode(
        f'name = "b"\narms = [{{name = "x"}}, {{name = "y"}}]\n{bandit}', type=Experiment
    ).allocating.features
