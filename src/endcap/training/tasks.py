"""Questions about held-out time whose answers are known, by task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset, Interactions
from endcap.dataset.splits import take_baskets, take_sessions
from endcap.replay.held_out import HeldOut

TARGETS_PER_BASKET = 3
QUESTIONS_PER_VISIT = 20
TARGETS_THAT_TEACH = 10
"""Of each item of an order that is asked for a ranker learns a little more, and asking costs little once the order is drawn."""
TIMES_TO_TEACH = 3
"""A ranker learns from so many times the acts of visits that it is judged by: each of them says little."""
MOST_QUESTIONS = 5_000
"""How many questions of a task are asked, unless somebody has more or less time."""
MOST_REMEMBERED = 500
"""How many of a person's newest purchases a question about the next order knows, and newest acts one about a purchase."""

TASKS: tuple[Task, ...] = ("basket", "session", "purchase", "next_basket")
"""What training asks about: what a shop's own history can answer."""

_PURCHASE = KIND["purchase"]


def questions(
    task: Task, future: Dataset, rng: np.random.Generator, *, past: Dataset | None = None, most: int = MOST_QUESTIONS
) -> HeldOut:
    """The questions of a task over held-out time, in random order; a sample of about as many as ``most`` where there are more.

    ``basket``: up to three items of an order in turn, asked for with the rest. ``session``: every act of a visit but the first
    (of a long visit, some of them), asked for with the acts before it, whether its item came before or not: many an act returns.
    ``purchase``: what somebody buys, asked for with all that they did before on other items, in the ``past`` too.
    ``next_basket``: a person's first order in this time, asked for with what they bought in the ``past``; each item of it is
    right.
    """
    if task == "next_basket":
        return _next_order(past, future, rng, most) if past is not None else HeldOut.of([], [], [], known_barred=False)
    if task == "purchase":
        return _next_purchase(past, future, rng, most)
    return _OF_ONE_TIME[task](future, rng, most)


def lessons(
    future: Dataset, rng: np.random.Generator, most: int = MOST_QUESTIONS, times: int = TIMES_TO_TEACH
) -> dict[Task, HeldOut]:  # fmt: skip
    """What a ranker learns from where that is more than the questions: so many ``times`` the acts of visits, and up to ten items
    of the orders that they ask about."""
    return {
        "basket": _rest_of_basket(future, rng, most, TARGETS_THAT_TEACH),
        "session": _next_act(future, rng, most * times),
    }


