"""The products, in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from endcap.core.catalog import Item, encode_item


class MemoryCatalog:
    """Items by id, nothing in place of a deleted one, each with the version of its last change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[str, tuple[int, Item | None]] = {}
        self._version = 0

    def put(self, items: Iterable[Item]) -> int:
        """Add or replace; returns how many items are new or changed."""
        with self._lock:
            newest = {item.item_id: item for item in items}
            changed = [item for item in newest.values() if self._differs(item)]
            if changed:
                self._version += 1
            for item in changed:
                self._items[item.item_id] = (self._version, item)
        return len(changed)

    def _differs(self, item: Item) -> bool:
        known = self.get(item.item_id)
        return known is None or encode_item(known) != encode_item(item)

    def get(self, item_id: str) -> Item | None:
        """One product, or nothing."""
        return self._items.get(item_id, (0, None))[1]

    def delete(self, item_id: str) -> bool:
        """Take a product out; tells whether it was there."""
        with self._lock:
            if self.get(item_id) is None:
                return False
            self._version += 1
            self._items[item_id] = (self._version, None)
        return True

    def all(self) -> list[Item]:
        """Every product, in the order of first appearance."""
        with self._lock:
            return [item for _, item in self._items.values() if item is not None]

    def changed_since(self, version: int) -> tuple[int, list[Item], list[str]]:
        """The version now, the products put since ``version``, and the ids deleted since."""
        with self._lock:
            changed = [(since, item_id, item) for item_id, (since, item) in self._items.items() if since > version]
            changed.sort(key=lambda change: change[0])
            items = [item for _, _, item in changed if item is not None]
            return self._version, items, [item_id for _, item_id, item in changed if item is None]

    def version(self) -> int:
        """A number that grows with every change."""
        return self._version
