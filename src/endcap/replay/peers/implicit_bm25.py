"""``implicit``: cosine of columns weighted by BM25."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from scipy import sparse

from endcap.replay.peers._implicit import ImplicitModel, item_model
from endcap.replay.peers.base import Peer


class ImplicitBM25(Peer, frozen=True, kw_only=True):
    """``implicit.nearest_neighbours.BM25Recommender`` with ``k`` neighbours an item, the item itself among them."""

    package: ClassVar[str] = "implicit"
    module: ClassVar[str] = "implicit.nearest_neighbours"
    grid: ClassVar = {"k": (20, 200, 1_000), "k1": (0.5, 1.2), "b": (0.2, 0.75)}

    k: Annotated[int, Meta(ge=1)] = 20
    k1: Annotated[float, Meta(ge=0)] = 1.2
    b: Annotated[float, Meta(ge=0, le=1)] = 0.75

    def fit(self, history: sparse.csr_matrix, seed: int) -> ImplicitModel:
        """The neighbours of every item."""
        del seed  # Nothing is drawn.
        return item_model("BM25Recommender", history, K=self.k, K1=self.k1, B=self.b)
