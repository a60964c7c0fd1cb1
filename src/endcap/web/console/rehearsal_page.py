"""The page of a dress rehearsal: what the versions of an experiment would have earned, before any shopper sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from endcap.core.experiment import Experiment
from endcap.experiments.off_policy import Estimate
from endcap.replay.rehearsed import Figure, Rehearsal
from endcap.serving.shop_experiments import experiment_named
from endcap.web.console.experiments import PATH
from endcap.web.console.frame import Address, Page, Redirect, Visit
from endcap.web.console.told import titles_of
from endcap.web.console.words import NOTHING, ago, money, number, percent, plain


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure as it was and as it would have been."""

    name: str
    now: str
    then: str
    difference: str
    tone: str


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What was found for one version."""

    title: str
    verdict: str
    tone: str
    rows: list[FigureRow]
    made: str
    left_out: list[str]


def rehearsal(visit: Visit) -> Page:
    """The page, or, live, how far it is. Raises UnknownName."""
    one = experiment_named(visit.shop.service.stores.documents, visit.names["name"])
    job = visit.rehearsals.of(visit.shop.name, one.name)
    titles = titles_of(one)
    return Page(
        "rehearsal.html",
        {
            "section": "experiments", "one": one, "title": one.title or one.name, "path": f"{PATH}/{one.name}", "job": job,
            "when": ago(visit.now_ms - job.begun_ms) if job else "",
            "found": [_rehearsed(titles[arm], found) for arm, found in job.found.items()] if job else [],
        },
    )  # fmt: skip


def start(visit: Visit) -> Redirect:
    """Begin to rehearse an experiment's versions. Raises UnknownName, Busy."""
    stores = visit.shop.service.stores
    one = experiment_named(stores.documents, visit.names["name"])
    visit.rehearsals.start(stores, one.name, _variants(one), visit.now_ms)
    return Redirect(visit.link(f"{PATH}/{one.name}/rehearsal"))


def _variants(one: Experiment) -> tuple[str, ...]:
    return tuple(arm.name for arm in one.every_arm[1:] if arm.changes)


def _rehearsed(title: str, found: Rehearsal) -> Rehearsed:
    rows = [_figure_row(one, found.currency) for one in found.figures]
    made = f"{number(found.answers)} of {number(found.found)} past answers were made again"
    tone = rows[0].tone if rows else ""
    left_out = [f"{number(count)} {why}" for why, count in found.left_out.items()]
    return Rehearsed(title, found.verdict, tone, rows, made, left_out)


def _figure_row(one: Figure, currency: str) -> FigureRow:
    write: Callable[[float], str] = (lambda value: money(value, currency)) if one.metric.startswith("revenue") else plain
    difference, tone = NOTHING, ""
    if one.difference is not None and one.difference.value is not None:
        difference = _around(one.difference, lambda value: ("+" if value > 0 else "") + write(value))
        if one.relative is not None:
            difference = f"{'+' if one.relative > 0 else ''}{percent(one.relative)}, {difference}"
        low, high = one.difference.low, one.difference.high
        tone = "good" if low is not None and low > 0 else "bad" if high is not None and high < 0 else ""
    return FigureRow(one.unit, _around(one.now, write), _around(one.then, write) if one.then else NOTHING, difference, tone)


def _around(one: Estimate, write: Callable[[float], str]) -> str:
    if one.value is None:
        return NOTHING
    around = f" ({write(one.low)} to {write(one.high)})" if one.low is not None and one.high is not None else ""
    return write(one.value) + around


ADDRESSES = (
    Address(f"{PATH}/{{name}}/rehearsal", rehearsal),
    Address(f"{PATH}/{{name}}/rehearse", start, method="POST"),
)
