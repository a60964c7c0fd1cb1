"""What will do instead: the substitutes of an item, for when it is sold out or not quite right."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from endcap.algorithms.base import Algorithm, FitContext, Requirement, substitutes_below
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.interactions import Dataset


class Substitutes(Algorithm, frozen=True, kw_only=True):
    """The substitutes that :class:`Relations <endcap.algorithms.relations.Relations>` found, the surest first.

    ``score_ij = -relation_ij`` where that is at least ``least``: how sure it is that ``j`` serves the need that ``i`` serves.
    Variants of one product come first, since they differ in colour or size alone. The facts are those of the relations.

    Time and memory O(pairs).

    Source: McAuley, Pandey, Leskovec, "Inferring Networks of Substitutable and Complementary Products", KDD 2015, for what a
    substitute is; the score is that of the relations below.

    With the mug goes a spoon, and a cup does instead:

    >>> from endcap.testing.algorithms import related, shown
    >>> data, context = related({("mug", "spoon"): 0.9, ("mug", "cup"): -0.8})
    >>> data.item_ids, shown(Substitutes().fit(data, context))[0]
    (['mug', 'spoon', 'cup'], [0.0, 0.0, 0.8])
    """

    reason: ClassVar[str] = "instead"
    requirement: ClassVar[Requirement] = Requirement("described_items", 20)
    label: ClassVar[str] = "Alternatives"
    family: ClassVar = "content"
    tasks: ClassVar[tuple[Task, ...]] = ("session",)
    builds_on: ClassVar[tuple[str, ...]] = ("relations",)

    least: Annotated[float, Meta(gt=0, le=1)] = 0.5

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The substitutes of every item."""
        found = substitutes_below(context, self.least)
        return ItemNeighbors.from_triples(
            found.rows, found.cols, found.sure, n_items=data.n_items, reason=self.reason, facts=found.facts
        )
