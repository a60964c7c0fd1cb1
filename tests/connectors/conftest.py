"""An importer over stores in memory, for files that tests write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from endcap.connectors import ImportOptions, Summary, import_files
from endcap.core.catalog import Item
from endcap.core.events import Event
from endcap.core.time import FixedClock
from endcap.stores import memory
from endcap.stores.ports import ShopStores

NOW_MS = 1_800_000_000_000  # 2027-01-15


@dataclass
class Shop:
    """A shop in memory, and the folder in which its files lie."""

    folder: Path
    stores: ShopStores
    opened: int = 0

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def bring(self, *files: Path | str, now_ms: int = NOW_MS, rejects_path: Path | None = None, **options: Any) -> Summary:
        """Import files; text is written to ``file.csv`` first."""
        paths = [self.write("file.csv", one) if isinstance(one, str) else one for one in files]

        def open_stores() -> ShopStores:
            self.opened += 1
            return self.stores

        return import_files(
            paths,
            open_stores,
            folder=self.folder / "imports",
            options=ImportOptions(**options),
            rejects_path=rejects_path,
            clock=FixedClock(now_ms),
        )

    @property
    def events(self) -> list[Event]:
        return [one.event for one in self.stores.log.read()]

    @property
    def items(self) -> dict[str, Item]:
        return {item.item_id: item for item in self.stores.catalog.all()}

    def rejected(self, summary: Summary) -> list[tuple[int, str, str, str]]:
        """The rows of the rejects file: row, column, reason, value."""
        assert summary.rejects_file is not None
        rows = Path(summary.rejects_file).read_text(encoding="utf-8").splitlines()[1:]
        return [(int(row), column, reason, value) for _, row, column, reason, value in (line.split(",", 4) for line in rows)]


def lines_of(event: Event) -> list[tuple[str, int, str]]:
    """The lines of an event, short enough to compare."""
    return [(line.item_id, line.quantity, str(line.price)) for line in event.lines]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return new_shop(tmp_path)


def new_shop(folder: Path) -> Shop:
    """Another shop beside the fixture's."""
    folder.mkdir(exist_ok=True)
    return Shop(folder, memory.open_home().open("s", create=True))


NewShop = Callable[[Path], Shop]
