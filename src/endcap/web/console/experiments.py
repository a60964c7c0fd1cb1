"""The list of experiments, the holdout, and what is done with an experiment: start, stop, decide, throw a draft away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from endcap.core.experiment import HELD_OUT, HOLDOUT, Experiment, Outcome, Recommendations
from endcap.core.placement import Placement
from endcap.core.time import DAY_MS
from endcap.errors import BadInput, EndcapError
from endcap.measurement.trials import Trial, decided, trial
from endcap.serving.shop_experiments import (
    all_experiments,
    decide_experiment,
    experiment_named,
    put_experiment,
    put_holdout,
    remove_experiment,
    repeated,
    start_experiment,
    stop_experiment,
)
from endcap.serving.taking_over import as_won, take_over
from endcap.stores.ports import Documents
from endcap.web.console.drafting import SHARES, free_name
from endcap.web.console.frame import Address, Page, Redirect, Visit
from endcap.web.console.other_kinds import preferred
from endcap.web.console.told import titles_of, where_of
from endcap.web.console.words import ago, count_of, day

PATH = "/console/experiments"
STATUS = {"draft": "Draft", "running": "Running", "stopped": "To be decided", "decided": "Decided"}
OUTCOMES: dict[Outcome, str] = {
    "won": "It won", "lost": "It lost", "no_difference": "No difference", "unclear": "Unclear",
}  # fmt: skip
MODES: dict[Recommendations, str] = {
    "none": "no recommendations", "standard": "bestsellers instead of recommendations", "random": "products by chance",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """An experiment in the list."""

    name: str
    title: str
    where: str
    status: str
    note: str
    tone: str
    link: str
    progress: float | None = None
    shoppers: str = ""


def experiments(visit: Visit) -> Page:
    """The page."""
    documents = visit.shop.service.stores.documents
    found = [one for one in all_experiments(documents) if one.kind != "holdout"]
    by_status = {status: [_row(visit, one) for one in found if one.status == status] for status in STATUS}
    return Page(
        "experiments.html",
        {"section": "experiments", "groups": by_status, "status": STATUS, "holdout": holdout_of(visit), "modes": MODES},
    )


def _row(visit: Visit, one: Experiment) -> Row:
    """A line of the list; what runs or waits for a decision says how it stands."""
    link = visit.link(f"{PATH}/{one.name}")
    where = where_of(one)
    row = Row(one.name, one.title or one.name, where, one.status, "", "", link)
    if one.status == "draft":
        return Row(one.name, row.title, where, one.status, "Not started yet.", "", link)
    if one.decided is not None:
        tone = {"won": "good", "lost": "bad"}.get(one.decided.outcome, "")
        note = f"{OUTCOMES[one.decided.outcome]}. {one.decided.note or one.decided.verdict}"
        return Row(one.name, row.title, where, one.status, note, tone, link)
    try:
        found = trial(visit.shop.service.stores, one.name, visit.now_ms)
    except EndcapError as error:
        return Row(one.name, row.title, where, one.status, error.message, "bad", link)
    note, tone = summary(found)
    return Row(one.name, row.title, where, one.status, note, tone, link, found.progress, count_of(_met(found), "shopper"))


def summary(found: Trial) -> tuple[str, str]:
    """How an experiment stands in a sentence, and whether that is good, bad, or neither."""
    titles = titles_of(found.experiment)
    if (said := preferred(found, titles)) is not None:
        return said.sentence, said.tone
    if found.analysis is None:
        return standing(found), ""
    if found.analysis.verdict.outcome == "keep_running" and found.experiment.status != "running":
        return "It ended before anything could be told.", ""
    return with_titles(found.analysis.verdict.sentence, titles), tone_of(found)


def with_titles(text: str, titles: dict[str, str]) -> str:
    """The text with the versions by their titles instead of their names."""
    for name, title in titles.items():
        text = text.replace(f"“{name}”", f"“{title.strip('“”')}”")
    return text


def _met(found: Trial) -> int:
    """How many shoppers have met it."""
    return found.preference.sessions if found.preference is not None else sum(found.units)


def tone_of(found: Trial) -> str:
    """Whether the verdict is good, bad, or neither."""
    outcome = found.analysis.verdict.outcome if found.analysis else ""
    return {"wins": "good", "loses": "bad", "guard_rail": "bad", "sample_ratio": "bad"}.get(outcome, "")


def standing(found: Trial) -> str:
    """How far an experiment is, in words."""
    return f"Day {int(found.days) + 1} of {found.days_wanted}."


@dataclass(frozen=True, slots=True)
class Holdout:
    """How the holdout is set."""

    share: float
    mode: Recommendations
    since: str


def holdout_of(visit: Visit) -> Holdout | None:
    """The shop's holdout as it is set; nothing where it has none."""
    known = {one.name: one for one in all_experiments(visit.shop.service.stores.documents)}
    one = known.get(HOLDOUT)
    if one is None:
        return None
    held_out = next(arm for arm in one.arms if arm.name == HELD_OUT)
    change = held_out.changes.get("*")
    since = f"{day(one.started_ms)} ({ago(visit.now_ms - one.started_ms)})" if one.started_ms else ""
    share = held_out.weight if one.status == "running" else 0.0
    return Holdout(share, change.recommendations if change else "none", since)


