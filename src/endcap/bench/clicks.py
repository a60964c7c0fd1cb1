"""What visitors of a made-up shop of any size do, as arrays: made for speed, where :mod:`endcap.synthetic` is made for truth.

Items belong to topics, and some topics and items are far more popular than others. A visit stays in few topics and drifts to
the next one; from an item most go on to one that is close to it, some back to what they saw before. So there is something to
learn from, pairs repeat, and long tails are long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.core.events import KIND
from endcap.core.time import DAY_MS

START_MS = 1_700_000_000_000
SPAN_MS = 180 * DAY_MS
TOPIC_SIZE = 100
"""How many items a topic has."""

_VIEW, _CART, _PURCHASE = np.uint8(KIND["view"]), np.uint8(KIND["add_to_cart"]), np.uint8(KIND["purchase"])
_NEAR, _BACK, _TOPIC, _DRIFT = 0.5, 0.62, 0.85, 0.95
"""Below which chance the next item is near the last one, the one before that, any of the topic, or of the next topic."""

_CART_CHANCE, _BUYERS, _COMPANIONS, _KNOWN = 0.06, 0.05, 0.4, 0.6
_LONGEST_VISIT = 100
_STEP_MS = 40_000.0
_LONGEST_STEP_MS = 10 * 60_000

Ints = NDArray[np.int32]
Chances = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clicks:
    """Events in time order: views, additions to the cart and purchases.

    ``at_ms`` int64, ``visit``, ``user`` (-1 for a stranger) and ``item`` int32, ``kind`` uint8, numbers of
    :data:`endcap.core.events.KIND`; all (n_events,). The item of a purchase is its first line; the lines of event ``e`` are
    ``line_items[line_starts[e]:line_starts[e + 1]]``, int64 and int32, one for every event that is no purchase.
    """

    at_ms: NDArray[np.int64]
    visit: Ints
    user: Ints
    item: Ints
    kind: NDArray[np.uint8]
    line_starts: NDArray[np.int64]
    line_items: Ints
    n_items: int

    def __len__(self) -> int:
        return len(self.at_ms)


def clicks(n_events: int, n_visits: int, n_items: int, *, seed: int = 0) -> Clicks:
    """``n_events`` events of ``n_visits`` visits over :data:`SPAN_MS`; the same arguments give the same events.

    Three visits in five are of somebody known, a third as many people as visits, a few of whom come very often. One visit in
    twenty ends with an order of several lines. Time O(n_events log n_events), memory about 70 bytes an event while it works.

    >>> some = clicks(1_000, 120, 300)
    >>> len(some), int(some.visit.max()) + 1, bool((np.diff(some.at_ms) >= 0).all())
    (1000, 120, True)
    """
    rng = np.random.default_rng(seed)
    lengths = _lengths(rng, n_events, n_visits)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    people = np.where(
        rng.random(n_visits) < _KNOWN, (rng.random(n_visits) ** 2.5 * max(n_visits // 3, 1)).astype(np.int32), np.int32(-1)
    )
    items, at_ms = _walk(rng, lengths, starts, people, n_items)
    cart = rng.random(n_events) < _CART_CHANCE
    cart[starts[:-1]] = False
    cart[1:] &= ~cart[:-1]
    kinds = np.where(cart, _CART, _VIEW)
    put = np.flatnonzero(kinds == _CART)
    items[put] = items[put - 1]  # what is put into the cart is what was looked at
    visits = np.repeat(np.arange(n_visits, dtype=np.int32), lengths)
    buyers = np.flatnonzero((rng.random(n_visits) < _BUYERS) & (lengths > 2))
    kinds[starts[buyers + 1] - 1] = _PURCHASE
    sizes, bought = _orders(rng, items, starts, lengths, buyers, n_items)
    line_starts, line_items = _lines(items, starts[buyers + 1] - 1, sizes, bought)
    order = np.argsort(at_ms, kind="stable")
    taken = line_starts[order]
    widths = np.diff(line_starts)[order]
    ends = np.cumsum(widths)
    within = np.arange(len(line_items)) - np.repeat(ends - widths, widths)
    return Clicks(
        at_ms[order], visits[order], people[visits[order]], line_items[taken], kinds[order], np.concatenate(([0], ends)),
        line_items[np.repeat(taken, widths) + within], n_items,
    )  # fmt: skip


def _lengths(rng: np.random.Generator, n_events: int, n_visits: int) -> NDArray[np.int64]:
    """How many events each visit has, geometric and ``n_events`` together."""
    lengths = np.minimum(rng.geometric(min(n_visits / n_events, 1.0), n_visits), _LONGEST_VISIT)
    while missing := n_events - int(lengths.sum()):
        some = rng.permutation(np.flatnonzero(lengths > 1) if missing < 0 else n_visits)[: abs(missing)]
        lengths[some] += np.sign(missing)
    return lengths


def _walk(
    rng: np.random.Generator, lengths: NDArray[np.int64], starts: NDArray[np.int64], people: Ints, n_items: int
) -> tuple[Ints, NDArray[np.int64]]:
    """The item and the time of every event, visit by visit: all visits take their first step, then their second one."""
    n_topics = max(n_items // TOPIC_SIZE, 1)
    topics = rng.permutation(n_topics)[np.searchsorted(_falling(n_topics, 0.8), rng.random(max(len(lengths), 1)))]
    # Each person likes three topics.
    often = (people.astype(np.int64) * 2_654_435_761 + rng.integers(0, 3, len(people))) % n_topics
    topics = np.where((people >= 0) & (rng.random(len(people)) < 0.5), often, topics)
    within = _falling(TOPIC_SIZE, 0.7)
    items, at_ms = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.int64)
    by_length = np.argsort(-lengths, kind="stable")
    topic, first = topics[by_length], starts[:-1][by_length]
    last = before = topic * TOPIC_SIZE + np.searchsorted(within, rng.random(len(topic)))
    clock = START_MS + (rng.random(len(topic)) * (SPAN_MS - _LONGEST_VISIT * _LONGEST_STEP_MS)).astype(np.int64)
    for step in range(int(lengths.max(initial=0))):
        going = int(np.searchsorted(-lengths[by_length], -step))
        last, before, clock = last[:going], before[:going], clock[:going]
        if step:
            last, before = _next(rng, last, before, within, n_topics), last
            clock = clock + np.minimum(rng.exponential(_STEP_MS, going), _LONGEST_STEP_MS).astype(np.int64)
        items[first[:going] + step], at_ms[first[:going] + step] = last % n_items, clock
    return items, at_ms


def _next(
    rng: np.random.Generator, last: NDArray[np.int64], before: NDArray[np.int64], within: Chances, n_topics: int
) -> NDArray[np.int64]:
    """Where each visit goes from ``last``."""
    how, n = rng.random(len(last)), len(last)
    topic, place = last // TOPIC_SIZE, last % TOPIC_SIZE
    near = topic * TOPIC_SIZE + (place + rng.geometric(0.4, n)) % TOPIC_SIZE
    popular = np.searchsorted(within, rng.random(n))
    same, following = topic * TOPIC_SIZE + popular, (topic + 1) % n_topics * TOPIC_SIZE + popular
    anywhere = rng.integers(0, n_topics * TOPIC_SIZE, n)
    return np.select([how < _NEAR, how < _BACK, how < _TOPIC, how < _DRIFT], [near, before, same, following], anywhere)


def _falling(n: int, exponent: float) -> Chances:
    """Cumulated chances that fall with the place to the power of ``exponent``."""
    chances = (1.0 + np.arange(n)) ** -exponent
    cumulated: Chances = np.cumsum(chances) / chances.sum()
    return cumulated


def _orders(
    rng: np.random.Generator, items: Ints, starts: NDArray[np.int64], lengths: NDArray[np.int64], buyers: NDArray[np.int64],
    n_items: int,
) -> tuple[NDArray[np.int64], Ints]:  # fmt: skip
    """The lines of every order, from 1 to 8: things looked at during the visit, some instead by what goes with them."""
    sizes = np.minimum(rng.geometric(0.4, len(buyers)), 8)
    places = rng.random(int(sizes.sum())) * np.repeat(lengths[buyers] - 1, sizes)
    looked_at = items[np.repeat(starts[buyers], sizes) + places.astype(np.int64)]
    companion = (looked_at + n_items // 2) % n_items  # of another topic: bought together, hardly ever looked at together
    return sizes, np.where(rng.random(len(looked_at)) < _COMPANIONS, companion, looked_at).astype(np.int32)


def _lines(items: Ints, at: NDArray[np.int64], sizes: NDArray[np.int64], bought: Ints) -> tuple[NDArray[np.int64], Ints]:
    """The lines of all events: the ``bought`` ones of the orders at the places ``at``, each other event's item."""
    widths = np.ones(len(items), np.int64)
    widths[at] = sizes
    starts = np.concatenate(([0], np.cumsum(widths)))
    lines = np.empty(starts[-1], np.int32)
    ordered = np.zeros(len(lines), np.bool_)
    ordered[np.repeat(starts[at], sizes) + np.arange(len(bought)) - np.repeat(np.cumsum(sizes) - sizes, sizes)] = True
    lines[ordered] = bought
    single = np.ones(len(items), np.bool_)
    single[at] = False
    lines[~ordered] = items[single]
    return starts, lines
