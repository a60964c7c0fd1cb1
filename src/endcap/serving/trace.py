"""What happened while a shelf was filled, for those who ask for an explanation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.query import Rows
from endcap.core.request import ItemTrace, ShelfTrace, SourceTrace
from endcap.kernels.mixing import Work
from endcap.ranking.mixture import Known
from endcap.ranking.stack import Group
from endcap.serving.items import ItemTable


def add_to_trace(
    trace: ShelfTrace, group: Group, known: Known, work: Work, items: ItemTable, codes: Sequence[str], found: int
) -> None:
    """Add what the sources of a group contributed, and how the ``found`` items came to their scores.

    ``codes`` says in words why an item may not be shown, by its code.
    """
    for s, name in enumerate(group.names):
        asked_with = [items.item_id(int(row)) for row in _asked(group, known, work, s)]
        weight, candidates = float(group.plan.weights[s]), int(work.n_touched[s])
        trace.sources.append(SourceTrace(name=name, weight=weight, asked_with=asked_with, candidates=candidates))
    for code in np.flatnonzero(work.removed).tolist():
        label = codes[code]
        trace.removed[label] = trace.removed.get(label, 0) + int(work.removed[code])
    for row, score in zip(work.rows[:found].tolist(), work.best[:found].tolist(), strict=True):
        trace.items.append(_item_trace(group, known, work, items, row, score))


def _item_trace(group: Group, known: Known, work: Work, items: ItemTable, row: int, score: float) -> ItemTrace:
    sources: dict[str, float] = {}
    facts: dict[str, float] = {}
    for s, (name, artifact) in enumerate(zip(group.names, group.artifacts, strict=True)):
        part = float(work.factors[s] * work.scores[s, row])
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
