"""The state of a shop's data: what every algorithm wants and what there is."""

from __future__ import annotations

import msgspec

from endcap.dataset.read import read_dataset
from endcap.serving.placements import DOCUMENT_KIND, effective
from endcap.stores.ports import ShopStores
from endcap.training.readiness import Readiness, readiness


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """How much data a shop has, and how ready each artifact is. ``bundle`` is the version that serves, if any."""

    shop: str
    items: int
    interactions: int
    baskets: int
    sessions: int
    data_until_ms: int
    bundle: str | None
    algorithms: tuple[Readiness, ...]


def check(stores: ShopStores, *, as_of_ms: int | None = None) -> Check:
    """Look at everything the shop knew before ``as_of_ms``, or all of it."""
    data = read_dataset(stores, as_of_ms=as_of_ms)
    placements = effective(stores.documents.all(DOCUMENT_KIND))
    return Check(
        shop=stores.shop, items=data.n_items, interactions=len(data.interactions.items), baskets=len(data.baskets),
        sessions=len(data.sessions), data_until_ms=data.now_ms, bundle=stores.bundles.active(),
        algorithms=tuple(readiness(data, placements)),
    )  # fmt: skip
