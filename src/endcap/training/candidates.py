"""How a task could be answered: each source alone, blends, a learned ranker. Which of them does best is for the gate to say."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from endcap import registry
from endcap.algorithms.base import Algorithm, FitContext
from endcap.artifacts.base import Artifact
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.artifacts.tree_ranker import TreeRanker
from endcap.core.choice import Asking, Choice, ChosenSource, Task
from endcap.measurement.metrics.base import Answers
from endcap.ranking.stack import HISTORY
from endcap.replay.answering import answer
from endcap.replay.asking import forms
from endcap.replay.choosing import answer_choice
from endcap.replay.held_out import Window
from endcap.training.blends import Pools, default_blend, grown
from endcap.training.components import Component, first
from endcap.training.examples import ranking_examples
from endcap.training.goals import Objective, values

Kind = Literal["serving", "single", "default", "blend", "ranker"]

FORM_QUESTIONS = 400
"""How many questions decide how a source is asked."""
SCORE_QUESTIONS = 2_000
"""How many questions decide which source is best alone."""
POOL_QUESTIONS = 2_000
"""How many questions decide the weights of a blend."""
MOST_SOURCES = 8
"""How many sources are blended or ranked: further ones cost every answer their time and add next to nothing."""
MOST_ASKED_TWICE = 2
"""How many sources a ranker also asks with the newest item alone."""
NEWEST_ALONE = Asking(last=1)
MIN_EXAMPLES = 500
"""With fewer questions a ranker is not even tried."""

_PLAIN: Mapping[Task, Asking] = {"basket": Asking()}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to answer a task, and what is added to the artifacts for it.

    ``score`` is its mean value in the choosing window; those that learnt from that window flatter themselves there.
    """

    name: str
    kind: Kind
    choice: Choice
    extra: Mapping[str, Artifact] = field(default_factory=dict)
    score: float = 0.0
    seconds: float = 0.0

    def answers(self, artifacts: Mapping[str, Artifact], window: Window) -> Answers:
        """What it answers to a window's queries."""
        if self.kind == "single":
            source = self.choice.sources[0]
            return answer(artifacts[source.artifact], window, source.asking)
        return answer_choice(self.choice, {**artifacts, **self.extra}, window)


def _few(window: Window, n: int) -> Window:
    return Window(window.train, first(window.held_out, n), window.products)


def plain_asking(task: Task) -> Asking:
    """How a source is asked where nobody has tuned it: with a whole basket, or with the newest acts."""
    return _PLAIN.get(task, HISTORY)


def singles(task: Task, artifacts: Mapping[str, Artifact], window: Window, objective: Objective) -> list[Candidate]:
    """Each artifact alone, asked in the way that does best, best first; those that never answer right are left out."""
    window = _few(window, SCORE_QUESTIONS)
    weights, found = objective.weights(window.held_out), []
    few = _few(window, FORM_QUESTIONS)
    for name, artifact in artifacts.items():
        started = time.perf_counter()
        ways = forms(task)[:1] if isinstance(artifact, ItemScores) else forms(task)
        asking = ways[0]
        if len(ways) > 1:
            scores = [float(values(answer(artifact, few, asking), weights).mean()) for asking in ways]
            asking = ways[int(np.argmax(scores))]
        score = float(values(answer(artifact, window, asking), weights).mean())
        if score > 0:
            choice = Choice(task=task, sources=(ChosenSource(artifact=name, asking=asking),))
            found.append(Candidate(name, "single", choice, score=score, seconds=time.perf_counter() - started))
    return sorted(found, key=lambda one: -one.score)


def default_choice(
    task: Task, components: Mapping[str, Component], artifacts: Mapping[str, Artifact], ready: Mapping[str, float],
    askings: Mapping[str, Asking],
) -> Choice | None:  # fmt: skip
    """The blend that needs no held-out time, of the sources made for the task and those that serve anybody; none without sources.

    ``ready`` says of each artifact how much of the data it wants is there, from 0 to 1.
    """
    sources = []
    for name, component in components.items():
        algorithm = component.algorithm
        if name not in artifacts or (
            algorithm.family != "popular" and task not in (component.plan.variant.tasks or algorithm.tasks)
        ):
            continue
        source = ChosenSource(artifact=name, asking=askings.get(name, plain_asking(task)))
        sources.append((source, algorithm.family, ready.get(name, 1.0)))
    weighted = default_blend(sources[:20])
    return Choice(task=task, sources=weighted) if weighted else None


