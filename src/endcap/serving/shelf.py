"""Filling one shelf: ask the sources, rank, apply the rules, give out the slots, top up, say why."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap.core.query import Query, Rows
from endcap.core.request import Reason, ShelfTrace
from endcap.kernels.retrieve import LEAST
from endcap.ranking.arranging import Arranger, Caps, Entrants, Policy, Slots, next_seed
from endcap.ranking.fatigue import passed_over
from endcap.ranking.mixture import Known, Mixture
from endcap.ranking.rulebook import ActiveRules, Bar
from endcap.ranking.rules.base import Cap
from endcap.ranking.stack import Group
from endcap.serving.barring import SEEN, TAKEN, Barrier, labels
from endcap.serving.items import NO_CATEGORY, NO_FAMILY, ItemTable
from endcap.serving.live_sources import NewArrivals
from endcap.serving.reasons import OF_CATEGORY, reason
from endcap.serving.state import ReadyShelf
from endcap.serving.trace import Told, add_to_trace
from endcap.serving.view import AnswerView

CANDIDATES = 100
"""How many candidates of a shelf its slots are chosen from."""

_NO_ROWS: Rows = np.empty(0, dtype=np.int32)

PINNED, NEW = "pin", "new_arrivals"
"""What is named as the source of an item that a rule put in its place, and of a new one that only chance can choose."""

NEWCOMERS = 5
"""How many new products are candidates of a shelf, beside those that its sources propose, where chance gives them a share."""

_IN_CATEGORY = {"popular": "popular_in_category", "trending": "trending_in_category"}
_REASONS = {PINNED: "picked", NEW: "new_arrival"}

MOST_BOUGHT = 20
"""How many different things that were bought, the newest, a source is asked with."""


class Slot(msgspec.Struct, frozen=True, gc=False):
    """One filled place: the item's row, its score inside the shelf, why it is there, what led there (-1 for nothing), the source
    that proposed it, its exact chance given the slots above, and the arm that chose it where two are interleaved."""

    row: int
    score: float
    reason: Reason
    lead: int
    source: str
    propensity: float
    arm: str = ""


class Filled(msgspec.Struct):
    """A shelf's answer. ``failed`` names sources that cannot be used; ``fallback`` is set when the shelf was topped up.

    ``fates``, filled where an explanation is asked for, says of rows that were proposed what became of them.
    """

    slots: list[Slot] = []
    failed: list[str] = []
    fallback: str | None = None
    trace: ShelfTrace | None = None
    fates: dict[int, str] = {}


class ShelfFiller:
    """Fills the shelves of one answer.

    ``blocked`` uint8 says by code why a row may not be shown, 0 where it may; what a shelf shows is marked as taken in it.
    ``rules`` are those of the whole answer, ``shown`` the rows that stand above it on the page. Pins of the answer count its
    places from the first shelf, ``in_order`` says that it begins there.
    """

    def __init__(
        self, view: AnswerView, query: Query, blocked: NDArray[np.uint8], mixture: Mixture, arranger: Arranger,
        rules: ActiveRules, *, seed: int, newcomers: NewArrivals | None = None, shown: Sequence[int] = (),
        in_order: bool = True, explain: bool = False,
    ) -> None:  # fmt: skip
        self.rules = rules
        self._blocked = blocked
        self._view = view
        self._items: ItemTable = view.table
        self._query = query
        self._mixture = mixture
        self._arranger = arranger
        self._seed = seed
        self._newcomers = newcomers
        self._shown = list(shown)
        self._n_above = len(self._shown)
        self._pins = rules.pins if in_order else ()
        self._caps = rules.caps
        self._explain = explain
        self._draws = np.empty(0)
        self._reasons: dict[tuple[str, int], Reason] = {}
        self._known = self._all_known()
        self._offer = self._items.offer(blocked)

    def code(self, row: int) -> int:
        """Why a row may not be shown, 0 where it may or is shown."""
        return int(self._blocked[row]) if row < len(self._blocked) else 0

    @property
    def shown(self) -> Sequence[int]:
        """The rows that are shown, those that stand above among them."""
        return self._shown

    def _all_known(self) -> Known:
        query, purchases = self._query, self._query.purchases
        # As lists, and made into arrays once: each step on a short array costs more than all of them.
        sure, past, counted = query.cart.tolist(), query.history.tolist(), query.weights.tolist()
        n_cart, weights = len(sure), query.weights
        if query.anchor >= 0:
            sure.append(query.anchor)
            if query.anchor in past:
                at = past.index(query.anchor)
                del past[at], counted[at : at + 1]
        bought = list(dict.fromkeys([one.row for one in purchases]))[:MOST_BOUGHT] if purchases else []
        if counted:
            weights = np.array([1.0] * len(sure) + counted + [1.0] * len(bought), dtype=np.float32)
        known = Known(
            np.array(sure + past + bought, dtype=np.int32), n_cart, len(sure), query.now_ms, category=self._category(),
            trail=query.trail, n_past=len(sure) + len(past), weights=weights,
        )  # fmt: skip
        if not purchases:
            return known
        return msgspec.structs.replace(
            known, bought=_rows(one.row for one in purchases),
            bought_at_ms=np.array([one.at_ms for one in purchases], dtype=np.int64),
        )  # fmt: skip

    def fill(self, ready: ReadyShelf, count: int, draws: Sequence[float] = ()) -> Filled:
        """Up to ``count`` slots of a shelf; topped up to the shelf's minimum from its fallbacks, then from the range.

        ``draws`` has the odds of its sources to be asked for a slot, where they are drawn.
        """
        self._draws = np.array(draws, dtype=np.float64)
        shelf = ready.shelf
        filled = Filled()
        if self._explain:
            filled.trace = ShelfTrace(shelf=shelf.name, sources=[], removed={}, fallback=None, items=[])
        own = ActiveRules(ready.rules, self._query, self._view) if ready.rules is not None else None
        bars = [Bar(SEEN, self._query.history)] if shelf.unseen else []
        bars += own.bars() if own is not None else []
        if filled.trace is None and any(bar.allows and not len(bar.rows) for bar in bars):
            return filled  # nothing may stand here, and nobody asks why
        barrier = Barrier(self._blocked, bars)
        try:
            self._fill(ready, count, filled, own)
        finally:
            barrier.lift([slot.row for slot in filled.slots])  # what this shelf alone may not show, the next one may
        if filled.trace is not None:
            filled.trace.fallback = filled.fallback
        return filled

    def _fill(self, ready: ReadyShelf, count: int, filled: Filled, own: ActiveRules | None) -> None:
        shelf = ready.shelf
        self._add(ready.sources, count, filled, own, ready)
        wanted = min(count, shelf.min_count)
        for group in ready.fallbacks:
            if len(filled.slots) >= wanted:
                return
            if self._add(group, wanted - len(filled.slots), filled, own, ready):
                filled.fallback = filled.fallback or group.names[0]
        if len(filled.slots) < wanted and self._add_from_range(wanted - len(filled.slots), filled, own, ready):
            filled.fallback = filled.fallback or "catalogue"

    def _add(self, group: Group, count: int, filled: Filled, own: ActiveRules | None, ready: ReadyShelf) -> int:
        """Mix the sources and add ``count`` items of those that may be shown; returns how many were added."""
        filled.failed += [name for name in group.unusable if name not in filled.failed]
        pins = self._pins_here(len(filled.slots), count, own)
        if len(group) == 0 and not pins:
            return 0
        started = time.perf_counter_ns()
        n_used = self._used_families() if ready.shelf.one_per_family else -1
        found = self._mixture.propose(group, self._known, self._offer, CANDIDATES, n_used=n_used)
        added = self._choose(group, found, count, filled, own, ready, pins)
        if filled.trace is not None:
            filled.trace.micros += (time.perf_counter_ns() - started) / 1000
        return added

    def _choose(
        self, group: Group, found: int, count: int, filled: Filled, own: ActiveRules | None, ready: ReadyShelf,
        pins: dict[int, int],
    ) -> int:  # fmt: skip
        """Give out slots among the candidates that the mixture found; returns how many."""
        work, policy = self._mixture.work, ready.policy
        rows, scores = work.rows[:found], work.best[:found]
        more = self._more(rows, pins, policy)
        count = min(count, found + list(more.values()).count(PINNED))  # new products take a place, they do not add one
        if more:
            rows = np.concatenate([rows, np.array(list(more), dtype=np.int32)])
            scores = np.concatenate([scores, np.full(len(more), LEAST, dtype=np.float32)])
        if not len(rows):
            return 0
        who = Entrants(
            rows, self._weighed(rows, scores, own), np.array(self._shown, dtype=np.int32) if self._shown else _NO_ROWS,
            old=self._view.n_trained or len(self._view),
        )  # fmt: skip
        if more:
            who = who._replace(fresh=np.array([more.get(row) == NEW for row in rows[-len(more) :].tolist()], dtype=np.uint8))
        if pins:
            who = who._replace(pinned=np.array([pins.get(row, -1) for row in rows.tolist()], dtype=np.int32))
        caps = self._caps_for(rows, filled, own, one_per_family=bool(more) and ready.shelf.one_per_family)
        if caps is not None:
            who = who._replace(caps=caps)
        if group is ready.sources and len(self._draws) == len(group) > 0:
            who = who._replace(draws=self._draws)
        gathered = self._mixture.gathered(group, self._known)
        slots = self._arranger.arrange(gathered, self._items.looks, policy, who, count, self._seed)
        self._seed = next_seed(self._seed)
        self._take(group, who, more, slots, filled, own, ready)
        return len(slots)

    def _more(self, rows: Rows, pins: dict[int, int], policy: Policy) -> dict[int, str]:
        """Candidates beside those of the sources, and where they come from: what rules put in its place, and, where chance is to
        give new products a share, the newest of the category."""
        more = dict.fromkeys(pins, PINNED)
        if self._newcomers is not None and policy.epsilon > 0 and policy.new_share > 0:
            newest = self._newcomers.newest(self._known.category, self._blocked, NEWCOMERS, self._query.now_ms)
            more |= {row: NEW for row in newest if row not in more}
        if more:
            for row in rows.tolist():
                more.pop(row, None)
        return more

    def _weighed(self, rows: Rows, scores: NDArray[np.float32], own: ActiveRules | None) -> NDArray[np.float32]:
        """The scores after the rules and what was passed over; bit by bit the same where nothing changes any."""
        found = [rules.factors(rows) for rules in (self.rules, own) if rules is not None]
        for factors in (*found, passed_over(self._query, rows)):
            if factors is not None:
                scores = scores * factors
        return scores

    def _pins_here(self, n_filled: int, count: int, own: ActiveRules | None) -> dict[int, int]:
        """The rows that a rule puts into the next ``count`` places, and into which of them, unless they are blocked."""
        pins = own.pins if own is not None else ()
        if not self._pins and not pins:
            return {}
        wanted: dict[int, int] = {}
        above = len(self._shown) - self._n_above
        for pin, begins in [*((pin, above) for pin in self._pins), *((pin, n_filled) for pin in pins)]:
            place = pin.position - begins
            shows = pin.row < len(self._blocked) and self._blocked[pin.row] == 0  # a row may be newer than the answer
            if shows and 0 <= place < count and place not in wanted.values():
                wanted.setdefault(pin.row, place)
        return wanted

    def _caps_for(
        self, rows: Rows, filled: Filled, own: ActiveRules | None, *, one_per_family: bool = False
    ) -> Caps | None:  # fmt: skip
        """The caps of the answer, which count all that is shown, and those of the shelf, which count what it shows.

        With ``one_per_family`` also that of variants, which candidates of the sources keep already.
        """
        both = [(cap, self._shown) for cap in self._caps]
        both += [(cap, [slot.row for slot in filled.slots]) for cap in (own.caps if own is not None else ())]
        if one_per_family:
            above = [*self._shown, self._query.anchor] if self._query.anchor >= 0 else self._shown
            both.append((Cap(self._items.family, 1), above))
        if not both:
            return None
        groups = np.stack([_groups(cap, rows) for cap, _ in both])
        shown = np.full((len(both), max(len(counted) for _, counted in both)), -1, dtype=np.int32)
        for at, (cap, counted) in enumerate(both):
            shown[at, : len(counted)] = _groups(cap, np.array(counted, dtype=np.int32))
        return Caps(groups, shown, np.array([cap.most for cap, _ in both], dtype=np.int32))

    def _take(
        self, group: Group, who: Entrants, more: Mapping[int, str], slots: Slots, filled: Filled, own: ActiveRules | None,
        ready: ReadyShelf,
    ) -> None:  # fmt: skip
        """Put what was chosen into slots, with reasons and, where that is asked for, the trace."""
        names, says, codes, narrowed = group.names, ready.shelf.reason, group.reasons, group.same_category
        add, reasons, picked = filled.slots.append, self._reasons, slots.rows.tolist()
        best, odds = who.scores[slots.places].tolist(), slots.propensities.tolist()
        for row, score, chance, source, lead in zip(
            picked, best, odds, slots.sources.tolist(), slots.leads.tolist(), strict=True
        ):
            if row in more:
                add(Slot(row, score, reason(_REASONS[more[row]]), -1, more[row], chance))
                continue
            code = says or ("seen_before" if lead == row else codes[source])
            if lead < 0 and source in narrowed:
                code = _IN_CATEGORY.get(code, code)
            add(Slot(row, score, reasons.get((code, lead)) or self._why(code, lead), lead, names[source], chance))
        self._blocked[slots.rows] = TAKEN
        self._shown += picked
        if filled.trace is not None:
            rules = [self.rules] if own is None else [self.rules, own]
            influences = group.ranker.influences() if group.ranker is not None else {}
            told = Told(who.rows, who.scores, slots, rules, passed_over(self._query, who.rows), influences, labels(*rules))
            add_to_trace(filled.trace, group, self._known, self._mixture.work, self._items, told)
            self._tell_fates(filled, who.rows, who.scores, slots)

    def _tell_fates(self, filled: Filled, rows: Rows, scores: NDArray[np.float32], slots: Slots) -> None:
        """Say of every candidate that was not chosen how it stood."""
        order = np.argsort(-scores, kind="stable")
        last = float(scores[slots.places].min()) if len(slots) else 0.0
        for rank, at in enumerate(order.tolist(), start=1):
            row = int(rows[at])
            if self._blocked[row] != TAKEN:
                filled.fates[row] = (
                    f"a candidate, number {rank} of {len(rows)} by score ({scores[at]:.4g}; the lowest shown has {last:.4g}): "
                    f"better ones, variety, quotas or chance filled the {len(slots)} places"
                )

    def _used_families(self) -> int:
        """Put the families that may not come again into the scratch; returns how many. The anchor's is one of them."""
        family, used = self._items.family, self._mixture.work.used
        shown = [*self._shown, self._query.anchor] if self._query.anchor >= 0 else self._shown
        families = [code for code in dict.fromkeys([family.item(row) for row in shown]) if code != NO_FAMILY][: len(used)]
        for at, code in enumerate(families):
            used[at] = code
        return len(families)

    def _category(self) -> int:
        """The category of what the shopper looks at: the anchor's, else the first of the cart, else the last one seen."""
        query, leaf = self._query, self._items.leaf
        if query.anchor >= 0 and (code := leaf.item(query.anchor)) != NO_CATEGORY:
            return code
        for row in (*query.cart[:1].tolist(), *query.history[:1].tolist()):
            if row >= 0 and (code := leaf.item(row)) != NO_CATEGORY:
                return code
        return NO_CATEGORY

    def _why(self, code: str, lead: int) -> Reason:
        """What is said of a code and the row that led there; worked out once in an answer."""
        item = self._items.title(lead) if lead >= 0 else None
        told = self._reasons[code, lead] = reason(code, item, self._category_told(code))
        return told

    def _category_told(self, code: str) -> str | None:
        """The category that a reason names, where it names one and one is known."""
        category = self._known.category
        return self._items.category_name(category) if category != NO_CATEGORY and code.endswith(OF_CATEGORY) else None

    def _add_from_range(self, count: int, filled: Filled, own: ActiveRules | None, ready: ReadyShelf) -> int:
        """Whatever the shop offers, the category of the page first: better than an empty shelf before the first training."""
        items = self._items
        size = min(len(items), len(self._blocked))
        rows = np.flatnonzero(self._blocked[:size] == 0).astype(np.int32)
        category = self._known.category
        if category != NO_CATEGORY:
            rows = rows[np.argsort(items.leaf[rows] != category, kind="stable")]
        caps = self._caps_for(rows, filled, own, one_per_family=ready.shelf.one_per_family)
        if caps is not None:
            rows = rows[_within_caps(caps, count)]
        for row in rows[:count].tolist():
            filled.slots.append(Slot(row, 0.0, reason("from_range"), -1, "catalogue", 1.0))
            self._blocked[row] = TAKEN
            self._shown.append(row)
        return min(count, len(rows))


def _rows(rows: Iterable[int]) -> Rows:
    return np.array(list(rows), dtype=np.int32)


def _within_caps(caps: Caps, count: int) -> list[int]:
    """The first ``count`` candidates that no cap forbids, by their number."""
    counts = [Counter(shown) for shown in caps.shown.tolist()]
    most, kept = caps.most.tolist(), list[int]()
    for at, groups in enumerate(caps.groups.T.tolist()):
        if all(group < 0 or count_of[group] < bound for group, count_of, bound in zip(groups, counts, most, strict=True)):
            kept.append(at)
            for group, count_of in zip(groups, counts, strict=True):
                count_of[group] += 1
            if len(kept) == count:
                break
    return kept


def _groups(cap: Cap, rows: Rows) -> NDArray[np.int32]:
    """The groups of rows, -1 for those that do not count or came after the cap was worked out."""
    groups = np.full(len(rows), -1, dtype=np.int32)
    known = rows < len(cap.codes)
    groups[known] = cap.codes[rows[known]]
    return groups
