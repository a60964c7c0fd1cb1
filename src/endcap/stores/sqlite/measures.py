"""What was measured. Sums are packed by cell, so that a month of them is read as fast as its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import apsw
import numpy as np

from endcap.core.time import DAY_MS, HOUR_MS
from endcap.stores.measures import (
    ITEM_SUMS,
    LEVELS,
    Cell,
    Cells,
    Grain,
    ItemWeeks,
    Level,
    Measured,
    Progress,
    Sums,
    UnitColumns,
    UnitSums,
)
from endcap.stores.sqlite import item_weeks
from endcap.stores.sqlite.connection import Database, fetch
from endcap.stores.sums import added, coarse, columns, numbered, packed, unpacked

_TABLES = {"hour": "measured_hours", "day": "measured_days", "group": "measured_groups"}
_COARSE = {"hour": "coarse_hours", "day": "coarse_days"}
_LEVELS: tuple[Level, ...] = tuple(LEVELS)

_Amounts = Mapping[tuple[int, ...], Sums]
"""Sums by the level, where there are several, the hour or day, and the number of the cell."""

_HOURS_A_DAY = DAY_MS // HOUR_MS
_MOST_ASKED = 500


class SqliteMeasures:
    """Sums, journeys and units of one shop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[Cell, int] = {}  # a cell has its number for ever, once that is committed

    def progress(self) -> Progress:
        """How far measuring has got."""
        with self._database.read() as connection:
            return _progress(connection)

    def commit(self, measured: Measured) -> bool:
        """Keep what a stretch changes, in one transaction; tells whether it did."""
        with self._database.write() as connection:
            if _progress(connection) != measured.before:
                return False
            cells = {cell for _, cell in measured.hours}
            coarser = {cell: [coarse(cell, level) for level in _LEVELS] for cell in cells}
            named = cells.union(*coarser.values(), (cell for _, cell in measured.groups))
            numbers = self._numbered(connection, named)
            hours: _Amounts = {(at, numbers[cell]): sums for (at, cell), sums in measured.hours.items()}
            groups: _Amounts = {(at, numbers[cell]): sums for (at, cell), sums in measured.groups.items()}
            levels = _by_level(measured.hours, {cell: [numbers[one] for one in coarser[cell]] for cell in cells})
            _write_journeys(connection, measured.journeys)
            _add(connection, "measured_hours", hours)
            _add(connection, "measured_days", _by_day(hours))
            _add(connection, "measured_groups", groups)
            _add(connection, "coarse_hours", levels)
            _add(connection, "coarse_days", _by_day(levels))
            _write_units(connection, measured.units)
            item_weeks.add(connection, measured.item_weeks)
            connection.executemany("INSERT OR IGNORE INTO awaited VALUES (?, ?)", measured.waiting)
            connection.executemany("DELETE FROM awaited WHERE recommendation_id = ?", [(one,) for one in measured.arrived])
            _set_progress(connection, measured.after, measured.before.version + 1)
        self._numbers.update(numbers)
        return True

    def clear(self) -> None:
        """Forget everything that was measured, so that it is measured anew."""
        with self._database.write() as connection:
            version = _progress(connection).version
            tables = ("journeys", *_TABLES.values(), *_COARSE.values(), "units", *item_weeks.TABLES, "awaited")
            for table in tables:  # the cells stay, since whoever has the file open knows their numbers
                connection.execute(f"DELETE FROM {table}")
            _set_progress(connection, Progress(), version + 1)

    def journeys(self, keys: Sequence[str]) -> dict[str, bytes]:
        """What is kept of these people and sessions, where there is something."""
        with self._database.read() as connection:
            found = {key: connection.execute("SELECT body FROM journeys WHERE key = ?", (key,)).get for key in keys}
        return {key: body for key, body in found.items() if body is not None}

    def journey_keys(self, after: str = "", limit: int = 1_000) -> list[str]:
        """The keys behind that one, in order, at most ``limit``."""
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT key FROM journeys WHERE key > ? ORDER BY key LIMIT ?", (after, limit))
        return [key for (key,) in rows]

    def waiting(self, recommendation_ids: Sequence[str]) -> dict[str, list[str]]:
        """The journeys that name these answers and wait for them."""
        found: dict[str, list[str]] = {}
        with self._database.read() as connection:
            for start in range(0, len(recommendation_ids), _MOST_ASKED):
                asked = tuple(recommendation_ids[start : start + _MOST_ASKED])
                sql = f"SELECT * FROM awaited WHERE recommendation_id IN ({', '.join('?' * len(asked))})"
                for recommendation_id, key in fetch(connection, sql, asked):
                    found.setdefault(recommendation_id, []).append(key)
        return found

    def cells(self, grain: Grain, since_ms: int, until_ms: int, components: Sequence[int], level: Level = "all") -> Cells:
        """The sums of the hours or days that begin in ``[since_ms, until_ms)``, of these components, by number."""
        length_ms = HOUR_MS if grain == "hour" else DAY_MS
        bounds: tuple[int, ...] = (-(-since_ms // length_ms), -(-until_ms // length_ms))
        sql = f"SELECT at, cell, body FROM {_TABLES[grain]} WHERE at >= ? AND at < ?"
        if level != "all" and grain != "group":
            sql = f"SELECT at, cell, body FROM {_COARSE[grain]} WHERE level = ? AND at >= ? AND at < ?"
            bounds = (_LEVELS.index(level), *bounds)
        with self._database.read() as connection, connection:
            rows = fetch(connection, sql, bounds)
            named = fetch(connection, "SELECT * FROM cells")
        at, numbers, bodies = zip(*rows, strict=True) if rows else ((), (), ())
        used, cell = np.unique(np.asarray(numbers, dtype=np.int64), return_inverse=True)
        names = {number: Cell(*name) for number, *name in named}
        return Cells(
            cells=tuple(names[number] for number in used.tolist()),
            cell=cell.astype(np.int32),
            at_ms=np.asarray(at, dtype=np.int64) * length_ms,
            values=columns(bodies, components),
        )

    def units(self, experiment: str, components: Sequence[int]) -> UnitColumns:
        """The units of an experiment and their sums of these components, by number."""
        sql = "SELECT arm, exposed_ms, segment, after, before FROM units WHERE experiment = ? ORDER BY unit"
        with self._database.read() as connection:
            rows = fetch(connection, sql, (experiment,))
        arm_of, exposed_ms, segment_of, after, before = zip(*rows, strict=True) if rows else ((), (), (), (), ())
        arms, arm = numbered(arm_of)
        segments, segment = numbered(segment_of)
        return UnitColumns(
            arms=arms, arm=arm, exposed_ms=np.asarray(exposed_ms, dtype=np.int64), segments=segments, segment=segment,
            after=columns(after, components), before=columns(before, components),
        )  # fmt: skip

    def unit_names(self, experiment: str, after: str = "", limit: int = 1_000) -> list[str]:
        """The units of an experiment behind that one, in order, at most ``limit``."""
        sql = "SELECT unit FROM units WHERE experiment = ? AND unit > ? ORDER BY unit LIMIT ?"
        with self._database.read() as connection:
            return [unit for (unit,) in fetch(connection, sql, (experiment, after, limit))]

    def items_answered(self, since_ms: int, until_ms: int) -> int:
        """How many different items were answered in the weeks that begin in ``[since_ms, until_ms)``."""
        bounds = (-(-since_ms // DAY_MS), -(-until_ms // DAY_MS))
        sql = "SELECT count(DISTINCT item_id) FROM item_weeks WHERE week >= ? AND week < ? AND slots > 0"
        self._settle_items()
        with self._database.read() as connection:
            counted: int = connection.execute(sql, bounds).get
        return counted

    def item_weeks(self, since_ms: int, until_ms: int) -> ItemWeeks:
        """What became of each item in the weeks that begin in ``[since_ms, until_ms)``."""
        bounds = (-(-since_ms // DAY_MS), -(-until_ms // DAY_MS))
        self._settle_items()
        with self._database.read() as connection:
            rows = fetch(connection, "SELECT * FROM item_weeks WHERE week >= ? AND week < ? ORDER BY week, item_id", bounds)
        return ItemWeeks(
            items=tuple(row[1] for row in rows),
            at_ms=np.asarray([row[0] for row in rows], dtype=np.int64) * DAY_MS,
            values=np.asarray([row[2:] for row in rows], dtype=np.int64).reshape(-1, len(ITEM_SUMS)),
        )

    def _settle_items(self) -> None:
        with self._database.read() as connection:
            settled = item_weeks.are_settled(connection)
        if not settled:
            with self._database.write() as connection:
                item_weeks.settle(connection)

    def _numbered(self, connection: apsw.Connection, cells: set[Cell]) -> dict[Cell, int]:
        """The numbers of all cells that are written to; new cells get theirs."""
        found = {cell: self._numbers[cell] for cell in cells if cell in self._numbers}
        for cell in cells - found.keys():
            name = (cell.placement, cell.shelf, cell.source, cell.arm, cell.device, cell.segment, cell.group)
            connection.execute("INSERT OR IGNORE INTO cells VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", name)
            where = "placement = ? AND shelf = ? AND source = ? AND arm = ? AND device = ? AND segment = ? AND people = ?"
            found[cell] = connection.execute(f"SELECT number FROM cells WHERE {where}", name).get
        return found


def _summed(rows: Iterable[tuple[tuple[int, ...], Sums]]) -> _Amounts:
    """Rows of one place added up."""
    total: dict[tuple[int, ...], dict[int, int]] = {}
    for place, sums in rows:
        known = total.get(place)
        if known is None:
            total[place] = dict(sums)
        else:
            for component, value in sums.items():
                known[component] = known.get(component, 0) + value
    return total


def _by_day(hours: _Amounts) -> _Amounts:
    return _summed(((*level, hour // _HOURS_A_DAY, cell), sums) for (*level, hour, cell), sums in hours.items())


def _by_level(hours: Mapping[tuple[int, Cell], Sums], coarser: Mapping[Cell, Sequence[int]]) -> _Amounts:
    """The sums of the coarser levels; ``coarser`` has the number of each cell's own cell on each of them."""
    return _summed(
        ((level, hour, number), sums) for (hour, cell), sums in hours.items() for level, number in enumerate(coarser[cell])
    )


def _add(connection: apsw.Connection, table: str, amounts: _Amounts) -> None:
    """Add to the rows of a table."""
    columns = ("level", "at", "cell") if table in _COARSE.values() else ("at", "cell")
    where = " AND ".join(f"{column} = ?" for column in columns)
    found = connection.executemany(f"SELECT {', '.join(columns)}, body FROM {table} WHERE {where}", amounts)
    bodies = {tuple(key): body for *key, body in found}
    kept, empty = [], []
    for key, sums in amounts.items():
        body = bodies.get(key)
        total = added(unpacked(body), sums) if body is not None else {one: value for one, value in sums.items() if value}
        if total:
            kept.append((*key, packed(total)))
        else:
            empty.append(key)
    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(columns))}, ?)", kept)
    connection.executemany(f"DELETE FROM {table} WHERE {where}", empty)


def _write_journeys(connection: apsw.Connection, journeys: Mapping[str, bytes | None]) -> None:
    kept = [(key, body) for key, body in journeys.items() if body is not None]
    connection.executemany("INSERT OR REPLACE INTO journeys VALUES (?, ?)", kept)
    _delete(connection, "journeys WHERE key = ?", ((key,) for key, body in journeys.items() if body is None))


def _write_units(connection: apsw.Connection, units: Mapping[tuple[str, str], UnitSums | None]) -> None:
    kept = [
        (*key, one.arm, one.exposed_ms, one.segment, packed(one.after), packed(one.before))
        for key, one in units.items()
        if one is not None
    ]
    connection.executemany("INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?, ?, ?, ?)", kept)
    _delete(connection, "units WHERE experiment = ? AND unit = ?", (key for key, one in units.items() if one is None))


def _delete(connection: apsw.Connection, what: str, keys: Iterable[tuple[str, ...]]) -> None:
    connection.executemany(f"DELETE FROM {what}", keys)


def _progress(connection: apsw.Connection) -> Progress:
    log_seq, answer_place, rules, version = fetch(connection, "SELECT * FROM measuring")[0]
    return Progress(log_seq=log_seq, answer_place=answer_place, rules=rules, version=version)


def _set_progress(connection: apsw.Connection, progress: Progress, version: int) -> None:
    new = (progress.log_seq, progress.answer_place, progress.rules, version)
    connection.execute("UPDATE measuring SET log_seq = ?, answer_place = ?, rules = ?, version = ?", new)
