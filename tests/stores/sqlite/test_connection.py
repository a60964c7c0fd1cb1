from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from endcap.errors import Busy, StoreError
from endcap.stores.sqlite import connection
from endcap.stores.sqlite.connection import Database, check_library, counter, fetch, insert, raise_counter, set_counter
from endcap.stores.sqlite.migrations import SHOP


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "shop.sqlite", SHOP)
    yield database
    database.close()


@pytest.mark.parametrize("version", ["3.51.2", "3.46.1", "2.99.99"])
def test_an_old_library_is_refused(version: str) -> None:
    with pytest.raises(StoreError, match=version):
        check_library(version)


def test_a_commit_waits_for_the_disk(database: Database) -> None:
    with database.write() as writer:
        settings = [writer.execute(f"PRAGMA {name}").get for name in ("journal_mode", "synchronous", "mmap_size")]
    assert settings == ["wal", 2, 0]


def test_what_fails_is_undone(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as writer:
            set_counter(writer, "last_at_ms", 5)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with database.read() as reader:
        assert counter(reader, "last_at_ms") == 0


def test_a_counter_is_only_raised(database: Database) -> None:
    with database.write() as writer:
        raise_counter(writer, "last_at_ms", 5)
        raise_counter(writer, "last_at_ms", 3)
        assert counter(writer, "last_at_ms") == 5


@pytest.mark.parametrize("count", [0, 1, 10, 99, 100, 1_111])
def test_all_rows_are_inserted_in_order(database: Database, count: int) -> None:
    rows = [(number, b"%d" % number) for number in range(1, count + 1)]
    with database.write() as writer:
        insert(writer, "log", rows)
    with database.read() as reader:
        assert fetch(reader, "SELECT * FROM log ORDER BY seq") == rows


def test_the_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError), database.read() as reader:
        set_counter(reader, "last_at_ms", 5)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "shop.sqlite").write_bytes(content)
    if content:
        with pytest.raises(StoreError, match=r"shop\.sqlite"):
            Database(tmp_path / "shop.sqlite", SHOP)
    else:
        Database(tmp_path / "shop.sqlite", SHOP).close()


def test_a_file_of_a_newer_endcap_is_refused(tmp_path: Path) -> None:
    Database(tmp_path / "shop.sqlite", (*SHOP, "CREATE TABLE later (x)")).close()
    with pytest.raises(StoreError, match="update Endcap"):
        Database(tmp_path / "shop.sqlite", SHOP)


def test_an_older_file_is_brought_up(tmp_path: Path) -> None:
    Database(tmp_path / "shop.sqlite", SHOP).close()
    newer = Database(tmp_path / "shop.sqlite", (*SHOP, "CREATE TABLE later (x)"))
    with newer.read() as reader:
        assert fetch(reader, "SELECT * FROM later") == []
    newer.close()


def test_a_program_that_holds_the_file_is_waited_for_then_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_TIMEOUT_S", 0.05)
    database = Database(tmp_path / "shop.sqlite", SHOP)
    foreign = apsw.Connection(str(tmp_path / "shop.sqlite"))
    foreign.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy), database.write():
        pass
    foreign.execute("ROLLBACK")
    with database.write():
        pass
    foreign.close()
    database.close()


WRITER = """
import sys
from pathlib import Path
from endcap.stores.sqlite import open_home
from endcap.testing.samples import view
own = int(sys.argv[2])
log = open_home(Path(sys.argv[1])).open("gifts", create=True).log
for number in range(100):
    log.append([view(number), view(1_000 * own + number)])
"""


def test_processes_that_write_at_once_lose_and_repeat_nothing(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(own)]) for own in (1, 2, 3)]
    assert [process.wait(timeout=60) for process in writers] == [0, 0, 0]
    check = (
        "import sys; from pathlib import Path; from endcap.stores.sqlite import open_home;"
        "print(sorted(one.event.event_id for one in open_home(Path(sys.argv[1])).open('gifts').log.read()))"
    )
    done = subprocess.run([sys.executable, "-c", check, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == str(sorted(f"e{1_000 * own + number}" for own in range(4) for number in range(100)))
