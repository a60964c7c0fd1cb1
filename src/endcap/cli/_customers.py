"""What verbs share that look at a shop's customers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from endcap.audience.fit import fit_customers
from endcap.audience.model import CustomerModel, FitOptions
from endcap.stores.locks import FileLock
from endcap.stores.ports import ShopStores


def look_at_customers(
    stores: ShopStores, home: Path, *, options: FitOptions | None = None, now_ms: int | None = None, wait_s: float = 0.0
) -> CustomerModel:
    """A fit, one of a shop at a time. Raises Busy where another one goes on for longer than ``wait_s``."""
    with closing(FileLock(home / "shops" / stores.shop / "customers.lock", timeout_s=wait_s)) as lock, lock:
        return fit_customers(stores, options, now_ms=now_ms)