def _done(visit: Visit, name: str, word: str) -> Redirect:
    visit.shop.service.refresh()
    return Redirect(visit.link(f"{PATH}/{name}" if name else PATH, done=word))


def start(visit: Visit) -> Redirect:
    """Let an experiment run. Raises BadInput where it cannot."""
    name = visit.names["name"]
    begin(visit.shop.service.stores.documents, name, visit.now_ms)
    return _done(visit, name, "started")


def begin(documents: Documents, name: str, now_ms: int) -> Experiment:
    """Let an experiment run, for as many days as it was planned for: with an end, the ranges of one look may decide then."""
    one = experiment_named(documents, name)
    if one.status == "draft" and one.ends_at is None:
        put_experiment(documents, msgspec.structs.replace(one, ends_at=now_ms + one.min_days * DAY_MS))
    return start_experiment(documents, name, now_ms)


def stop(visit: Visit) -> Redirect:
    """Let everybody see the shop as it is again."""
    name = visit.names["name"]
    stop_experiment(visit.shop.service.stores.documents, name, visit.now_ms)
    return _done(visit, name, "stopped")


def decide(visit: Visit) -> Redirect:
    """Put down what was learnt, with the figures of this moment."""
    name, outcome, winner = visit.names["name"], visit.form.get("outcome", ""), visit.form.get("winner", "")
    known = next((one for one in OUTCOMES if one == outcome), None)
    if outcome and known is None:
        raise BadInput("choose how it went", field="outcome", value=outcome)
    stores = visit.shop.service.stores
    found = trial(stores, name, visit.now_ms)
    note = visit.form.get("note", "")[:2_000]
    decision = decided(found, at_ms=visit.now_ms, outcome=known, winner=winner or None, note=note)
    won, word = _won(stores.documents, found.experiment, winner)
    decide_experiment(stores.documents, name, decision)
    take_over(stores.documents, won)
    return _done(visit, name, word)


def _won(documents: Documents, experiment: Experiment, winner: str) -> tuple[list[Placement], str]:
    """The placements that become as the winner has them, and the word for what was done: some changes the shop's pages make."""
    if winner not in {arm.name for arm in experiment.every_arm}:
        return [], "decided"
    try:
        return as_won(documents, experiment, winner), "taken_over"
    except BadInput:
        return [], "decided_by_hand"


def widen(visit: Visit) -> Redirect:
    """Let more shoppers take part in an experiment that runs. Raises BadInput for fewer, for nobody moves out."""
    documents, name = visit.shop.service.stores.documents, visit.names["name"]
    chosen = next((one for one in SHARES if str(one) == visit.form.get("share")), None)
    if chosen is None:
        raise BadInput("choose how many shoppers shall see it", field="share", value=visit.form.get("share"))
    put_experiment(documents, msgspec.structs.replace(experiment_named(documents, name), share=chosen / 100))
    return _done(visit, name, "widened")


def again(visit: Visit) -> Redirect:
    """Draft an experiment that was decided once more. Raises BadInput for one that was not."""
    documents, name = visit.shop.service.stores.documents, visit.names["name"]
    known = {one.name: one for one in all_experiments(documents)}
    one = experiment_named(documents, name)
    if one.decided is None:
        raise BadInput(f"{one.title or name} is not decided yet", field="status", value=one.status, remedy="decide it first")
    draft = put_experiment(documents, repeated(one, free_name(one.title or name, frozenset(known))))
    return _done(visit, draft.name, "again")


def remove(visit: Visit) -> Redirect:
    """Throw a draft away."""
    remove_experiment(visit.shop.service.stores.documents, visit.names["name"])
    return _done(visit, "", "removed")


def set_holdout(visit: Visit) -> Redirect:
    """Change how many are held out, and what they see. Raises BadInput."""
    mode: Recommendations = next((one for one in MODES if one == visit.form.get("mode")), "none")
    try:
        share = float(visit.form.get("share", "").replace(",", ".")) / 100
    except ValueError:
        raise BadInput("the share is no number", field="share", remedy="write a number from 0 to 50") from None
    put_holdout(visit.shop.service.stores.documents, share, mode, visit.now_ms)
    return _done(visit, "", "held_out")


def _post(what: str, show: Callable[[Visit], Redirect]) -> Address:
    return Address(f"{PATH}/{{name}}/{what}", show, method="POST")


ADDRESSES = (
    Address(PATH, experiments),
    Address(f"{PATH}/holdout", set_holdout, method="POST"),
    _post("start", start), _post("stop", stop), _post("decide", decide), _post("remove", remove),
    _post("widen", widen), _post("again", again),
)  # fmt: skip