def _rest_of_basket(
    future: Dataset, rng: np.random.Generator, most: int, most_targets: int = TARGETS_PER_BASKET
) -> HeldOut:  # fmt: skip
    several = np.flatnonzero(np.diff(future.baskets.indptr) > 1)
    chosen = take_baskets(future.baskets, _sample(several, most // TARGETS_PER_BASKET, rng))
    known, targets, clusters = [], [], []
    for basket in range(len(chosen)):
        items = chosen.items[chosen.indptr[basket] : chosen.indptr[basket + 1]]
        for target in rng.choice(items, size=min(most_targets, len(items)), replace=False):
            known.append(items[items != target].tolist())
            targets.append(int(target))
            clusters.append(basket)
    return HeldOut.of(known, targets, clusters, known_barred=True)


def _next_act(future: Dataset, rng: np.random.Generator, most: int) -> HeldOut:
    known, targets, clusters = [], [], []
    for visit, items in _visits(future, np.diff(future.sessions.indptr) > 1, rng, most):
        for place in np.sort(_sample(np.arange(1, len(items)), QUESTIONS_PER_VISIT, rng)):
            known.append(items[:place].tolist())
            targets.append(int(items[place]))
            clusters.append(visit)
        if len(targets) >= most:
            break
    return HeldOut.of(known, targets, clusters, known_barred=False)


def _next_purchase(past: Dataset | None, future: Dataset, rng: np.random.Generator, most: int) -> HeldOut:
    acts = future.interactions
    bought = np.flatnonzero((acts.kinds == _PURCHASE) & (acts.users >= 0))
    if len(bought) == 0:
        return HeldOut.of([], [], [], known_barred=True)
    chosen = _sample(bought, most, rng)
    turn = rng.permutation(acts.n_users)  # one person's questions stand together, the people in random order
    chosen = chosen[np.argsort(turn[acts.users[chosen]], kind="stable")]
    lives = _of_people([acts] if past is None else [past.interactions, acts], np.unique(acts.users[chosen]))
    known, spans, targets, clusters, now_ms = [], [], [], [], []
    for act in chosen.tolist():
        user, item, bought_ms = int(acts.users[act]), int(acts.items[act]), int(acts.at_ms[act])
        mine = np.arange(*_of(lives, user).indices(len(lives.items)))
        before = mine[(lives.at_ms[mine] < bought_ms) & (lives.items[mine] != item)][-MOST_REMEMBERED:]
        if len(before):
            known.append(lives.items[before].tolist())
            spans.append(before)
            targets.append(item)
            clusters.append(user)
            now_ms.append(bought_ms)
    asked, which = HeldOut.of(known, targets, clusters, known_barred=True), _joined(spans)
    return replace(asked, kinds=lives.kinds[which], at_ms=lives.at_ms[which], now_ms=np.array(now_ms, np.int64))


def _next_order(past: Dataset, future: Dataset, rng: np.random.Generator, most: int) -> HeldOut:
    earlier, later = _purchases(past.interactions), _purchases(future.interactions)
    both = np.intersect1d(earlier.users, later.users).astype(np.int64)
    back = _sample(both[both >= 0], most, rng)
    known, at_ms, targets, now_ms = [], [], [], []
    for user in back.tolist():
        bought = _of(earlier, user)
        newest = slice(max(bought.stop - MOST_REMEMBERED, bought.start), bought.stop)
        known.append(earlier.items[newest].tolist())
        at_ms.append(earlier.at_ms[newest])
        order = _of(later, user)
        first = later.at_ms[order] == later.at_ms[order.start]
        targets.append(np.unique(later.items[order][first]).tolist())
        now_ms.append(int(later.at_ms[order.start]))
    asked = HeldOut.of(known, targets, list(range(len(known))), known_barred=False)
    return replace(
        asked, kinds=np.full(len(asked.rows), _PURCHASE, np.uint8), at_ms=_joined(at_ms), now_ms=np.array(now_ms, np.int64)
    )


def _purchases(acts: Interactions) -> Interactions:
    """The purchases, by person, each person's in time order."""
    bought = np.flatnonzero(acts.kinds == _PURCHASE)
    return _taken(acts, bought[np.lexsort((acts.at_ms[bought], acts.users[bought]))])


def _of_people(parts: Sequence[Interactions], people: NDArray[np.int32]) -> Interactions:
    """The acts of some people, by person, each person's in time order. The parts number people and items alike."""
    theirs = [_taken(one, np.flatnonzero(np.isin(one.users, people))) for one in parts]
    users, items, kinds, at_ms = (
        np.concatenate([getattr(one, name) for one in theirs]) for name in ("users", "items", "kinds", "at_ms")
    )
    acts = Interactions(users, items, kinds, at_ms, parts[0].n_users, parts[0].n_items)
    return _taken(acts, np.lexsort((acts.at_ms, acts.users)))


def _taken(acts: Interactions, which: NDArray[np.int64]) -> Interactions:
    return Interactions(acts.users[which], acts.items[which], acts.kinds[which], acts.at_ms[which], acts.n_users, acts.n_items)


def _of(purchases: Interactions, user: int) -> slice:
    start, end = np.searchsorted(purchases.users, (user, user + 1))
    return slice(int(start), int(end))


def _joined(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *parts])


def _visits(
    future: Dataset, wanted: NDArray[np.bool_], rng: np.random.Generator, most: int
) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """The wanted visits in random order, at most so many: number, items."""
    chosen = take_sessions(future.sessions, _sample(np.flatnonzero(wanted), most, rng))
    for visit in range(len(chosen)):
        span = slice(chosen.indptr[visit], chosen.indptr[visit + 1])
        yield visit, chosen.items[span]


def _sample(numbers: NDArray[np.int64], at_most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """So many of them, in random order."""
    return rng.permutation(numbers)[:at_most]


_OF_ONE_TIME: dict[Task, Callable[[Dataset, np.random.Generator, int], HeldOut]] = {
    "basket": _rest_of_basket,
    "session": _next_act,
}
