"""Which products belong to which: lenses to a camera, a warranty to a washing machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from endcap.core.catalog import Item


class Belonging:
    """The accessories of each product, by the id of what they belong to; kept up to date row by row."""

    def __init__(self) -> None:
        self._owners: dict[int, tuple[str, ...]] = {}
        self._rows: dict[str, set[int]] = {}

    def describe(self, items: Sequence[Item | None], rows: Iterable[int]) -> None:
        """Take the products of these rows into account."""
        for row in rows:
            item, before = items[row], self._owners.get(row, ())
            after = item.accessory_of if item is not None else ()
            if before == after:
                continue
            for owner in before:
                self._rows[owner].discard(row)
            for owner in after:
                self._rows.setdefault(owner, set()).add(row)
            self._owners[row] = after

    def of(self, item_id: str) -> list[int]:
        """The rows of what belongs to an item, in order."""
        return sorted(self._rows.get(item_id, ()))
