"""Every metric counted again from the events and answers themselves: slowly, plainly, and with no code of the engine.

What is counted is a fact: a name, when, where (placement and shelf), and how much. A metric is then a few sums of facts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from tests.measurement.small_shops import ITEMS, UPGRADES, SmallShop

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
COST_A_DAY = 20.0
"""What is spent a day, for each kind of cost."""

Fact = tuple[int, str, str, float]
Figures = dict[str, float | None]
Pair = tuple[Any, Any]
"""An answer and an item."""
Pairs = dict[Pair, Any]
Share = Callable[..., float | None]


class Recount:
    """The facts of a shop."""

    def __init__(self, shop: SmallShop) -> None:
        self.facts: dict[str, list[Fact]] = defaultdict(list)
        self.slot: Pairs = {}  # the shelf, and the place in it from 0
        self.shelf_size: Pairs = defaultdict(int)  # by answer and shelf
        self.placement: dict[str, str] = {}
        self.answered_at: dict[str, int] = {}
        self.asked_kinds: dict[str, set[str]] = {}
        self.kind = {item.item_id: item.category[0] for item in ITEMS}
        self.since: dict[str, Any] = {item.item_id: item.available_from for item in ITEMS}
        self.arm_of: dict[Any, str] = {}
        owners: dict[Any, Any] = {event.session_id: event.user_id for event in shop.events if event.user_id}
        for at, request, answer, micros in shop.answers:
            self.take_answer(at, request, answer, micros)
            arms: Any = answer.arms
            self.arm_of[owners.get(request.session_id, request.session_id)] = arms["holdout"]
        people: dict[Any, list[Any]] = defaultdict(list)
        for event in shop.events:
            people[owners.get(event.session_id, event.session_id)].append(event)
        for name, events in people.items():
            self.take_person(self.arm_of.get(name, ""), sorted(events, key=lambda event: event.at))

    def add(self, what: str, at: int, amount: float = 1, place: tuple[str, str] = ("", "")) -> None:
        self.facts[what].append((at, *place, amount))

    def take_answer(self, at: int, request: Any, answer: Any, micros: int) -> None:
        rid = answer.recommendation_id
        here = (answer.placement, "")
        self.placement[rid], self.answered_at[rid] = answer.placement, at
        self.asked_kinds[rid] = {self.kind[request.item_id]} if request.item_id else set()
        self.add("answer", at, place=here)
        self.add("answer filled" if answer.items else "answer empty", at, place=here)
        self.add("answer degraded", at, len(answer.degraded) > 0, here)
        self.add("kinds", at, len({self.kind[item.item_id] for item in answer.items}), here)
        self.add("took ms", at, micros / 1000, here)
        for item in answer.items:
            self.slot[rid, item.item_id] = (item.shelf, self.shelf_size[rid, item.shelf])
            self.shelf_size[rid, item.shelf] += 1
            self.add("item answered " + item.item_id, at, place=(answer.placement, item.shelf))
            self.add("slot", at, place=(answer.placement, item.shelf))
        for shelf in {item.shelf for item in answer.items}:
            self.add("shelf answered", at, place=(answer.placement, shelf))

    def place(self, rid: str, item: str) -> tuple[str, str]:
        return self.placement[rid], self.slot[rid, item][0]

    def take_person(self, arm: str, events: list[Any]) -> None:
        seen: Pairs = {}
        clicked: Pairs = {}
        touched: Pairs = {}
        for event in events:
            pair = (event.recommendation_id, event.item_id)
            if event.type == "impression":
                seen.setdefault(pair, event.at)
            if event.type == "click":
                clicked.setdefault(pair, event.at)
        for event in events:
            pair = (event.recommendation_id, event.item_id)
            from_shelf = event.type == "add_to_cart" and event.recommendation_id and pair not in touched
            if event.type == "click" or from_shelf:
                touched.setdefault(pair, []).append(event.at)
        # Putting into the cart from a shelf counts as a touch only where nothing came before on that shelf.
        bought = self.orders(arm, events, touched)
        carted, looked = self.pages(events, touched)
        self.sightings(seen, clicked, bought)
        self.clicks(events, clicked, bought, carted, looked)
        self.visits(arm, events, seen, clicked)
        self.carts(events, seen)
        self.words(events)

    def last_touch(self, touched: Pairs, item: str, at: int) -> str | None:
        near = [(when, rid) for (rid, of), times in touched.items() if of == item for when in times if at - 7 * DAY <= when <= at]
        return max(near)[1] if near else None

    def orders(self, arm: str, events: list[Any], touched: Pairs) -> set[Pair]:
        bought, credited, first = set(), {}, True
        for event in events:
            if event.type == "purchase":
                direct = {line.item_id: self.last_touch(touched, line.item_id, event.at) for line in event.items}
                newest = max(
                    (max(t for t in touched[rid, item] if t <= event.at), rid, item) for item, rid in direct.items() if rid
                ) if any(direct.values()) else None  # fmt: skip
                paid = sum(line.quantity * int(line.price * 100) for line in event.items)
                self.add("order", event.at)
                self.add("paid", event.at, paid)
                self.add(f"paid by {arm}", event.at, paid)
                self.add(f"order by {arm}", event.at)
                self.add("pieces", event.at, sum(line.quantity for line in event.items))
                self.add("new customer", event.at, first)
                first = False
                if newest:
                    self.add("order with", event.at)
                    self.add("paid with", event.at, paid)
                    self.add("order led", event.at, place=self.place(*newest[1:]))
                for line in event.items:
                    rid = direct[line.item_id]
                    if newest is None:
                        continue
                    here = self.place(rid, line.item_id) if rid else self.place(*newest[1:])
                    kind = "direct" if rid else "assisted"
                    credited[event.order_id, line.item_id] = (kind, here)
                    self.add(f"paid {kind}", event.at, line.quantity * int(line.price * 100), here)
                    self.add(f"pieces {kind}", event.at, line.quantity, here)
                    if rid:
                        bought.add((rid, line.item_id))
            if event.type == "refund":
                (line,) = event.items
                back = line.quantity * int(line.price * 100)
                kind, here = credited.get((event.order_id, line.item_id), ("nothing", ("", "")))
                broken = line.quantity if (event.context or {}).get("reason") else 0
                self.add("given back", event.at, back)
                self.add(f"given back by {arm}", event.at, back)
                self.add("pieces back", event.at, line.quantity)
                self.add("pieces broken", event.at, broken)
                self.add(f"given back {kind}", event.at, back, here)
                self.add(f"pieces back {kind}", event.at, line.quantity, here)
                self.add(f"pieces broken {kind}", event.at, broken, here)
        return bought

    def pages(self, events: list[Any], touched: Pairs) -> tuple[set[Pair], set[Pair]]:
        carted, looked = set(), set()
        for event in events:
            rid = self.last_touch(touched, event.item_id, event.at) if event.item_id else None
            dwelt: Any = (event.context or {}).get("dwell_ms")
            if event.type == "view" and dwelt is None:
                self.add("view", event.at)
                if rid:
                    self.add("view after", event.at, place=self.place(rid, event.item_id))
            elif event.type == "view" and rid:
                self.add("dwelt", event.at, dwelt, self.place(rid, event.item_id))
                self.add("dwell", event.at, place=self.place(rid, event.item_id))
                if dwelt >= 10_000:
                    looked.add((rid, event.item_id))
            elif event.type == "add_to_cart" and (event.recommendation_id or rid):
                carted.add((event.recommendation_id or rid, event.item_id))
        return carted, looked

    def sightings(self, seen: Pairs, clicked: Pairs, bought: set[Pair]) -> None:
        shelves = defaultdict(list)
        for (rid, item), at in seen.items():
            here = self.place(rid, item)
            self.add("item seen", at, place=here)
            self.add("item seen clicked", at, (rid, item) in clicked, here)
            self.add("item seen bought", at, (rid, item) in bought, here)
            shelves[rid, here].append((at, self.slot[rid, item][1] + 1))
        for (rid, here), sights in shelves.items():
            at = min(sights)[0]
            clicks = [when for (of, item), when in clicked.items() if of == rid and self.place(of, item) == here]
            self.add("shelf seen", at, place=here)
            self.add("shelf clicked", at, len(clicks) > 0, here)
            self.add("depth", at, max(deep for _, deep in sights), here)
            self.add("places", at, self.shelf_size[rid, here[1]], here)
            if clicks and min(clicks) >= at:
                self.add("delay", min(clicks), min(min(clicks) - at, HOUR), here)
                self.add("delayed", min(clicks), place=here)

    def clicks(self, events: list[Any], clicked: Pairs, bought: set[Pair], carted: set[Pair], looked: set[Pair]) -> None:
        for (rid, item), at in clicked.items():
            here = self.place(rid, item)
            known = any(
                event.at < at and item in {event.item_id, *(line.item_id for line in event.items or ())}
                for event in events
                if event.type in {"click", "add_to_cart", "purchase"}
                or (event.type == "view" and "dwell_ms" not in (event.context or {}))
            )
            new = self.answered_at[rid] - self.since[item] <= 30 * DAY
            unexpected = not known and self.kind[item] not in self.asked_kinds[rid]
            worked = (rid, item) in bought | carted | looked
            self.add("clicked", at, place=here)
            self.add("clicked top", at, self.slot[rid, item][1] < 3, here)
            self.add("clicked bought", at, (rid, item) in bought, here)
            self.add("clicked carted", at, (rid, item) in carted, here)
            self.add("clicked novel", at, new or not known, here)
            self.add("clicked lucky", at, unexpected and worked, here)

    def visits(self, arm: str, events: list[Any], seen: Pairs, clicked: Pairs) -> None:
        quiet = {"refund", "survey", "identify"}
        active = [event.at for event in events if event.type not in quiet]
        clicks = [event.at for event in events if event.type == "click"]
        for day in {at // DAY for at in active}:
            self.add("visitor", day * DAY)
            self.add(f"visitor by {arm}", day * DAY)
        begun = [at for number, at in enumerate(active) if number == 0 or at - active[number - 1] > 30 * MINUTE]
        met = 0
        for begin in begun:
            end = max(at for at in active if at >= begin and not any(begin < other <= at for other in begun))
            self.add("visit", begin)
            if any(begin <= at <= end for at in seen.values()):
                when = "early" if met < 3 else "late"
                met += 1
                self.add(f"visit seen {when}", begin)
                self.add(f"visit clicked {when}", begin, any(begin <= at <= end for at in clicks))

    def carts(self, events: list[Any], seen: Pairs) -> None:
        steps = [event for event in events if event.type in {"add_to_cart", "purchase"}]
        cart: list[int] = []
        for event in [*steps, None]:
            if cart and (event is None or event.at - cart[-1] > DAY):
                self.cart(cart[0], cart[-1], False, seen)
                cart = []
            if event is not None and event.type == "purchase":
                if cart:
                    self.cart(cart[0], event.at, True, seen)
                cart = []
            elif event is not None:
                cart.append(event.at)

    def cart(self, begun: int, end: int, bought: bool, seen: Pairs) -> None:
        after = any(end - DAY <= at <= end for at in seen.values())
        self.add("cart", begun)
        self.add("cart left", begun, not bought)
        self.add("cart after", begun, after)
        self.add("cart left after", begun, after and not bought)

    def words(self, events: list[Any]) -> None:
        out = [event.at for event in events if (event.context or {}).get("recommendations") in ("none", "impersonal")]
        if out:
            self.add("opted out", min(out))
        turned = defaultdict(list)
        for event in events:
            if event.type == "dismiss":
                turned[event.recommendation_id, event.item_id].append(event)
            if event.type == "survey":
                self.add("survey", event.at)
                if event.rating is not None:
                    self.add("rated", event.at)
                    self.add("satisfied", event.at, event.rating >= 4)
                for topic in ("relevance", "intrusiveness"):
                    if topic in (event.context or {}):
                        here = (self.placement[event.recommendation_id], "")
                        self.add(topic, event.at, event.context[topic] / 5, here)
                        self.add(topic + " said", event.at, place=here)
        for pair, said in turned.items():
            if not (said[-1].context or {}).get("undo"):
                self.add("turned down", said[0].at, place=self.place(*pair))

    def sum(self, what: str, since: int, until: int, keep: Callable[[str, str], bool]) -> float:
        return sum(amount for at, *place, amount in self.facts[what] if since <= at < until and keep(*place))


def figures(recount: Recount, since: int, until: int, placement: str | None = None) -> Figures:
    """All metrics of a period, of one placement where one is given; what cannot be told is missing, what has no divisor None."""

    def here(place: str, _shelf: str) -> bool:
        return placement is None or place == placement

    def of(what: str, keep: Callable[[str, str], bool] = here) -> float:
        return recount.sum(what, since, until, keep)

    def share(over: float, under: float, least: float = 1) -> float | None:
        return over / under if under > 0 and under >= least else None

    def of_task(what: str, upsell: bool) -> float:
        return of(what, lambda place, shelf: here(place, shelf) and ((place, shelf) in UPGRADES) == upsell)

    def shop(what: str) -> float:
        return recount.sum(what, since, until, lambda *_: True)

    direct = (of("paid direct") - of("given back direct")) / 100
    net = (shop("paid") - shop("given back")) / 100
    told: Figures = {
        "shelf_impressions": of("shelf seen"),
        "shelf_clicks": of("shelf clicked"),
        "ctr": share(of("shelf clicked"), of("shelf seen")),
        "ctr_per_item": share(of("item seen clicked"), of("item seen")),
        "relevance": share(of("clicked top"), of("clicked")),
        "viewability": share(of("shelf seen"), of("shelf answered")),
        "scroll_depth": share(of("depth"), of("places")),
        "time_to_click": share(of("delay"), of("delayed")),
        "recommended_views": of("view after"),
        "dwell": share(of("dwelt"), of("dwell")),
        "conversion": share(of("clicked bought"), of("clicked")),
        "add_to_cart_rate": share(of("clicked carted"), of("clicked")),
        "cross_sell_conversion": share(of_task("item seen bought", False), of_task("item seen", False)),
        "upsell_conversion": share(of_task("item seen bought", True), of_task("item seen", True)),
        "attributed_revenue": direct,
        "assisted_revenue": (of("paid assisted") - of("given back assisted")) / 100,
        "revenue_share": share(direct, net),
        "revenue_per_thousand": share(1000 * direct, of("shelf seen")),
        "return_rate_recommended": share(of("pieces back direct"), of("pieces direct")),
        "defect_rate_recommended": share(of("pieces broken direct"), of("pieces direct")),
        "novelty": share(of("clicked novel"), of("clicked")),
        "serendipity": share(of("clicked lucky"), of("clicked")),
        "diversity": share(of("kinds"), of("answer filled")),
        "popularity_share": share(0, of("slot")),  # no bundle answered, so that nothing counts as popular
        "not_interested_rate": share(of("turned down"), of("item seen")),
        "relevance_said": share(of("relevance"), of("relevance said")),
        "intrusiveness_said": share(of("intrusiveness"), of("intrusiveness said")),
        "answers": of("answer"),
        "empty_rate": share(of("answer empty"), of("answer")),
        "degraded_rate": share(of("answer degraded"), of("answer")),
    }
    times = [ms for at, *place, ms in recount.facts["took ms"] if since <= at < until and here(*place)]
    told["fast_share"] = share(sum(ms <= 200 for ms in times), len(times))
    return told | (_of_the_shop(recount, since, until, shop, direct, net, share) if placement is None else {})


def _of_the_shop(
    recount: Recount, since: int, until: int, of: Callable[[str], float], direct: float, net: float, share: Share
) -> Figures:
    def per_visitor(arm: str) -> float | None:
        return share((of(f"paid by {arm}") - of(f"given back by {arm}")) / 100, of(f"visitor by {arm}"), 30)

    def per_order(arm: str) -> float | None:
        return share(of(f"paid by {arm}"), of(f"order by {arm}"), 30)

    large, usual = per_order("recommended"), per_order("held_out")
    seen, held = per_visitor("recommended"), per_visitor("held_out")
    early = share(of("visit clicked early"), of("visit seen early"), 30)
    late = share(of("visit clicked late"), of("visit seen late"), 30)
    answers = {item.item_id: [_week(fact[0]) for fact in recount.facts["item answered " + item.item_id]] for item in ITEMS}
    shown = [item_id for item_id, weeks in answers.items() if any(_week(since) <= week < _week(until) for week in weeks)]
    cost = COST_A_DAY * (until - since) / DAY
    return {
        "roi": share(direct, cost),
        "roas": share(direct, cost),
        "cac": share(cost, of("new customer")),
        "cpa": share(2 * cost, of("order led")),
        "glance_views": of("view"),
        "order_rate": share(of("order"), of("visit")),
        "cart_abandonment": share(of("cart left"), of("cart")),
        "cart_abandonment_after_cross_sell": share(of("cart left after"), of("cart after")),
        "revenue": net,
        "orders": of("order"),
        "revenue_per_visitor": share(net, of("visitor")),
        "revenue_per_visit": share(net, of("visit")),
        "aov": share(of("paid") / 100, of("order")),
        "aov_recommended": share(of("paid with") / 100, of("order with")),
        "aov_other": share((of("paid") - of("paid with")) / 100, of("order") - of("order with")),
        "units_per_order": share(of("pieces"), of("order")),
        "return_rate": share(of("pieces back"), of("pieces")),
        "defect_rate": share(of("pieces broken"), of("pieces")),
        "coverage": len(shown) / len(ITEMS),
        "opt_out_rate": share(of("opted out"), of("visitor")),
        "engagement_change": late / early - 1 if early and late is not None else None,
        "csat": share(of("satisfied"), of("rated")),
        "surveys": of("survey"),
        "revenue_lift": seen / held - 1 if seen is not None and held else None,
        "aov_lift": large / usual - 1 if large is not None and usual is not None else None,
        "incremental_revenue": None if seen is None or held is None else (seen - held) * of("visitor by recommended"),
    }


def _week(at: int) -> int:
    """The number of the week from Monday, UTC."""
    return (at // DAY + 3) // 7
