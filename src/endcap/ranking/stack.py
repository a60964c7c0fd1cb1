"""The artifacts of a bundle in a few large arrays, so that one kernel call can ask most of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from endcap.artifacts.base import Array, Artifact
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.artifacts.tree_ranker import TreeRanker
from endcap.core.choice import Asking, Choice
from endcap.core.placement import QueryWith, Source
from endcap.errors import CorruptBundle
from endcap.kernels.mixing import OTHER, Plan, Stacked
from endcap.ranking.ranker import Ranker, Scratch

HISTORY = Asking(decay=4.0)
"""How a source of a shelf that nobody tuned is asked: the i-th newest item of a history counts exp(-i / 4)."""


@dataclass(frozen=True, slots=True)
class Stack:
    """All artifacts of a bundle, those that one kernel can ask one after another.

    ``places`` gives the number of an artifact: of neighbours from 0 upwards, of scores from -1 downwards, :data:`OTHER` for
    those of another shape, kept in ``others``, and for the ``rankers``. ``unusable`` names artifacts that cannot be asked: their
    arrays would lead outside.
    """

    arrays: Stacked
    places: Mapping[str, int]
    others: Mapping[str, Artifact]
    rankers: Mapping[str, Ranker]
    unusable: frozenset[str]

    @classmethod
    def of(cls, artifacts: Mapping[str, Artifact], n_items: int, live: Mapping[str, Artifact] | None = None) -> Stack:
        """The stack of these artifacts, and of those that live in memory and number whatever the catalogue has now.

        One that cannot be used costs its own answers, never those of the others.
        """
        sound = {name: one for name, one in artifacts.items() if one.is_sound(n_items)}
        neighbors = {name: one for name, one in sound.items() if isinstance(one, ItemNeighbors)}
        scores = {name: one for name, one in sound.items() if isinstance(one, ItemScores)}
        rankers = _rankers(sound, n_items)
        others = {name: one for name, one in sound.items() if not isinstance(one, ItemNeighbors | ItemScores | TreeRanker)}
        others |= live or {}
        starts = np.cumsum([0, *(len(one.indices) for one in neighbors.values())])
        arrays = Stacked(
            indptr=_rows([one.indptr + at for one, at in zip(neighbors.values(), starts, strict=False)], n_items + 1, np.int64),
            indices=_joined([one.indices for one in neighbors.values()], np.int32),
            values=_joined([one.values for one in neighbors.values()], np.float32),
            order_starts=np.cumsum([0, *(len(one.order) for one in scores.values())]).astype(np.int64),
            orders=_joined([one.order for one in scores.values()], np.int32),
            order_scores=_rows([one.scores for one in scores.values()], n_items, np.float32),
        )
        places = {name: at for at, name in enumerate(neighbors)} | {name: -at - 1 for at, name in enumerate(scores)}
        places |= dict.fromkeys(others, int(OTHER))
        return cls(arrays, places, others, rankers, frozenset(artifacts.keys() - places.keys() - rankers.keys()))

    def views(self, artifacts: Mapping[str, Artifact]) -> dict[str, Artifact]:
        """The same artifacts with their neighbours inside the stack, so that they are not held twice."""
        shared = dict(artifacts)
        for name, place in self.places.items():
            artifact = artifacts.get(name)
            if isinstance(artifact, ItemNeighbors):
                span = slice(int(self.arrays.indptr[place, 0]), int(self.arrays.indptr[place, -1]))
                shared[name] = replace(artifact, indices=self.arrays.indices[span], values=self.arrays.values[span])
        return shared


@dataclass(frozen=True, slots=True)
class Group:
    """Sources that are asked together, as numbers, and the ranker that orders what they propose, if one does.

    ``names``, ``artifacts`` and the arrays of ``plan`` have one entry a source, ``others`` those that the kernel cannot ask, by
    their number. ``same_category`` has the numbers of those narrowed to a category. ``pool`` bounds what the ranker sees of a
    source. ``unusable`` names sources that are left out because their artifact cannot be used; what was never trained is left
    out without a word.
    """

    names: tuple[str, ...]
    artifacts: tuple[Artifact, ...]
    plan: Plan
    others: tuple[tuple[int, Artifact], ...] = ()
    same_category: frozenset[int] = frozenset()
    unusable: tuple[str, ...] = ()
    ranker: Ranker | None = None
    pool: int = 100
    reasons: tuple[str, ...] = field(init=False)
    """The code of the reason that each source gives."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reasons", tuple(one.reason for one in self.artifacts))

    def __len__(self) -> int:
        return len(self.names)

    def asking(self, source: int) -> Asking:
        """How a source is asked, by its number."""
        return Asking(last=int(self.plan.lasts[source]), decay=float(self.plan.decays[source]) or None)

    @classmethod
    def of(cls, sources: Sequence[Source], stack: Stack, artifacts: Mapping[str, Artifact]) -> Group:
        """The group of those sources that the stack can ask, to be blended by their weights."""
        usable = [one for one in sources if one.artifact in stack.places and one.weight > 0]
        found = _group(
            [(one.artifact, one.weight, HISTORY, one.ask) for one in usable], stack, artifacts, sure=True
        )  # fmt: skip
        return replace(
            found,
            same_category=frozenset(at for at, one in enumerate(usable) if one.same_category),
            unusable=tuple(one.artifact for one in sources if one.artifact in stack.unusable),
        )

    @classmethod
    def chosen(cls, choice: Choice, ask: QueryWith, stack: Stack, artifacts: Mapping[str, Artifact]) -> Group:
        """The group that training chose for a task, asked with ``ask``; blended where its ranker cannot be used.

        A ranker knows its sources by their order: where one of them is missing, it is not used either.
        """
        usable = [one for one in choice.sources if one.artifact in stack.places]
        ranker = stack.rankers.get(choice.ranker) if choice.ranker and len(usable) == len(choice.sources) else None
        if ranker is None:
            usable = [one for one in usable if one.weight > 0]
        found = _group([(one.artifact, one.weight, one.asking, ask) for one in usable], stack, artifacts, sure=False)
        missing = [one.artifact for one in choice.sources if one.artifact in stack.unusable]
        missing += [choice.ranker] if choice.ranker and ranker is None else []
        return replace(found, unusable=tuple(missing), ranker=ranker, pool=choice.pool)


