"""An installation in memory: its shops, and their stores."""

from __future__ import annotations

from endcap.core.time import Clock, SystemClock
from endcap.stores.memory.bundles import MemoryBundles
from endcap.stores.memory.catalog import MemoryCatalog
from endcap.stores.memory.customers import MemoryCustomers
from endcap.stores.memory.decisions import MemoryDecisions
from endcap.stores.memory.documents import MemoryDocuments
from endcap.stores.memory.keys import MemoryKeys
from endcap.stores.memory.log import MemoryLog
from endcap.stores.memory.measures import MemoryMeasures
from endcap.stores.memory.people import MemoryPeople
from endcap.stores.memory.watching import MemoryWatching
from endcap.stores.ports import ShopStores
from endcap.stores.shops import check_shop, unknown_shop


class MemoryHome:
    """An installation in memory. Opening a shop again gives the same stores, closed or not."""

    def __init__(self, clock: Clock) -> None:
        self.keys = MemoryKeys(clock)
        self.folder = None
        self._clock = clock
        self._shops: dict[str, ShopStores] = {}

    def shops(self) -> list[str]:
        """The names of all shops."""
        return sorted(self._shops)

    def open(self, shop: str, *, create: bool = False) -> ShopStores:
        """The stores of a shop. Raises BadInput for a name no shop can have, UnknownName for one that no shop has."""
        check_shop(shop)
        if shop not in self._shops:
            if not create:
                raise unknown_shop(shop, self.shops())
            self._shops[shop] = ShopStores(
                shop=shop,
                log=MemoryLog(),
                catalog=MemoryCatalog(),
                people=MemoryPeople(),
                documents=MemoryDocuments(self._clock),
                decisions=MemoryDecisions(),
                bundles=MemoryBundles(),
                customers=MemoryCustomers(),
                measures=MemoryMeasures(),
                watching=MemoryWatching(),
                close=lambda: None,
            )
        return self._shops[shop]

    def close(self) -> None:
        """Nothing to close."""


def open_home(*, clock: Clock | None = None) -> MemoryHome:
    """A new, empty installation."""
    return MemoryHome(clock or SystemClock())
