"""An installation in a folder: ``keys.sqlite``, and a folder of its own for each shop."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from endcap.core.time import Clock, SystemClock
from endcap.errors import EndcapError
from endcap.stores.durable import make_folder
from endcap.stores.files import FileBundles
from endcap.stores.ports import Keys, ShopStores
from endcap.stores.shops import check_shop, unknown_shop
from endcap.stores.sqlite.catalog import SqliteCatalog
from endcap.stores.sqlite.connection import Database, mapped
from endcap.stores.sqlite.customers import SqliteCustomers
from endcap.stores.sqlite.decisions import SqliteDecisions
from endcap.stores.sqlite.documents import SqliteDocuments
from endcap.stores.sqlite.keys import SqliteKeys
from endcap.stores.sqlite.log import SqliteLog
from endcap.stores.sqlite.measures import SqliteMeasures
from endcap.stores.sqlite.migrations import KEYS, MEASURED, SHOP
from endcap.stores.sqlite.moving import move_measured
from endcap.stores.sqlite.people import SqlitePeople
from endcap.stores.sqlite.restored import forget_what_is_ahead
from endcap.stores.sqlite.watching import SqliteWatching

_SHOP_FILE = "shop.sqlite"
_MEASURED_FILE = "measured.sqlite"
"""Apart, so that no event and no decision waits to be written until a process of low priority has done its own writing."""


class SqliteHome:
    """The installation in ``path``. Each :meth:`open` gives stores of their own, which end with the home."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.folder = path
        self._shops = path / "shops"
        self._clock = clock
        with mapped(path):
            make_folder(self._shops)
        self._opened = [Database(path / "keys.sqlite", KEYS)]
        self._keys = SqliteKeys(self._opened[0], clock)

    @property
    def keys(self) -> Keys:
        """The keys of the installation."""
        return self._keys

    def shops(self) -> list[str]:
        """The names of all shops."""
        return sorted(file.parent.name for file in self._shops.glob(f"*/{_SHOP_FILE}"))

    def open(self, shop: str, *, create: bool = False) -> ShopStores:
        """The stores of a shop. Raises BadInput for a name no shop can have, UnknownName for one that no shop has."""
        folder = self._shops / check_shop(shop)
        if not create and not (folder / _SHOP_FILE).exists():
            raise unknown_shop(shop, self.shops())
        with mapped(folder):
            make_folder(folder / "archive")
            bundles = FileBundles(folder / "bundles")
        opened: list[Database] = []
        close = partial(self._close, opened)
        try:
            opened.append(database := Database(folder / _SHOP_FILE, SHOP))
            opened.append(measured := Database(folder / _MEASURED_FILE, MEASURED))
            move_measured(database, measured)
            log, decisions = SqliteLog(database, folder / "archive"), SqliteDecisions(database)
            measures, watching = SqliteMeasures(measured), SqliteWatching(measured)
            forget_what_is_ahead(measures, watching, log, decisions)
        except BaseException:
            close()  # whoever tries again does not hold it twice
            raise
        self._opened += opened
        return ShopStores(
            shop=shop,
            log=log,
            catalog=SqliteCatalog(database),
            people=SqlitePeople(database),
            documents=SqliteDocuments(database, self._clock),
            decisions=decisions,
            bundles=bundles,
            customers=SqliteCustomers(database),
            measures=measures,
            watching=watching,
            close=close,
            folder=folder,
        )

    def close(self) -> None:
        """Close everything that was opened. Raises StoreError where something could not be closed, when all else is."""
        self._close(list(self._opened))

    def _close(self, databases: list[Database]) -> None:
        """Close those that are not closed yet, the last one first."""
        failed: list[EndcapError] = []
        while databases:
            one = databases.pop()
            if one in self._opened:
                self._opened.remove(one)
            try:
                one.close()
            except EndcapError as error:
                failed.append(error)
        if failed:
            raise failed[0]


def open_home(path: Path, *, clock: Clock | None = None) -> SqliteHome:
    """The installation in a folder, which is made where it does not exist.

    Raises Busy or StoreError where the folder cannot be used.
    """
    return SqliteHome(path, clock or SystemClock())
