"""``implicit``: cosine of columns weighted by TF-IDF."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from scipy import sparse

from endcap.replay.peers._implicit import ImplicitModel, item_model
from endcap.replay.peers.base import Peer


class ImplicitTFIDF(Peer, frozen=True, kw_only=True):
    """``implicit.nearest_neighbours.TFIDFRecommender`` with ``k`` neighbours an item, the item itself among them."""

    package: ClassVar[str] = "implicit"
    module: ClassVar[str] = "implicit.nearest_neighbours"
    grid: ClassVar = {"k": (3, 20, 100, 500)}

    k: Annotated[int, Meta(ge=1)] = 20

    def fit(self, history: sparse.csr_matrix, seed: int) -> ImplicitModel:
        """The neighbours of every item."""
        del seed  # Nothing is drawn.
        return item_model("TFIDFRecommender", history, K=self.k)