_ASKS: tuple[QueryWith, ...] = ("anchor", "cart", "history", "everything", "nothing", "visit", "bought")
"""What a source is asked with, in the numbering of the kernel."""


def _group(
    sources: Sequence[tuple[str, float, Asking, QueryWith]], stack: Stack, artifacts: Mapping[str, Artifact], *, sure: bool
) -> Group:
    names = tuple(name for name, *_ in sources)
    plan = Plan(
        places=np.array([stack.places[name] for name in names], dtype=np.int64),
        asks=np.array([_ASKS.index(ask) for *_, ask in sources], dtype=np.int64),
        lasts=np.array([asking.last for _, _, asking, _ in sources], dtype=np.int64),
        decays=np.array([asking.decay or 0.0 for _, _, asking, _ in sources], dtype=np.float32),
        sure=np.full(len(sources), sure, dtype=np.uint8),
        weights=np.array([weight for _, weight, *_ in sources], dtype=np.float32),
    )
    others = tuple((at, stack.others[name]) for at, name in enumerate(names) if name in stack.others)
    return Group(names, tuple(artifacts[name] for name in names), plan, others)


def _rankers(artifacts: Mapping[str, Artifact], n_items: int) -> dict[str, Ranker]:
    """The rankers among the artifacts, without those that this version cannot use."""
    found, scratch = {}, Scratch.of(n_items)
    for name, artifact in artifacts.items():
        if isinstance(artifact, TreeRanker):
            with suppress(CorruptBundle):
                found[name] = Ranker(artifact, scratch)
    return found


def _joined(parts: Sequence[Array], dtype: type[np.generic]) -> Array:
    return np.concatenate([np.empty(0, dtype=dtype), *parts]).astype(dtype, copy=False)


def _rows(parts: Sequence[Array], width: int, dtype: type[np.generic]) -> Array:
    return np.concatenate([np.empty((0, width), dtype=dtype), *(part[None, :] for part in parts)]).astype(dtype, copy=False)
