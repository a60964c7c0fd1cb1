"""What comes after: items that shoppers view, or buy, after they viewed this one."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from msgspec import Meta

from endcap.algorithms.base import Algorithm, FitContext, Requirement, Variant, decay, neighbors_of
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.core.choice import Task
from endcap.core.events import KIND
from endcap.core.interactions import Dataset
from endcap.kernels.neighbors import succession_neighbors

_REASONS = {"viewed": "viewed_next", "bought": "bought_next"}


class SequentialRules(Algorithm, frozen=True, kw_only=True):
    """Item pairs in the order in which visits show them, close ones counting more.

    ``score_ij = c_ij / (sum_j c_ij + shrink)`` with ``c_ij = sum over visits, over an act on i and a later one on j that is
    gap <= window acts away, of 2^(-age / half_life_days) / gap``. Antecedents are all acts that are no purchase; consequents
    are those too, or the purchases alone. With ``repeats`` an item may follow itself, for data where coming back counts as an
    answer; a shelf does not need it. The fact ``times`` is how often the pair was seen.

    Time O(n acts × window), memory O(n_items × k).

    Source: sequential rules, Kamehkhosh, Jannach, Ludewig, "A Comparison of Frequent Pattern Techniques and a Deep Learning
    Method for Session-Based Recommendation", TempRec 2017, with their weight 1/gap; the shrunk normalisation and
    the decay are ours.

    After the mug one visitor looked at tea and then milk, another at tea:

    >>> from endcap.testing.algorithms import fit_example, shown
    >>> visits = ("2000-01-01 mug tea milk", "2000-01-01 mug tea")
    >>> shown(fit_example(SequentialRules(shrink=0.0), *visits, kind="view"))
    [[0.0, 0.8, 0.2], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """

    reason: ClassVar[str] = "viewed_next"
    requirement: ClassVar[Requirement] = Requirement("viewed_pairs", 500)
    label: ClassVar[str] = "Customers also viewed"
    variants: ClassVar = {
        "viewed_next": Variant(options={"consequents": "viewed", "repeats": False}),
        "viewed_again": Variant(
            options={"consequents": "viewed", "repeats": True}, label="Pick up where you left off", tasks=("session",)
        ),
        "bought_next": Variant(
            options={"consequents": "bought", "repeats": False},
            label="Customers who viewed this bought",
            requirement=Requirement("buying_sessions", 500),
            tasks=("purchase",),
        ),
    }
    grid: ClassVar = {"window": (10, 30), "half_life_days": (None, 90.0, 30.0), "repeats": (False, True)}
    tasks: ClassVar[tuple[Task, ...]] = ("session",)

    k: Annotated[int, Meta(ge=1, le=10_000)] = 100
    consequents: Literal["viewed", "bought"] = "viewed"
    window: Annotated[int, Meta(ge=1, le=1_000)] = 10
    shrink: Annotated[float, Meta(ge=0)] = 10.0
    min_support: Annotated[int, Meta(ge=1)] = 1
    repeats: bool = False
    half_life_days: Annotated[float, Meta(gt=0, le=36_500)] | None = None

    @property
    def proposes_itself(self) -> bool:
        """Whether an item may follow itself."""
        return self.repeats

    def fit(self, data: Dataset, context: FitContext) -> ItemNeighbors:
        """The followers of every item."""
        visits = data.sessions
        bought = visits.kinds == KIND["purchase"]
        recency = decay(visits.at_ms, context.now_ms, self.half_life_days).astype(np.float32)
        top = succession_neighbors(
            visits.indptr, visits.items, recency, ~bought, bought if self.consequents == "bought" else ~bought,
            n_items=data.n_items, window=self.window, shrink=self.shrink, min_shared=self.min_support, k=self.k,
            repeats=self.repeats,
        )  # fmt: skip
        return neighbors_of(top, _REASONS[self.consequents], times=top.shared)
