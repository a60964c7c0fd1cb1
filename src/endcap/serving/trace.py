"""What happened while a shelf was filled, for those who ask for an explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.query import Rows
from endcap.core.request import ItemTrace, ShelfTrace, SourceTrace
from endcap.kernels.found import score_told
from endcap.kernels.mixing import Work
from endcap.ranking.arranging import EXPLORED, Slots
from endcap.ranking.mixture import Known
from endcap.ranking.rulebook import ActiveRules
from endcap.ranking.stack import Group
from endcap.serving.items import ItemTable

MOST_FEATURES = 5
"""How many features of an item an explanation names."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told: the candidates, ``rows`` int32 and ``scores`` float32 after the rules, the ``slots`` given out among them,
    the rules, what ``passed_over`` float32 made of each candidate, the ``influences`` of a ranker's features by row, and in
    words why a row may not be shown, by code."""

    rows: Rows
    scores: NDArray[np.float32]
    slots: Slots
    rules: Sequence[ActiveRules]
    passed_over: NDArray[np.float32] | None
    influences: Mapping[int, Mapping[str, float]]
    labels: Mapping[int, str]


def add_to_trace(trace: ShelfTrace, group: Group, known: Known, work: Work, items: ItemTable, told: Told) -> None:
    """Add what the sources of a group contributed, and how the items that were chosen came to their scores."""
    for s, name in enumerate(group.names):
        asked_with = [items.item_id(int(row)) for row in _asked(group, known, work, s)]
        weight, candidates = float(group.plan.weights[s]), int(work.found.sizes[s])
        trace.sources.append(SourceTrace(name=name, weight=weight, asked_with=asked_with, candidates=candidates))
    for code in np.flatnonzero(work.removed).tolist():
        label = told.labels.get(code, f"code {code}")
        trace.removed[label] = trace.removed.get(label, 0) + int(work.removed[code])
    trace.candidates += len(told.rows)
    for slot, place in enumerate(told.slots.places.tolist()):
        one = _item_trace(group, known, work, items, int(told.rows[place]), float(told.scores[place]))
        one.rules = {
            effect.label: effect.amount for rules in told.rules for effect in rules.effects(int(told.rows[place]))
        }  # fmt: skip
        one.features = _strongest(told.influences.get(int(told.rows[place]), {}))
        one.passed_over = float(told.passed_over[place]) if told.passed_over is not None else 1.0
        one.propensity = float(told.slots.propensities[slot])
        one.chosen_by = _chosen_by(int(told.slots.how[slot]), group)
        trace.items.append(one)


def _strongest(influences: Mapping[str, float]) -> dict[str, float]:
    """The features that matter most, either way, the strongest first."""
    strongest = sorted(influences.items(), key=lambda one: -abs(one[1]))[:MOST_FEATURES]
    return {name: gained for name, gained in strongest if gained != 0}


def _chosen_by(how: int, group: Group) -> str:
    if how == EXPLORED:
        return "exploration"
    return "rank" if how == 0 else f"drawn source {group.names[how - EXPLORED - 1]}"


def _item_trace(group: Group, known: Known, work: Work, items: ItemTable, row: int, score: float) -> ItemTrace:
    sources: dict[str, float] = {}
    facts: dict[str, float] = {}
    for s, (name, artifact) in enumerate(zip(group.names, group.artifacts, strict=True)):
        part = float(work.factors[s] * score_told(work.found, s, row))
        if part > 0:
            sources[name] = sources.get(name, 0.0) + part
            if isinstance(artifact, ItemNeighbors):
                asked = _asked(group, known, work, s)
                pairs = [artifact.pair_facts(int(one), row) for one in asked if one < artifact.n_items]
                strongest = max(pairs, key=lambda pair: pair.get("value", 0.0), default={})
                facts |= {f"{name}.{fact}": value for fact, value in strongest.items()}
    return ItemTrace(item_id=items.item_id(row), score=score, sources=sources, facts=facts)


def _asked(group: Group, known: Known, work: Work, source: int) -> Rows:
    """The rows that a source was asked with; none for scores, which are the same for everybody."""
    if group.plan.places[source] < 0 and source not in dict(group.others):
        return known.rows[:0]
    return known.rows[work.starts[source] : work.ends[source]]
