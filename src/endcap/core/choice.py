"""What training chose for a task: which sources are asked, how, and whether they are blended or ranked."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Task = Literal[
    "basket", "session", "purchase", "next_basket", "topn", "ratings", "complement", "cold_start", "upsell"
]  # fmt: skip
"""What recommendations can be judged by on held-out time.

``basket``: the rest of an order; ``session``: the next act of a visit, also on something seen before; ``purchase``: what
somebody buys next, having acted on other things; ``next_basket``: a person's next order; ``topn``: whatever a person takes up
that is new to them; ``ratings``: how many stars; ``complement``: the other items of a hand-made set; ``cold_start``: items that
nobody has touched before; ``upsell``: the dearer item bought instead of the one looked at.
"""


class Asking(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a source is asked: with the newest ``last`` different items, the i-th newest counting exp(-i / ``decay``).

    Without ``decay`` all of them count alike.
    """

    last: Annotated[int, Meta(ge=1)] = 1_000
    decay: Annotated[float, Meta(gt=0)] | None = None


class ChosenSource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An artifact that proposes items, how much it counts where sources are blended, and how it is asked."""

    artifact: str
    weight: Annotated[float, Meta(ge=0, le=1_000)] = 1.0
    asking: Asking = Asking()


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a task is answered: the best ``pool`` items of each source, ordered by ``ranker`` or, without one, blended.

    ``ranker`` names an artifact of the same bundle. Where it is set, weights do not matter: it sees every source's scores.
    """

    task: Task
    sources: Annotated[tuple[ChosenSource, ...], Meta(min_length=1, max_length=20)]
    ranker: str | None = None
    pool: Annotated[int, Meta(ge=1, le=1_000)] = 100
