"""Brings the sums up to date with the log and the answers, a stretch at a time.

A stretch is read, worked out and kept in one transaction together with the place that it reaches to: after a crash it is read
again or it is not, but it never counts twice or half. Two followers of one shop do no harm: the one that comes second throws its
work away and goes on from where the first one got.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Set

import msgspec

from endcap.core.crawlers import is_crawler, of_crawler
from endcap.core.events import LoggedEvent
from endcap.core.experiment import EXPERIMENT_KIND, Experiment
from endcap.errors import EndcapError
from endcap.measurement.answers import WELL_KNOWN_PLACEMENTS, Answer, Given, given
from endcap.measurement.contributions import Trial
from endcap.measurement.pace import Keep, Step, at_once, here
from endcap.measurement.products import ShopProducts
from endcap.measurement.rules import Rules, decode_rules, encode_rules, rules_of
from endcap.measurement.stretch import Known, Stretch, keys_in
from endcap.stores.measures import Measured, Progress
from endcap.stores.ports import Decision, ShopStores

CHUNK = 2_000
"""How many events and how many answers one transaction takes: some tenths of a second of work."""

REMEMBERED_ANSWERS = 8_000
"""How many answers are remembered in brief, so that what is seen of one is not looked up for each of its items."""

_MONEY = frozenset({"purchase", "refund"})


class Follower:
    """Follows one shop, pausing as ``pace`` says, and writes as ``keep`` does. Not to be shared by threads."""

    def __init__(self, stores: ShopStores, pace: Step = at_once, keep: Keep = here) -> None:
        self._stores = stores
        self._pace = pace
        self._keep = keep
        self._products = ShopProducts(stores.catalog, stores.bundles)
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._documents = -1
        self._trials: dict[str, Trial] = {}
        self._settled: dict[str, str] = {}
        self._placements: Set[str] = WELL_KNOWN_PLACEMENTS
        self._runs: dict[str, list[tuple[int, str]]] = {}

    def follow(self, limit: int = CHUNK) -> bool:
        """Take the next stretch, of at most ``limit`` events and as many answers, into the sums; tells whether there was one."""
        stores, measures = self._stores, self._stores.measures
        before = measures.progress()
        self._read_documents()
        if self._settle(before, limit):
            return True
        decisions = stores.decisions.written(before.answer_place, limit)
        events = stores.log.read(after=before.log_seq, limit=limit)
        if not decisions and not events:
            return False
        self._products.refresh()
        rules = self._rules(before, events)
        after = Progress(
            log_seq=events[-1].seq if events else before.log_seq,
            answer_place=decisions[-1][0] if decisions else before.answer_place,
            rules=encode_rules(rules),
        )
        stretch = Stretch(measures, rules, self._known())
        self._take_answers(stretch, [decision for _, decision in decisions])
        self._take_events(stretch, events)
        measured = stretch.measured(before, after)
        self._keep(lambda: measures.commit(measured))
        return True

    def catch_up(self) -> int:
        """Follow until there is nothing more; returns how many stretches that took."""
        stretches = 0
        while self.follow():
            stretches += 1
        return stretches

    def begin(self, log_seq: int) -> None:
        """Leave out what happened up to a place of the log, in a shop of which nothing was measured yet.

        Its figures begin there, until the sums are made anew from the whole log.
        """
        before = self._stores.measures.progress()
        if before.log_seq == 0:
            self._read_documents()
            rules = encode_rules(self._rules(before, []))
            self._stores.measures.commit(Measured(before=before, after=Progress(log_seq=log_seq, rules=rules)))

    def behind(self) -> int:
        """How many events of the log are not in the sums yet."""
        return self._stores.log.last_seq() - self._stores.measures.progress().log_seq

    def _rules(self, before: Progress, events: list[LoggedEvent]) -> Rules:
        """The rules that hold since the first stretch; the currency is settled when money first occurs."""
        rules = decode_rules(before.rules) if before.rules else None
        if rules is not None and (rules.currency or not any(one.event.type in _MONEY for one in events)):
            return rules
        ended = {run: trial.ended_ms for run, trial in self._trials.items() if trial.ended_ms is not None}
        told = msgspec.structs.replace(rules_of(self._stores), ended=ended)
        if rules is not None:
            return msgspec.structs.replace(rules, currency=told.currency)
        money = any(one.event.type in _MONEY for one in events)
        return told if money else msgspec.structs.replace(told, currency="")

    def _known(self) -> Known:
        return Known(self._lookup, self._trials, self._placements, self._stores.log.last_at_ms(), self._pace)

    def _settle(self, before: Progress, limit: int) -> bool:
        """Work out the units of an experiment again that was stopped, or goes on, since they were; tells whether there were some.

        They are done some at a time; after a crash it begins anew, which changes nothing.
        """
        rules = decode_rules(before.rules) if before.rules else None
        ended = {run: trial.ended_ms for run, trial in self._trials.items() if trial.ended_ms is not None}
        if rules is None or rules.ended == ended:
            return False
        run = min(run for run in {*ended, *rules.ended} if ended.get(run) != rules.ended.get(run))
        done = self._settled.get(run, "")
        names = self._stores.measures.unit_names(run, done, limit)
        stretch = Stretch(self._stores.measures, rules, self._known())
        units = {key: sums for key, sums in stretch.units_of(names).items() if key[0] == run}
        known = {one: at_ms for one, at_ms in {**rules.ended, run: ended.get(run)}.items() if at_ms is not None}
        after = msgspec.structs.replace(rules, ended=rules.ended if names else known)
        kept = msgspec.structs.replace(before, rules=encode_rules(after))
        measured = Measured(before=before, after=kept, units=units)
        if self._keep(lambda: self._stores.measures.commit(measured)):
            self._settled[run] = names[-1] if names else ""
        return True

    def _take_answers(self, stretch: Stretch, decisions: list[Decision]) -> None:
        answers: list[Given] = []
        for decision in decisions:
            self._pace()
            one = given(decision, self._products)
            if is_crawler(one.user_agent):
                stretch.take_bot(decision.at_ms)
                continue
            self._remember(one.recommendation_id, one.answer)
            answers.append(msgspec.structs.replace(one, arms=self._of_runs(one)))
        waiting = self._stores.measures.waiting([one.recommendation_id for one in answers])
        stretch.load([key for one in answers for key in (one.user, one.visitor, one.session) if key])
        for one in answers:
            self._pace()
            stretch.take_answer(one)
            if one.recommendation_id in waiting:
                stretch.take_late(one.recommendation_id, one.answer, waiting[one.recommendation_id])

    def _take_events(self, stretch: Stretch, events: list[LoggedEvent]) -> None:
        people = []
        for one in events:
            if of_crawler(one.event):
                stretch.take_bot(one.event.at_ms)
            else:
                people.append(one.event)
        stretch.load(key for event in people for key in keys_in(event))
        for event in people:
            self._pace()
            stretch.take_event(event)

    def _lookup(self, recommendation_id: str) -> Answer | None:
        known = self._answers.get(recommendation_id)
        if known is None:
            decision = self._stores.decisions.get(recommendation_id)
            if decision is None:
                return None
            known = given(decision, self._products).answer
            self._remember(recommendation_id, known)
        return known

    def _remember(self, recommendation_id: str, answer: Answer) -> None:
        self._answers[recommendation_id] = answer
        if len(self._answers) > REMEMBERED_ANSWERS:
            self._answers.popitem(last=False)

    def _read_documents(self) -> None:
        """The placements, and the experiments' units and ends by run."""
        version = self._stores.documents.version()
        if version == self._documents:
            return
        self._documents = version
        self._placements = WELL_KNOWN_PLACEMENTS | self._stores.documents.all("placement").keys()
        self._trials, self._runs = {}, {}
        for name, body in self._stores.documents.all(EXPERIMENT_KIND).items():
            try:
                experiment = msgspec.json.decode(body, type=Experiment)
            except (msgspec.MsgspecError, EndcapError):
                continue
            ends = [at_ms for at_ms in (experiment.stopped_ms, experiment.end_ms) if at_ms is not None]
            self._trials[experiment.salt] = Trial(experiment.unit, min(ends, default=None))
            self._runs[name] = [(experiment.started_ms or 0, experiment.salt)]

    def _of_runs(self, one: Given) -> dict[str, str]:
        """The arms of an answer by the run of their experiment, those of runs that had not begun left out."""
        arms = {}
        for name, arm in one.arms.items():
            for began_ms, run in self._runs.get(name, [(0, name)]):
                if one.answer.at_ms >= began_ms:
                    arms[run] = arm
        return arms
