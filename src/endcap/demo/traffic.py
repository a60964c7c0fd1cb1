"""Nearly four weeks of visitors who saw recommendations, before the demo opens: its dashboards have something to show.

The visitors are simulated, everything else is real: each answer is the engine's at its time, logged like any other; each event
goes through the log; the experiments are documents that were started, measured and decided as a merchandiser would.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from endcap.app import Endcap, ShopService
from endcap.audience.fit import fit_customers
from endcap.core.basis import encode_basis
from endcap.core.events import Event
from endcap.core.experiment import Arm, Change, Experiment
from endcap.core.layout import Layout
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.core.time import DAY_MS
from endcap.demo.state import SHOP
from endcap.demo.visits import Visits
from endcap.measurement.follower import Follower
from endcap.measurement.trials import decided, trial
from endcap.serving.shop_experiments import (
    DEFAULT_HOLDOUT,
    all_experiments,
    decide_experiment,
    put_experiment,
    put_holdout,
    start_experiment,
)
from endcap.stores.ports import Decision
from endcap.synthetic.dice import Dice
from endcap.synthetic.responses import Responses
from endcap.synthetic.rhythm import Rhythm
from endcap.synthetic.truth import Truth

DAYS, VISITS = 27, 2_800

MARK = "sim"
"""How the ids of simulated events, visits and orders begin."""

_MEMBERS, _CRAWLERS, _CRAWLED_PAGES = 0.45, 40, 25
_CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

FEWER = Experiment(
    name="fewer_on_product_pages", title="Fewer products on product pages",
    hypothesis="Half as many products beside the one that is looked at are easier to choose from, so more are clicked.",
    arms=(
        Arm(name="now", title="As it is"),
        Arm(name="fewer", title="Half as many", changes={"product": Change(patch={"max_count": 4})}),
    ),
    placements=("product",), metric="shelf_clicks", min_conversions=200,
)  # fmt: skip
BEST_SELLERS = Experiment(
    name="best_sellers_by_mail", title="Best sellers by e-mail",
    hypothesis="What most people buy is clicked more often in an e-mail than what is chosen for each reader.",
    arms=(
        Arm(name="now", title="Chosen for the reader"),
        Arm(name="best_sellers", title="Best sellers", changes={"email": Change(recommendations="standard")}),
    ),
    placements=("email",), metric="shelf_clicks", min_conversions=100,
)  # fmt: skip
GRID = Experiment(
    name="home_as_a_grid", title="Home page as a grid",
    hypothesis="All products of a shelf at once, without scrolling, are seen by more people and clicked more often.",
    arms=(
        Arm(name="now", title="A row that scrolls"),
        Arm(name="grid", title="A grid of four columns", changes={"home": Change(layout=Layout(display="grid", columns=4))}),
    ),
    placements=("home",), metric="shelf_clicks",
)  # fmt: skip

_FEWER_DAYS, _BEST_SELLERS_DAYS = 15, 12


class Wanderer:
    """A clock that is put wherever the visitor of the moment is."""

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        return self.at_ms


class Traffic:
    """The visitors of the last weeks, one after another, in a shop of their own clock."""

    def __init__(self, service: ShopService, clock: Wanderer, truth: Truth, seed: int, mark: str) -> None:
        items = [item for item in service.state.items.items if item is not None]
        self._service, self._clock, self._truth = service, clock, truth
        self._dice = Dice(seed, 5)
        self._visits = Visits(items, Responses(truth), Dice(seed, 6), mark)
        self._answers: list[Decision] = []

    def run(self, members: list[str], end_ms: int, came_ms: int, progress: Callable[[float], None]) -> None:
        """Let everybody come who comes in the weeks before ``end_ms`` and after ``came_ms``; ``members`` are customers."""
        begin_ms = end_ms - DAYS * DAY_MS
        rhythm = Rhythm(begin_ms, end_ms)
        moments = sorted(at_ms for _ in range(VISITS) if (at_ms := rhythm.moment(self._dice)) > came_ms)
        turns = self._turns(begin_ms, end_ms)
        crawled = max(1, VISITS // _CRAWLERS)
        for number, at_ms in enumerate(moments):
            while turns and turns[0][0] <= at_ms:
                due_ms, turn = turns.pop(0)
                turn(due_ms)
            self._tell(self._one(members, at_ms))
            if number % crawled == 0:
                self._tell(self._visits.crawl(at_ms, _CRAWLER, _CRAWLED_PAGES))
            if number % 100 == 0:
                progress(number / len(moments))
        Follower(self._service.stores).catch_up()
        fit_customers(self._service.stores, now_ms=end_ms)

    def _turns(self, begin_ms: int, end_ms: int) -> list[tuple[int, Callable[[int], None]]]:
        """What the merchandiser did in these weeks, and when."""
        done = {one.name: one.status for one in all_experiments(self._service.stores.documents)}
        turns = [
            (begin_ms, self._begin, FEWER.name not in done),
            (begin_ms + _FEWER_DAYS * DAY_MS, self._decide, done.get(FEWER.name) != "decided"),
            (end_ms - _BEST_SELLERS_DAYS * DAY_MS, self._go_on, GRID.name not in done),
        ]
        return [(due_ms, turn) for due_ms, turn, wanted in turns if wanted]

    def _begin(self, at_ms: int) -> None:
        documents = self._service.stores.documents
        put_holdout(documents, DEFAULT_HOLDOUT, "none", at_ms)
        Follower(self._service.stores).begin(self._service.stores.log.last_seq())  # nobody before saw recommendations
        put_experiment(documents, FEWER)
        start_experiment(documents, FEWER.name, at_ms)
        self._service.refresh()

    def _decide(self, at_ms: int) -> None:
        stores = self._service.stores
        Follower(stores).catch_up()
        found = trial(stores, FEWER.name, at_ms)
        note = "Decided after two weeks, as the verdict has it."
        decide_experiment(stores.documents, FEWER.name, decided(found, at_ms=at_ms, outcome=None, winner=None, note=note))
        self._service.refresh()

    def _go_on(self, at_ms: int) -> None:
        documents = self._service.stores.documents
        put_experiment(documents, BEST_SELLERS)
        start_experiment(documents, BEST_SELLERS.name, at_ms)
        put_experiment(documents, GRID)
        self._service.refresh()

    def _one(self, members: list[str], at_ms: int) -> list[Event]:
        """A visit of a customer, or of a guest with somebody's taste."""
        tastes = self._truth.tastes
        if self._dice.chance(_MEMBERS):
            user_id: str | None = members[self._dice.below(len(members))]
            taste = tastes[user_id or ""]
        else:
            user_id, taste = None, list(tastes.values())[self._dice.below(len(tastes))]
        return self._visits.visit(at_ms, user_id, taste, self._answer)

    def _answer(self, request: RecommendRequest, at_ms: int) -> RecommendResponse:
        self._clock.at_ms = at_ms
        answer, basis = self._service.recommend(request)
        encode = msgspec.json.encode
        self._answers.append(
            Decision(answer.recommendation_id, at_ms, encode(request), encode(answer), encode_basis(basis))
        )  # fmt: skip
        return answer

    def _tell(self, events: list[Event]) -> None:
        """Put a visit on record: what was answered in it, and what happened."""
        stores = self._service.stores
        stores.decisions.append(self._answers)
        self._answers = []
        self._service.live.apply(stores.log.append(events).logged)


def run_traffic(home: Path, truth: Truth, seed: int, end_ms: int, progress: Callable[[float], None]) -> None:
    """Let the visitors of the weeks before ``end_ms`` come to the demo's shop; one that was cut short is gone on with."""
    clock = Wanderer(end_ms - DAYS * DAY_MS)
    endcap = Endcap.open(home, clock)
    try:
        service = endcap.shop(SHOP)
        newest_ms: dict[str, int] = {}
        came_ms, runs = 0, set()
        for one in service.stores.log.read():
            event = one.event
            if event.event_id.startswith(MARK):
                came_ms = max(came_ms, event.at_ms if event.type == "view" else 0)
                runs.add(event.event_id.split("-")[0])
            elif event.user_id:
                newest_ms[event.user_id] = max(newest_ms.get(event.user_id, 0), event.at_ms)
        members = sorted(user for user, at_ms in newest_ms.items() if user in truth.tastes and at_ms < clock.at_ms)
        mark = f"{MARK}{len(runs) + 1}"  # ids of its own: what was answered to those who came already is not answered again
        Traffic(service, clock, truth, seed, mark).run(members, end_ms, came_ms, progress)
    finally:
        endcap.close()
