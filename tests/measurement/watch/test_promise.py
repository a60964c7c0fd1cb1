"""What a bundle promised, held against what visitors do: in a shop that stays as it was, and in one that moves on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from endcap.app import ShopService, placements_of
from endcap.artifacts.bundle import Made, write_bundle
from endcap.core.basis import encode_basis
from endcap.core.catalog import Item
from endcap.core.events import Event
from endcap.core.ids import new_id
from endcap.core.promise import PROMISE, Promise, Share, promised
from endcap.core.request import RecommendRequest
from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS, FixedClock
from endcap.measurement.watch.check import Finding, Look
from endcap.measurement.watch.checks.promise import LEAST, judged, look
from endcap.measurement.watch.next_acts import Followed, followed
from endcap.measurement.watch.settings import Limits
from endcap.measurement.watch.watcher import Watcher, visit_shelves
from endcap.stores import memory
from endcap.stores.ports import Decision, ShopStores
from endcap.training.job import train
from tests.crawling import CRAWLER
from tests.measurement.watch.made_up import MONDAY_MS

N = 60
LIMIT = Limits().promise
STEPS, MOVED = (1, 2, 3, 5), (20, 23, 29, 31)
"""How many products further on the next one of a visit is: as learnt, and after the shop has moved on."""


def item(number: int) -> str:
    return f"i{number % N}"


class World:
    """A shop whose visitors walk through it, from product to product by a law of ``steps`` that one visitor in five ignores."""

    def __init__(self) -> None:
        self.clock = FixedClock(MONDAY_MS)
        self.stores = memory.open_home(clock=self.clock).open("s", create=True)
        self.stores.catalog.put([Item(item_id=item(number), title=item(number)) for number in range(N)])
        self.random = np.random.default_rng(5)
        self.visits = 0
        self.service: ShopService | None = None

    def visit(self, steps: tuple[int, ...], *, asked: bool = False, length: int = 4, agent: str | None = None) -> None:
        """One visit, minutes apart; the page of its first product asks for recommendations."""
        self.visits += 1
        session, at = f"v{self.visits}", int(self.random.integers(N))
        for step in range(length):
            self.clock.advance(MINUTE_MS)
            self._look(session, item(at), step, agent)
            if asked and step == 0:
                self._ask(session, item(at), agent)
            lost = self.random.random() < 0.2
            at += int(self.random.integers(N)) if lost else int(self.random.choice(steps))

    def train(self) -> None:
        train(self.stores, clock=self.clock, light=True)
        self.service = ShopService(self.stores, self.clock)

    def finding(self) -> Finding:
        """What the check says an hour later."""
        assert self.service is not None
        self.service.live.catch_up()
        self.service.live.flush()
        shelves = visit_shelves(placements_of(self.stores))
        [found] = look(Look(self.stores, self.clock.now_ms() + HOUR_MS, Limits(), visit_shelves=shelves))
        return found

    def _look(self, session: str, item_id: str, step: int, agent: str | None) -> None:
        context = None if agent is None else {"user_agent": agent}
        name, at_ms = f"{session}-{step}", self.clock.now_ms()
        told = Event(event_id=name, type="view", at=at_ms, session_id=session, item_id=item_id, context=context)
        self.stores.log.append([told])

    def _ask(self, session: str, item_id: str, agent: str | None) -> None:
        assert self.service is not None
        self.service.live.catch_up()
        context = None if agent is None else {"user_agent": agent}
        request = RecommendRequest(placement="product", session_id=session, item_id=item_id, context=context)
        answer, basis = self.service.recommend(request)
        encoded = msgspec.json.Encoder(decimal_format="number").encode(answer)
        kept = Decision(answer.recommendation_id, self.clock.now_ms(), msgspec.json.encode(request), encoded, encode_basis(basis))
        self.stores.decisions.append([kept])


@pytest.fixture(scope="module")
def world() -> World:
    """A shop that was trained on 900 visits."""
    made = World()
    for _ in range(900):
        made.visit(STEPS)
    made.train()
    return made


@pytest.fixture(scope="module")
def healthy(world: World) -> Finding:
    """What is found after 400 visits by the law that was learnt."""
    for _ in range(400):
        world.visit(STEPS, asked=True, length=3)
    return world.finding()


def test_a_bundle_is_published_with_its_promise(world: World) -> None:
    promise = promised(world.stores.bundles.list()[0].notes, "session")
    assert promise is not None
    shares = [one.value for one in promise.shares]
    assert promise.questions >= 100
    assert shares == sorted(shares)
    assert all(one.low < one.value < one.high for one in promise.shares)
    five = promise.of(5)
    assert five is not None
    assert 0.5 < five.value < 0.9, "four of five visitors follow the law, which names four products"
    assert promised({}, "session") is promised({PROMISE: {}}, "session") is None


def test_a_shop_that_stays_as_it_was_keeps_the_promise(healthy: Finding) -> None:
    assert healthy.verdict == "fine", healthy
    assert "held-out visits promised" in healthy.sentence


def test_a_shop_that_moves_on_breaks_it(world: World, healthy: Finding) -> None:
    world.clock.advance(8 * DAY_MS)
    for _ in range(LEAST + 100):
        world.visit(MOVED, asked=True, length=3)
    found = world.finding()
    assert found.verdict == "bad", found
    assert "Train a new bundle" in found.sentence


def test_a_bundle_whose_rows_are_mixed_up_breaks_it(world: World, healthy: Finding) -> None:
    version = world.stores.bundles.active() or ""
    bundle = world.stores.bundles.load(version)
    manifest = bundle.manifest
    how = {one.name: one for one in manifest.artifacts}
    made = {name: Made(one, how[name].algorithm, how[name].options) for name, one in bundle.artifacts.items()}
    mixed = [bundle.item_ids[place] for place in np.random.default_rng(1).permutation(len(bundle.item_ids))]

    def write(folder: Path) -> object:
        return write_bundle(
            folder, mixed, made, created_at_ms=world.clock.now_ms(), data_until_ms=manifest.data_until_ms,
            position=manifest.position, seed=manifest.seed, choices=manifest.choices, notes=manifest.notes,
        )  # fmt: skip

    world.stores.bundles.publish(write)  # type: ignore[arg-type]
    world.service = ShopService(world.stores, world.clock)
    for _ in range(LEAST + 100):
        world.visit(STEPS, asked=True, length=3)
    assert world.finding().verdict == "bad"


PROMISED = Promise(questions=2_000, shares=(Share(places=3, value=0.2, low=0.18, high=0.22),))


def visits(random: np.random.Generator, n: int, share: float) -> list[Followed]:
    return [Followed(3, int(random.random() < share)) for _ in range(n)]


def test_200_healthy_days_raise_no_alarm() -> None:
    """Nor where lists do a quarter worse than promised, as rules and stock may have it."""
    random = np.random.default_rng(22)
    for share in (0.2, 0.15):
        verdicts = [judged(PROMISED, visits(random, 400, share), LIMIT).verdict for _ in range(200)]
        assert "bad" not in verdicts


def test_lists_that_hold_a_fifth_of_what_was_promised_do() -> None:
    random = np.random.default_rng(23)
    assert {judged(PROMISED, visits(random, 2_000, 0.04), LIMIT).verdict for _ in range(50)} == {"bad"}
    assert judged(PROMISED, visits(random, LEAST - 1, 0.0), LIMIT).verdict == "unknown", "too few to say"
    assert judged(PROMISED, [Followed(2, 0)] * 1_000, LIMIT).verdict == "unknown", "nothing is promised for lists of two"


def test_without_a_promise_or_a_shelf_nothing_is_said(world: World) -> None:
    empty = memory.open_home().open("s", create=True)
    assert [one.verdict for one in look(Look(empty, MONDAY_MS, Limits()))] == ["unknown"]
    [found] = look(Look(world.stores, world.clock.now_ms(), Limits()))
    assert (found.verdict, "No shelf" in found.sentence) == ("unknown", True)


@pytest.fixture
def small() -> Iterator[ShopStores]:
    home = memory.open_home()
    yield home.open("s", create=True)
    home.close()


def test_what_is_asked_of_a_visit(small: ShopStores) -> None:
    """The first list of each visit, and the next product that is new to it, within half an hour."""
    at, events, decisions = MONDAY_MS, [], []
    told = {  # session: the products looked at, with minutes after the list, and the place that is expected
        "hit": ([("a", -1), ("b", 1)], 1),
        "later": ([("a", -1), ("x", 2), ("b", 3)], 0),
        "again": ([("c", -2), ("a", -1), ("a", 1), ("c", 2), ("d", 3)], 3),
        "rested": ([("a", -1), ("b", 31)], None),
        "gone": ([("a", -1)], None),
        "above": ([("a", -1), ("e", 1)], 1),
    }
    for number, (session, (looks, _)) in enumerate(told.items()):
        given_ms = at + number * HOUR_MS
        for item_id, minutes in looks:
            event_id, when = f"{session}{minutes}", given_ms + minutes * MINUTE_MS
            events.append(Event(event_id=event_id, type="view", at=when, session_id=session, item_id=item_id))
        decisions += [answer(session, given_ms), answer(session, given_ms + 5 * MINUTE_MS)]
    decisions += [answer("hit", at, bundle="older"), answer("bot", at, agent=CRAWLER), answer("hit", at, shelf="other")]
    events.append(Event(event_id="bot", type="view", at=at + 1, session_id="bot", item_id="b"))
    small.log.append(sorted(events, key=lambda one: one.at_ms))
    small.decisions.append(sorted(decisions, key=lambda one: one.recommendation_id))
    service = ShopService(small, FixedClock(at))
    service.live.catch_up()
    service.live.flush()
    found = followed(small, "v", frozenset({("product", "also")}), at - 1_000, at + DAY_MS)
    assert found == [Followed(3, place) for _, place in told.values() if place is not None]


def answer(session: str, at_ms: int, *, bundle: str = "v", shelf: str = "also", agent: str | None = None) -> Decision:
    """An answer on the page of "a" that shows b, c and d."""
    context = None if agent is None else {"user_agent": agent}
    request = RecommendRequest(placement="product", session_id=session, item_id="a", context=context)
    items = [*({"item_id": one, "shelf": shelf} for one in "bcd"), {"item_id": "e", "shelf": "above"}]
    return Decision(
        new_id(at_ms), at_ms, msgspec.json.encode(request),
        msgspec.json.encode({"placement": "product", "bundle": bundle, "items": items}), b"",
    )  # fmt: skip


def test_the_watch_looks_at_it(world: World, healthy: Finding) -> None:
    def placements() -> object:
        return placements_of(world.stores)

    report = Watcher(world.stores, placements).look(world.clock.now_ms(), every=True)  # type: ignore[arg-type]
    assert "promise" in {one.check for one in report.checks}
