"""What the newest fit says of every customer, in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from endcap.stores.ports import Customer


class MemoryCustomers:
    """Customers by user id; a fit puts a new table in the place of the old one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._customers: dict[str, Customer] = {}
        self._summary: bytes | None = None
        self._version = 0

    def replace(self, customers: Iterable[Customer], summary: bytes) -> int:
        """Put these in the place of all that are kept; returns the new version."""
        found = {one.user_id: one for one in customers}
        with self._lock:
            self._customers = {user_id: found[user_id] for user_id in sorted(found)}
            self._summary = summary
            self._version += 1
            return self._version

    def load(self, user_ids: Sequence[str]) -> dict[str, Customer]:
        """Those who are kept."""
        known = self._customers
        return {one: known[one] for one in user_ids if one in known}

    def read(self, after: str = "", limit: int = 1_000) -> list[Customer]:
        """Customers whose user id comes after that one, in the order of their ids, at most ``limit``."""
        return [one for user_id, one in self._customers.items() if user_id > after][:limit]

    def summary(self) -> bytes | None:
        """What was kept beside the customers, or nothing before the first fit."""
        return self._summary

    def count(self) -> int:
        """How many customers are kept."""
        return len(self._customers)

    def forget(self, user_id: str) -> bool:
        """Take one out; tells whether they were there."""
        with self._lock:
            there = user_id in self._customers
            self._customers = {one: customer for one, customer in self._customers.items() if one != user_id}
        return there

    def version(self) -> int:
        """A number that grows with every fit, 0 before the first."""
        return self._version
