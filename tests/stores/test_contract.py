"""Every back end passes the published contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from endcap.stores import memory, sqlite
from endcap.stores.ports import Home
from endcap.testing.stores import HomeContract


class TestMemory(HomeContract):
    @pytest.fixture
    def home(self) -> Home:
        return memory.open_home()


class TestSqlite(HomeContract):
    @pytest.fixture
    def home(self, tmp_path: Path) -> Iterator[Home]:
        home = sqlite.open_home(tmp_path / "home")
        yield home
        home.close()
