"""What was measured gets a file of its own, whole, once, and whatever interrupts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from endcap.stores.measures import ITEM_SUMS, Cell, Measured, Progress
from endcap.stores.ports import Decision
from endcap.stores.sqlite import moving, open_home
from endcap.stores.sqlite.connection import Database, fetch
from endcap.stores.sqlite.decisions import SqliteDecisions
from endcap.stores.sqlite.log import SqliteLog
from endcap.stores.sqlite.measures import SqliteMeasures
from endcap.stores.sqlite.migrations import MEASURED, SHOP
from endcap.stores.sqlite.moving import move_measured
from endcap.stores.sqlite.watching import SqliteWatching
from endcap.stores.watching import TallyKey
from endcap.testing.samples import AT_MS, view

AFTER = Progress(log_seq=7, answer_place=3, rules=b"r")
CELL = Cell("cart", "best", "", "", "", "", 0)
KEY = TallyKey(5, "type", "view")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A home whose shop is as it was before what is measured had a file of its own; its folder."""
    folder = tmp_path / "shops" / "gifts"
    folder.mkdir(parents=True)
    moves = next(number for number, script in enumerate(SHOP) if "moving.py" in script)
    database = Database(folder / "shop.sqlite", SHOP[:moves])
    SqliteLog(database, folder / "archive").append([view(number) for number in range(AFTER.log_seq)])
    SqliteDecisions(database).append([Decision(f"r{number}", AT_MS, b"", b"") for number in range(AFTER.answer_place)])
    sums = {(4, "mug"): (1, 2, 3, 4, 5)}
    measured = Measured(before=Progress(), after=AFTER, journeys={"u:1": b"j"}, hours={(9, CELL): {1: 4}}, item_weeks=sums)
    assert SqliteMeasures(database).commit(measured)
    watching = SqliteWatching(database)
    assert watching.tally(0, 6, {KEY: 2}, {"view": 8}, 0)
    assert watching.keep(0, b"notes")
    database.close()
    return tmp_path


def check(path: Path) -> None:
    home = open_home(path)
    shop = home.open("gifts")
    progress = shop.measures.progress()
    assert (progress.log_seq, progress.answer_place, progress.rules, progress.version) == (7, 3, b"r", 1)
    assert shop.measures.journeys(["u:1"]) == {"u:1": b"j"}
    assert shop.measures.cells("hour", 0, 10**15, [1]).cells == (CELL,)
    assert shop.measures.item_weeks(0, 10**15).values.shape == (1, len(ITEM_SUMS))
    assert (shop.watching.progress(), shop.watching.newest(), shop.watching.notes()) == (6, {"view": 8}, (1, b"notes"))
    assert shop.watching.tallies(["type"], 0, 9) == {KEY: 2}
    home.close()


def tables(path: Path) -> set[str]:
    connection = apsw.Connection(str(path / "shops" / "gifts" / "shop.sqlite"))
    names = {name for (name,) in fetch(connection, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    counters = {name for (name,) in fetch(connection, "SELECT name FROM counters")}
    connection.close()
    return names | counters


def test_it_moves_whole_and_once(before: Path) -> None:
    check(before)
    left = tables(before)
    assert left.isdisjoint({*moving._TABLES, *moving._COUNTERS})
    assert {"log", "decisions", "people", "last_at_ms"} <= left
    home = open_home(before)
    shop = home.open("gifts")
    assert shop.watching.keep(1, b"later")
    home.close()
    home = open_home(before)
    assert home.open("gifts").watching.notes() == (2, b"later")
    home.close()


@pytest.mark.parametrize("after", ["measuring", "journeys", "watch_notes"])
def test_what_is_interrupted_begins_anew(before: Path, monkeypatch: pytest.MonkeyPatch, after: str) -> None:
    copy = moving._copy

    def interrupted(old: apsw.Connection, new: apsw.Connection, table: str) -> None:
        copy(old, new, table)
        if table == after:
            raise KeyboardInterrupt

    monkeypatch.setattr(moving, "_copy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_home(before).open("gifts")
    monkeypatch.setattr(moving, "_copy", copy)
    check(before)


def test_what_ends_between_the_two_files_begins_anew(before: Path) -> None:
    class EndsHere(Database):
        @contextmanager
        def write(self) -> Iterator[apsw.Connection]:
            with super().write() as connection:
                yield connection
                raise KeyboardInterrupt  # the other file has committed, this one has not

    home = open_home(before)
    folder = before / "shops" / "gifts"
    shop = EndsHere(folder / "shop.sqlite", SHOP)
    measured = Database(folder / "measured.sqlite", MEASURED)
    with pytest.raises(KeyboardInterrupt):
        move_measured(shop, measured)
    shop.close()
    measured.close()
    home.close()
    check(before)
