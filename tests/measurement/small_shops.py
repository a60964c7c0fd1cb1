"""Small shops full of accidents: what people did and what they were answered, drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from endcap.core.basis import Basis, encode_basis
from endcap.core.catalog import Item
from endcap.core.events import Event, Line
from endcap.core.request import Reason, Recommendation, RecommendRequest, RecommendResponse, ShelfTitle
from endcap.core.time import DAY_MS, FixedClock
from endcap.measurement.follower import Follower
from endcap.stores.memory import MemoryHome
from endcap.stores.ports import Decision, ShopStores

START = 1_772_409_600_000  # Monday, 2 March 2026, 0:00 UTC
DAYS = 24
SHELVES = {"product": (("similar", 5), ("upgrade", 2)), "cart": (("add_ons", 3),)}
UPGRADES = frozenset({("product", "upgrade")})
ITEMS = [
    Item(
        item_id=f"item {number}", title=f"Item {number}", category=(f"kind {number % 4}",), price=Decimal(5 * number + 3),
        currency="EUR", available_from=START - (3 if number % 5 == 0 else 300) * DAY_MS,
    )
    for number in range(14)
]  # fmt: skip


@dataclass
class SmallShop:
    """Everything that happened, in the order in which it did."""

    events: list[Event] = field(default_factory=list)
    answers: list[tuple[int, RecommendRequest, RecommendResponse, int]] = field(default_factory=list)
    """When, what was asked, what was answered, and how many microseconds that took."""

    def measured(self, chance: random.Random) -> ShopStores:
        """Stores that measured it all; events arrive out of order, some twice, some answers late."""
        stores = MemoryHome(FixedClock(START)).open("s", create=True)
        stores.catalog.put(ITEMS)
        follower = Follower(stores)
        events = [*self.events, *chance.sample(self.events, len(self.events) // 10)]
        chance.shuffle(events)
        half = len(events) // 2
        stores.log.append(events[:half])
        follower.catch_up()
        stores.decisions.append([self._decision(*one) for one in self.answers])
        stores.log.append(events[half:])
        follower.catch_up()
        return stores

    def keep(self, stores: ShopStores) -> None:
        """Put it into the log and the answers of a shop, unmeasured."""
        self.keep_answers(stores)
        stores.log.append(self.events)

    def keep_answers(self, stores: ShopStores) -> None:
        """Put the answers alone into those of a shop."""
        stores.decisions.append([self._decision(*one) for one in self.answers])

    @staticmethod
    def _decision(at_ms: int, request: RecommendRequest, response: RecommendResponse, micros: int) -> Decision:
        basis = Basis(position=0, segments=("guest",), micros=micros)
        encode = msgspec.json.Encoder(decimal_format="number").encode
        return Decision(response.recommendation_id, at_ms, encode(request), encode(response), encode_basis(basis))


def small_shop(seed: int, people: int = 14) -> SmallShop:
    """A shop of a few weeks."""
    shop, chance = SmallShop(), random.Random(seed)
    for number in range(people):
        _Shopper(shop, chance, number).live()
    shop.events.sort(key=lambda event: event.at_ms)
    return shop


class _Shopper:
    """One person, who has a session a day and may log in."""

    def __init__(self, shop: SmallShop, chance: random.Random, number: int) -> None:
        self.shop, self.chance, self.name = shop, chance, f"p{number}"
        self.logs_in = chance.random() < 0.6
        self.arm = "held_out" if number % 3 == 0 else "recommended"
        self.device = "mobile" if number % 2 else "desktop"
        self.at_ms = 0
        self.session = ""
        self.logged_in = False
        self.answers: list[RecommendResponse] = []
        self.orders: list[tuple[str, list[Line]]] = []
        self.n_orders = 0

    def live(self) -> None:
        days = sorted(self.chance.sample(range(DAYS), self.chance.randint(1, 9)))
        for day in days:
            self.session, self.logged_in = f"{self.name}-{day}" if self.logs_in else self.name, False
            self.at_ms = START + day * DAY_MS + self.chance.randrange(DAY_MS - 6 * 3_600_000)
            self.answer()  # whoever comes is answered: so it is known in which arm and on which device
            if self.logs_in:
                self.tell("identify", user_id=self.name)
                self.logged_in = True
            for _ in range(self.chance.randint(1, 3)):
                for _ in range(self.chance.randint(1, 14)):
                    self.chance.choice(self.deeds)(self)
                self.at_ms += self.chance.choice([5, 45, 70]) * 60_000  # a pause, mostly the end of a visit

    def tell(self, kind: str, **fields: object) -> None:
        self.at_ms += self.chance.randint(2_000, 60_000)
        user = {"user_id": self.name} if self.logged_in else {}
        told = {"event_id": f"{self.name}-{len(self.shop.events)}", "type": kind, "at": self.at_ms, "session_id": self.session}
        self.shop.events.append(Event(**{**told, **user, **fields}))  # type: ignore[arg-type]

    def item(self) -> str:
        return self.chance.choice(ITEMS).item_id

    def answer(self) -> None:
        self.at_ms += self.chance.randint(2_000, 60_000)
        placement = self.chance.choice(list(SHELVES))
        items: list[Recommendation] = []
        for shelf, most in SHELVES[placement]:
            for one in self.chance.sample(ITEMS, self.chance.randint(0, most)):
                if one.item_id not in {known.item_id for known in items}:
                    items.append(
                        Recommendation(
                            item_id=one.item_id, position=len(items), score=1.0, price=one.price, shelf=shelf,
                            source=self.chance.choice(["content", "item_knn"]), reason=Reason("popular", "Popular"),
                        )
                    )  # fmt: skip
        names = dict.fromkeys(one.shelf for one in items)
        response = RecommendResponse(
            recommendation_id=f"r{len(self.shop.answers):05}", placement=placement, bundle=None, items=items,
            shelves=[ShelfTitle(name, name) for name in names], notes=[], arms={"holdout": self.arm},
            degraded=["no_bundle"] if self.chance.random() < 0.2 else [],
        )  # fmt: skip
        request = RecommendRequest(
            placement=placement, session_id=self.session, user_id=self.name if self.logged_in else None,
            item_id=self.item() if self.chance.random() < 0.7 else None, context={"device": self.device},
        )  # fmt: skip
        self.shop.answers.append((self.at_ms, request, response, self.chance.randint(200, 3_000_000)))
        self.answers.append(response)
        for number, shown in enumerate(items):
            if self.chance.random() < 0.8 - 0.15 * number:
                mark = {"item_id": shown.item_id, "recommendation_id": response.recommendation_id, "placement": placement}
                self.tell("impression", **mark)

    def click(self) -> None:
        response = self.chance.choice(self.answers)
        if response.items:
            item_id = self.chance.choice(response.items).item_id
            self.tell("click", item_id=item_id, recommendation_id=response.recommendation_id)
            if self.chance.random() < 0.6:
                self.tell("view", item_id=item_id)
            if self.chance.random() < 0.4:
                self.tell("view", item_id=item_id, context={"dwell_ms": self.chance.choice([3_000, 12_000])})
            if self.chance.random() < 0.4:
                self.tell("add_to_cart", item_id=item_id)
            if self.chance.random() < 0.4:
                self.buy([item_id, self.item()])

    def view(self) -> None:
        self.tell("view", item_id=self.item())

    def put(self) -> None:
        self.tell("add_to_cart", item_id=self.item())

    def put_from_shelf(self) -> None:
        response = self.chance.choice(self.answers)
        if response.items:
            item_id = self.chance.choice(response.items).item_id
            self.tell("add_to_cart", item_id=item_id, recommendation_id=response.recommendation_id)

    def purchase(self) -> None:
        if self.chance.random() < 0.4:
            self.buy([self.item() for _ in range(self.chance.randint(1, 3))])

    def buy(self, wanted: list[str]) -> None:
        prices = {item.item_id: item.price for item in ITEMS}
        lines = [
            Line(item_id=item_id, quantity=self.chance.randint(1, 3), price=prices[item_id]) for item_id in dict.fromkeys(wanted)
        ]
        order_id = f"{self.name}-o{self.n_orders}"
        self.n_orders += 1
        self.orders.append((order_id, lines))
        self.tell("purchase", order_id=order_id, items=tuple(lines), currency="EUR")

    def give_back(self) -> None:
        if self.orders and self.chance.random() < 0.5:
            order_id, lines = self.orders.pop(self.chance.randrange(len(self.orders)))
            line = self.chance.choice(lines)
            back = Line(item_id=line.item_id, quantity=self.chance.randint(1, line.quantity), price=line.price)
            reason = {"context": {"reason": "broken"}} if self.chance.random() < 0.5 else {}
            self.tell("refund", order_id=order_id, items=(back,), currency="EUR", **reason)

    def turn_down(self) -> None:
        response = self.chance.choice(self.answers)
        if response.items:
            mark = {
                "item_id": self.chance.choice(response.items).item_id, "recommendation_id": response.recommendation_id,
            }  # fmt: skip
            self.tell("dismiss", **mark)
            if self.chance.random() < 0.3:
                self.tell("dismiss", **mark, context={"undo": True})

    def say(self) -> None:
        if self.chance.random() < 0.3:
            self.tell("survey", rating=self.chance.randint(1, 5))
        elif self.chance.random() < 0.3:
            response = self.chance.choice(self.answers)
            told = {"relevance": self.chance.randint(0, 5), "intrusiveness": self.chance.randint(0, 5)}
            self.tell("survey", recommendation_id=response.recommendation_id, context=told)

    def opt_out(self) -> None:
        if self.chance.random() < 0.1:
            self.tell("preference", context={"recommendations": self.chance.choice(["none", "impersonal", "personal"])})

    deeds = (answer, answer, click, click, view, put, put_from_shelf, purchase, give_back, turn_down, say, opt_out)