def blend(
    task: Task, alone: Sequence[Candidate], artifacts: Mapping[str, Artifact], window: Window, objective: Objective
) -> Candidate | None:
    """The best sources, blended with weights that held-out questions chose; none where no second source helps."""
    started = time.perf_counter()
    best = alone[:MOST_SOURCES]
    few = _few(window, POOL_QUESTIONS)
    sources = tuple(one.choice.sources[0] for one in best)
    if len(sources) < 2:
        return None
    pools = Pools.of(Choice(task=task, sources=sources), artifacts, few)
    weights = grown(pools, objective.weights(few.held_out), 0)
    kept = tuple(
        ChosenSource(artifact=source.artifact, weight=round(weight, 4), asking=source.asking)
        for source, weight in zip(sources, weights, strict=True)
        if weight > 0
    )
    if len(kept) < 2:
        return None
    return Candidate("tuned blend", "blend", Choice(task=task, sources=kept), seconds=time.perf_counter() - started)


def to_rank(task: Task, best: Sequence[ChosenSource], artifacts: Mapping[str, Artifact]) -> list[ChosenSource]:
    """What a ranker orders: the best sources, and what lies beside the newest item alone according to the first of them.

    A source that weighs a whole history in buries what goes with its newest item; beside the neighbours of that item alone the
    trees see both. Neighbours are looked up in no time; what costs more is not asked twice.
    """
    ordered = NEWEST_ALONE in forms(task)
    twice = [
        msgspec.structs.replace(one, asking=NEWEST_ALONE)
        for one in best
        if ordered and one.asking != NEWEST_ALONE and isinstance(artifacts[one.artifact], ItemNeighbors)
    ][:MOST_ASKED_TWICE]
    return [*best[: MOST_SOURCES - len(twice)], *twice]


class Teachable(NamedTuple):
    """An algorithm that learns from examples: the name of what it makes, its own, its options, and the tasks it is made for."""

    name: str
    algorithm_name: str
    algorithm: Algorithm
    tasks: tuple[Task, ...]


def rankers() -> Iterator[Teachable]:
    """Every variant of every registered algorithm that learns from examples."""
    for name in registry.by_themselves("algorithms"):
        found = registry.find("algorithms", name)
        if issubclass(found, Algorithm) and found.learns_from == "examples":
            for called, variant in found.variants.items():
                algorithm = registry.build("algorithms", name, variant.options)
                assert isinstance(algorithm, Algorithm)
                yield Teachable(called or name, name, algorithm, variant.tasks or found.tasks)


def ranked(
    task: Task,
    sources: Sequence[ChosenSource],
    artifacts: Mapping[str, Artifact],
    window: Window,
    objective: Objective,
    seed: int,
) -> Iterator[Candidate]:
    """Learned orders of what the sources propose, one a ranking algorithm that is made for the task; the window teaches them.

    Where the goal is money there are two of each: by the chance that a product is taken, and by that times its worth.
    """
    if len(window.held_out) < MIN_EXAMPLES or not sources:
        return
    for name, _, algorithm, tasks in rankers():
        if task not in tasks:
            continue
        started = time.perf_counter()
        choice = Choice(task=task, sources=tuple(sources), ranker=f"{name}_{task}")
        examples = ranking_examples(choice, artifacts, window, np.random.default_rng(seed))
        context = FitContext(rng=np.random.default_rng(seed), now_ms=window.train.now_ms)
        taught = algorithm.fit_examples(examples, context)
        seconds = time.perf_counter() - started
        if taught.n_entries == 0:
            continue
        yield Candidate("learned ranker", "ranker", choice, {f"{name}_{task}": taught}, seconds=seconds)
        if objective.goal != "conversion" and isinstance(taught, TreeRanker):
            called = f"{name}_{task}_worth"
            by_worth = replace(taught, values=objective.positive, value_exponent=1.0)
            choice = msgspec.structs.replace(choice, ranker=called)
            yield Candidate("learned ranker by worth", "ranker", choice, {called: by_worth}, seconds=seconds)
