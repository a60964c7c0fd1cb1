"""The learning record: what was tried, how it went, and what was decided, to be searched."""

from __future__ import annotations

from dataclasses import dataclass

from endcap.core.experiment import Experiment
from endcap.experiments.learning import search
from endcap.serving.shop_experiments import all_experiments
from endcap.web.console.experiments import OUTCOMES, PATH
from endcap.web.console.frame import Address, Page, Visit
from endcap.web.console.told import titles_of, where_of
from endcap.web.console.words import day, number, percent


@dataclass(frozen=True, slots=True)
class Learnt:
    """A decided experiment as the record shows it."""

    title: str
    link: str
    where: str
    when: str
    outcome: str
    tone: str
    hypothesis: str
    verdict: str
    note: str
    figures: list[str]
    before: tuple[str, str] | None
    again: list[tuple[str, str]]


def learning(visit: Visit) -> Page:
    """The page."""
    words, outcome = visit.query.get("q", "")[:200], visit.query.get("outcome", "")
    chosen = next((one for one in OUTCOMES if one == outcome), None)
    known = all_experiments(visit.shop.service.stores.documents)
    found = search(known, words, outcome=chosen)
    return Page(
        "learning.html",
        {
            "section": "experiments", "q": words, "outcome": chosen or "", "outcomes": OUTCOMES,
            "found": [_learnt(visit, one, known) for one in found], "any": any(one.decided for one in known),
        },
    )  # fmt: skip


def _learnt(visit: Visit, one: Experiment, known: list[Experiment]) -> Learnt:
    """A decided experiment, with the one that it tried again and those that tried it again."""
    decided = one.decided
    assert decided is not None
    titles = titles_of(one)
    figures = [
        f"{titles.get(each.arm, each.arm)}: {each.metric.replace('_', ' ')} {_lift(each.lift, each.low, each.high)}, "
        f"{number(each.units)} shoppers"
        for each in decided.numbers
        if each.lift is not None
    ]
    return Learnt(
        title=one.title or one.name, link=visit.link(f"{PATH}/{one.name}"),
        where=where_of(one), when=day(decided.at_ms),
        outcome=OUTCOMES[decided.outcome], tone={"won": "good", "lost": "bad"}.get(decided.outcome, "soft"),
        hypothesis=one.hypothesis, verdict=decided.verdict, note=decided.note, figures=figures,
        before=next((_linked(visit, each) for each in known if each.name == one.repeats), None),
        again=[_linked(visit, each) for each in known if each.repeats == one.name],
    )  # fmt: skip


def _linked(visit: Visit, one: Experiment) -> tuple[str, str]:
    return one.title or one.name, visit.link(f"{PATH}/{one.name}")


def _lift(lift: float, low: float | None, high: float | None) -> str:
    around = f" ({percent(low)} to {percent(high)})" if low is not None and high is not None else ""
    return f"{'+' if lift > 0 else ''}{percent(lift)}{around}"


ADDRESSES = (Address("/console/learning", learning),)
