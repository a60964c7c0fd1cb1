"""A server in this process, over stores in memory, with a key of each kind."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from starlette.testclient import TestClient

from endcap.app import Endcap
from endcap.core.catalog import Item
from endcap.core.time import FixedClock
from endcap.stores import memory
from endcap.stores.ports import Keys, ShopStores
from endcap.web.application import Application
from endcap.web.logs import Log
from endcap.web.site import Site

NOW_MS = 1_700_000_000_000
SHOP = "gifts"
ORIGIN = "https://gifts.example"


@dataclass(frozen=True, slots=True)
class Served:
    """A client, and what lies behind the server."""

    client: TestClient
    site: Site
    stores: ShopStores
    keys: Keys
    key: dict[str, str]
    log: io.StringIO

    def post(self, path: str, body: Any, kind: str = "server", **headers: str) -> Any:
        """Post JSON, or bytes as they are, with the key of a kind."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return self.client.post(path, content=content, headers={**self.authorization(kind), **headers})

    def get(self, path: str, kind: str = "server") -> Any:
        """Get with the key of a kind."""
        return self.client.get(path, headers=self.authorization(kind))

    def authorization(self, kind: str) -> dict[str, str]:
        """The header that carries the key of a kind."""
        return {"authorization": f"Bearer {self.key[kind]}"}


def product(item_id: str, **facts: Any) -> Item:
    """A product."""
    return Item(**{"item_id": item_id, "title": item_id.title(), "price": Decimal("4.50"), "currency": "EUR", **facts})


def view(event_id: str = "e1", **facts: Any) -> dict[str, Any]:
    """A view as a shop would send it."""
    return {"event_id": event_id, "type": "view", "at": NOW_MS, "session_id": "s1", "item_id": "mug", **facts}


@contextmanager
def serving(**options: Any) -> Iterator[Served]:
    """The running server."""
    clock = FixedClock(NOW_MS)
    home = memory.open_home(clock=clock)
    stores = home.open(SHOP, create=True)
    stores.catalog.put([product("mug", cost=Decimal("1.25")), product("spoon"), product("lamp", price=Decimal("19.99"))])
    key = {
        "browser": home.keys.create(SHOP, "browser"), "bound": home.keys.create(SHOP, "browser", [ORIGIN]),
        "server": home.keys.create(SHOP, "server"), "admin": home.keys.create(SHOP, "admin"),
    }  # fmt: skip
    endcap = Endcap(home, clock)
    log = io.StringIO()
    site = Site(endcap, log=Log(clock, log), **options)
    with TestClient(Application(site), client=("127.0.0.1", 1), base_url="http://127.0.0.1") as client:
        yield Served(client, site, site.shops[SHOP].service.stores, home.keys, key, log)
    endcap.close()
