"""Reports from outcomes: figures with intervals, and the reasons in plain words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from endcap import registry
from endcap.core.choice import Task
from endcap.measurement.metrics.base import Answers, Metric
from endcap.measurement.metrics.hit_rate import HitRate
from endcap.measurement.metrics.mrr import MRR
from endcap.replay.bootstrap import cluster_bootstrap
from endcap.replay.report import Estimate
from endcap.training.choosing import Outcome
from endcap.training.gate import Verdict
from endcap.training.judging import ORDER, Judged, cold, estimate
from endcap.training.promising import promise_of
from endcap.training.report import CandidateReport, GateReport, Quality, SliceReport, TaskReport


def quality_of(name: str, outcomes: Mapping[Task, Outcome]) -> Quality | None:
    """How an artifact did alone, on the first task that it was asked for."""
    for task, outcome in outcomes.items():
        for one in outcome.field:
            if one.candidate.kind == "single" and one.candidate.name == name:
                return Quality(
                    task=task, questions=len(one.answers), hit_rate_10=float(HitRate(k=10).values(one.answers).mean()),
                    hit_rate_20=float(HitRate(k=20).values(one.answers).mean()),
                    mrr_20=float(MRR(k=20).values(one.answers).mean()),
                )  # fmt: skip
    return None


def task_report(outcome: Outcome, chosen_by: int) -> TaskReport:
    """Everything that was judged for a task, the best first, and why that was taken."""
    rows = _rows(outcome)
    ordered = sorted(rows, key=lambda one: (not one.picked, -one.value.value))
    return TaskReport(
        task=outcome.task, chosen_by=chosen_by, judged_by=len(outcome.picked.values), picked=outcome.picked.candidate.name,
        why=_why(rows), candidates=tuple(ordered), promise=promise_of(outcome),
    )  # fmt: skip


def gate_report(
    against: str, found: Verdict | None, *, kept_recipe: bool = False, forced: bool = False, refused: bool = False
) -> GateReport:
    """What the gate decided, in plain words."""
    if found is None:
        why = {
            "nothing": "It is the first one: there was none that it could be better than.",
            "unjudged": "There was too little to ask about, so that nothing was judged.",
        }[against]
        return GateReport(published=True, against=against, why=why)
    low, high = f"{found.gain.low:+.4f}", f"{found.gain.high:+.4f}"
    figures = f"the difference to what serves is {found.gain.value:+.4f}, between {low} and {high} with 95 % confidence"
    worse = [task for task, one in found.tasks.items() if one.high < 0]
    if refused:
        which = f"; it is worse for sure at: {', '.join(worse)}" if worse else ""
        why = (
            f"Not published: on the newest time {figures}{which}. What serves goes on serving. Wait for more data, look whether "
            "the newest imports are right, or publish it all the same with --force."
        )
    elif forced:
        why = f"Published because it was forced: {figures}, which the gate would have refused."
    elif kept_recipe:
        why = f"No new choice is better for sure, so that the recipe that serves was fitted again on the newest data: {figures}."
    else:
        why = f"On the newest time it is at least as good as what serves: {figures}."
    return GateReport(
        published=not refused, forced=forced, against=against, kept_recipe=kept_recipe, gain=found.gain,
        tasks={str(task): one for task, one in found.tasks.items()}, why=why,
    )  # fmt: skip


def _rows(outcome: Outcome) -> list[CandidateReport]:
    """One bootstrap for all columns of all candidates: they share its draws, so that differences are paired."""
    asked = _metrics(outcome.picked.answers)
    picked = outcome.field.index(outcome.picked)
    columns = [
        np.stack([one.values, *(metric.values(one.answers) for metric in asked.values())], axis=1) for one in outcome.field
    ]
    width = len(asked) + 1
    whole = np.concatenate(columns, axis=1)
    drawn = cluster_bootstrap(whole, outcome.window.held_out.clusters)
    is_cold = cold(outcome.window)
    rows = []
    for at, one in enumerate(outcome.field):
        mine, reference = slice(at * width, (at + 1) * width), picked * width
        figures = [estimate(whole[:, c], drawn[:, c]) for c in range(mine.start, mine.stop)]
        rows.append(
            CandidateReport(
                name=one.candidate.name, kind=one.candidate.kind, picked=at == picked, value=figures[0],
                against_picked=estimate(whole[:, mine.start] - whole[:, reference], drawn[:, mine.start] - drawn[:, reference]),
                warm=_slice(one, ~is_cold), cold=_slice(one, is_cold), metrics=dict(zip(asked, figures[1:], strict=True)),
                sources={source.artifact: source.weight for source in one.candidate.choice.sources},
                seconds=one.candidate.seconds,
            )
        )  # fmt: skip
    return rows


def _metrics(answers: Answers) -> dict[str, Metric]:
    """Every metric of lists at 20 that says something about these answers, and the hit rate at 10."""
    several = bool((answers.n_relevant > 1).any())
    found: dict[str, Metric] = {"hit_rate@10": HitRate(k=10)}
    for name in registry.names("metrics"):
        kind = registry.find("metrics", name)
        if issubclass(kind, Metric) and not kind.for_gains and (several or not kind.for_several):
            found[f"{name}@20"] = kind(k=20)
    return found


def _slice(one: Judged, which: NDArray[np.bool_]) -> SliceReport:
    return SliceReport(questions=int(which.sum()), value=float(one.values[which].mean()) if which.any() else None)


_CHANCE = ": that may be chance, so that the simpler, or the one that is there already, is kept."


def _called(row: CandidateReport) -> str:
    """A candidate in words."""
    sources = ", ".join(row.sources)
    return {
        "serving": f"what serves ({sources})", "single": f"the best source alone ({row.name})", "default": "the default blend",
        "blend": f"the tuned blend ({sources})", "ranker": f"the {row.name}",
    }[row.kind]  # fmt: skip


def _why(rows: list[CandidateReport]) -> str:
    """Why the pick was picked, in a few sentences."""
    taken = next(row for row in rows if row.picked)
    best_alone = next((row for row in rows if row.kind == "single"), None)
    others = [row for row in rows if not row.picked and (row.kind != "single" or row is best_alone)]
    sentences = [f"{_sentence_case(_called(taken))} answers, with a value of {taken.value.value:.4f}."]
    beaten = [_called(row) for row in others if row.against_picked.high < 0]
    if beaten:
        sentences.append(f"It is better for sure than {', '.join(beaten)}.")
    simpler = ORDER.index(taken.kind)
    level = [row for row in others if row.against_picked.low <= 0 <= row.against_picked.high and ORDER.index(row.kind) > simpler]
    sentences += [f"{_sentence_case(_called(row))} differs by {_signed(row.against_picked)}{_CHANCE}" for row in level]
    return " ".join(sentences)


def _sentence_case(text: str) -> str:
    return text[0].upper() + text[1:]


def _signed(one: Estimate) -> str:
    return f"{one.value:+.4f} [{one.low:+.4f}, {one.high:+.4f}]"
