"""A dress rehearsal: what a change would have earned, from the answers that were given without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec
import numpy as np

from endcap.core.basis import decode_basis
from endcap.core.events import LoggedEvent
from endcap.core.ids import new_id
from endcap.core.time import DAY_MS
from endcap.experiments.off_policy import Estimate, Overlap
from endcap.experiments.off_policy_slates import BELIEFS, Belief
from endcap.experiments.slate_values import Trial
from endcap.experiments.withholding import reason_to_withhold
from endcap.replay.changes import ShopChange
from endcap.replay.decisions import on_record
from endcap.replay.outcomes import Outcomes
from endcap.replay.past import Past
from endcap.replay.rehearsed import Evidence, Figure, Rehearsal, verdict
from endcap.replay.rehearsing import Again, Rehearsing, gathered
from endcap.stores.ports import Decision, ShopStores

DAYS = 28.0
MOST_ANSWERS = 5_000

LOOK_BACK = 500_000
"""How much of the log before the first answer is read, so that shoppers have a past: what came earlier is left out."""

PRECISE = 0.05
"""How far a difference may be off, as a share of what was, before more is believed so that more can be told."""

CLICKS, CARTS, REVENUE = "clicks", "carts", "revenue"

AN_ANSWER = 300
"""To make an answer again takes about as long as to read so many events."""

Progress = Callable[[int, int], None]
"""Is told how much is done of how much, in events read; an answer made again counts as :data:`AN_ANSWER` of them. It is told
often: whoever shares a machine with a rehearsal may rest in it."""


def rehearse(
    stores: ShopStores, change: ShopChange, *, now_ms: int, days: float = DAYS, most: int = MOST_ANSWERS,
    progress: Progress | None = None, seed: int = 0,
) -> Rehearsal:  # fmt: skip
    """What a change would have earned in the last ``days``, from up to ``most`` answers of those days, an even choice of them.

    Each is made again as it was and under the change, with the real engine and the exact chances of both; what came of them
    within seven days tells the rest. The shop's own documents are not touched. Time O(answers + log): some thousandths of a
    second an answer. Raises UnknownName or BadOption where the change cannot be made.
    """
    change.check(stores)
    since_ms = max(0, round(now_ms - days * DAY_MS))
    decisions, found = _chosen(stores, change, since_ms, now_ms, most, seed)
    outcomes = Outcomes({one.recommendation_id: (one.at_ms, _prices(one)) for one in decisions})
    since = _look_back(decisions)
    work = _Work(stores.log.last_seq() - since + AN_ANSWER * len(decisions), progress)

    def heard(events: Sequence[LoggedEvent]) -> None:
        outcomes.take(events)
        work.did(len(events))

    past = Past(stores, since, heard)
    rehearsing = Rehearsing(stores, change, past, _learnt_until(stores, change))
    answers: list[Again] = []
    for decision in decisions:
        again = rehearsing.again(decision)
        if again is not None:
            answers.append(again)
        work.did(AN_ANSWER)
    past.read_on()
    told = Rehearsal(
        change=change.said(), since_ms=since_ms, until_ms=now_ms, found=found, answers=len(answers),
        left_out=dict(rehearsing.left_out), belief=None, figures=(), evidence=(), looked=(), verdict="", reason=None,
        currency=_currency(decisions),
    )  # fmt: skip
    return _judged(told, answers, outcomes, rehearsing)


@dataclass(slots=True)
class _Work:
    """How much there is to do, and how much of it is done."""

    amount: int
    progress: Progress | None
    done: int = 0

    def did(self, more: int) -> None:
        self.done = min(self.done + more, self.amount)  # what has to be read again was counted before
        if self.progress is not None:
            self.progress(self.done, self.amount)


def _judged(told: Rehearsal, answers: list[Again], outcomes: Outcomes, rehearsing: Rehearsing) -> Rehearsal:
    if not answers:
        reason = reason_to_withhold(_NOTHING, has_propensities=False)
        told = msgspec.structs.replace(told, reason=reason)
        return msgspec.structs.replace(told, verdict=verdict(told))
    trial = _trial(answers, outcomes, rehearsing)
    evidence = tuple(_evidence(trial, belief) for belief in BELIEFS)
    belief = _settled(trial, evidence)
    told = msgspec.structs.replace(
        told, belief=belief, evidence=evidence, looked=tuple(trial.looked.tolist()),
        figures=_figures(trial, belief, told.currency), reason=None if belief is not None else evidence[-1].reason,
    )  # fmt: skip
    return msgspec.structs.replace(told, verdict=verdict(told))


def _settled(trial: Trial, evidence: tuple[Evidence, ...]) -> Belief | None:
    """The weakest belief under which the record tells enough: to :data:`PRECISE`, or else the one under which it tells most.

    Among those that a reward model corrects; what holds under the weakest of all is told beside them.
    """
    widths: dict[Belief, float] = {}
    for one in evidence:
        if one.belief != "cascade" and one.reason is None:
            was, _, gained = trial.difference(CLICKS, one.belief)
            known = was.value and gained.value is not None and gained.high is not None
            widths[one.belief] = (gained.high - gained.value) / was.value if known else float("inf")  # type: ignore[operator]
            if widths[one.belief] <= PRECISE:
                return one.belief
    return min(widths, key=lambda belief: widths[belief], default=None)


_NOTHING = Overlap(answers=0, effective_answers=0.0, largest_weight=0.0, clipped_share=0.0)


def _chosen(
    stores: ShopStores, change: ShopChange, since_ms: int, until_ms: int, most: int, seed: int
) -> tuple[list[Decision], int]:  # fmt: skip
    """An even choice of the answers that the change concerns, in the order in which they knew the log, and how many there are."""
    rng = np.random.default_rng(seed)
    kept: list[Decision] = []
    found = 0
    for decision in on_record(stores, new_id(since_ms)):
        if decision.at_ms > until_ms:
            break
        if not change.concerns(_placed.decode(decision.request).placement):
            continue
        found += 1
        if len(kept) < most:
            kept.append(decision)
        elif (place := int(rng.integers(found))) < most:  # Vitter 1985, algorithm R
            kept[place] = decision
    return sorted(kept, key=_known), found


def _known(decision: Decision) -> tuple[int, str]:
    """How much of the log an answer knew: in this order the log is read once, even where ids and places disagree."""
    return (decode_basis(decision.basis).position if decision.basis else 0), decision.recommendation_id


class _Placed(msgspec.Struct):
    placement: str


class _Priced(msgspec.Struct):
    item_id: str
    price: Decimal | None = None
    currency: str | None = None


class _PricedAnswer(msgspec.Struct):
    items: list[_Priced]


_placed = msgspec.json.Decoder(_Placed)
_priced = msgspec.json.Decoder(_PricedAnswer)


def _prices(decision: Decision) -> dict[str, Decimal | None]:
    return {one.item_id: one.price for one in _priced.decode(decision.response).items}


def _currency(decisions: list[Decision]) -> str:
    answers = (_priced.decode(one.response) for one in decisions)
    return next((item.currency for answer in answers for item in answer.items if item.currency), "")


def _look_back(decisions: list[Decision]) -> int:
    positions = [decode_basis(one.basis).position for one in decisions if one.basis]
    return max(0, min(positions, default=0) - LOOK_BACK)


def _learnt_until(stores: ShopStores, change: ShopChange) -> int:
    """Until when a bundle that is rehearsed has learnt: what came before, it may know by heart."""
    return next((one.data_until_ms for one in stores.bundles.list() if one.version == change.bundle), 0)


def _trial(answers: list[Again], outcomes: Outcomes, rehearsing: Rehearsing) -> Trial:
    slates, before, showing, unsupported = gathered(answers)
    came = [outcomes.of(one.recommendation_id) for one in answers]
    item_ids = [[rehearsing.ids[int(item)] for item in one.items] for one in answers]
    slots = [(outcome, item_id) for outcome, shown in zip(came, item_ids, strict=True) for item_id in shown]
    earned = {
        CLICKS: np.array([float(item_id in outcome.clicked) for outcome, item_id in slots]),
        CARTS: np.array([float(item_id in outcome.carted) for outcome, item_id in slots]),
        REVENUE: np.array([float(outcome.earned(item_id)) for outcome, item_id in slots]),
    }
    people = np.unique([one.person for one in answers], return_inverse=True)[1]
    return Trial.of(slates, before, showing, people.astype(np.int64), unsupported, earned, CLICKS)


def _evidence(trial: Trial, belief: Belief) -> Evidence:
    overlap = trial.overlap(belief)
    return Evidence(
        belief=belief, overlap=overlap, reason=reason_to_withhold(overlap), estimates=tuple(trial.estimates(CLICKS, belief))
    )  # fmt: skip


def _figures(trial: Trial, belief: Belief | None, currency: str) -> tuple[Figure, ...]:
    slots, n = len(trial.slates.answers), trial.slates.n_answers
    shown = float(trial.filled.sum()) / n
    scales = {
        "clicks_per_answer": (CLICKS, "clicks an answer", 1.0, 1.0),
        "ctr": (CLICKS, "clicks a product shown", n / slots, 1 / shown if shown > 0 else 0.0),
        "carts_per_thousand": (CARTS, "products put into a cart, of a thousand answers", 1_000.0, 1_000.0),
        "revenue_per_thousand": (REVENUE, f"{currency or 'revenue'} of a thousand answers", 1_000.0, 1_000.0),
    }
    return tuple(_figure(trial, belief, metric, *how) for metric, how in scales.items())


def _figure(trial: Trial, belief: Belief | None, metric: str, reward: str, unit: str, now: float, then: float) -> Figure:
    was, would, gained = trial.difference(reward, belief or "items", (now, then))
    if not was.value:  # where none was seen, nobody knows how rare they are
        return Figure(metric=metric, unit=unit, now=Estimate(estimator=was.estimator, value=was.value))
    if belief is None:
        return Figure(metric=metric, unit=unit, now=was)
    relative = gained.value / was.value if gained.value is not None else None
    return Figure(metric=metric, unit=unit, now=was, then=would, difference=gained, relative=relative)
