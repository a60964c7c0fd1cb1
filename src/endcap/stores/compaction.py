"""Moves the older part of a log into day files. It can be killed at any moment: nothing is lost, nothing is there twice.

New day files are written and forced to disk beside the old ones; one transaction makes them live in place of those, and
moves the place up to which the log counts as archived; only then are rows pruned. Until that transaction the new files are
nobody's, after it the old files and rows are; either are removed later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing

import msgspec

from endcap.core.time import DAY_MS
from endcap.stores.archive import read_rows, write_day
from endcap.stores.durable import flush, mapped_files
from endcap.stores.history import ArchiveFile, ArchivingLog, Row
from endcap.stores.locks import FileLock
from endcap.stores.ports import ShopStores

_ROUND_ROWS = 200_000  # some 300 MB while a round lasts
_READ_ROWS = 20_000
_PRUNE_ROWS = 20_000  # a few hundredths of a second, for which the server beside it waits


class Compaction(msgspec.Struct, frozen=True, kw_only=True):
    """What a compaction did: events archived, day files written."""

    events: int = 0
    files: int = 0


class _When(msgspec.Struct):
    """The one field of an event that says which day it belongs to."""

    at: int


_when = msgspec.json.Decoder(_When)


def compact(stores: ShopStores, *, keep_hot_days: int = 3, now_ms: int) -> Compaction:
    """Archive the older part of a shop's log, and prune it there.

    As many of the newest log rows stay as there are events of the last ``keep_hot_days`` days before the newest event; one
    that claims to come from after ``now_ms`` does not count as the newest. Raises Busy while another compaction runs. A log
    that keeps no files is left as it is.
    """
    log = stores.log
    if not isinstance(log, ArchivingLog):
        return Compaction()
    with mapped_files(log.archive_folder), closing(FileLock(log.archive_folder / ".lock", timeout_s=0)) as lock, lock:
        _remove_orphans(log)
        _prune(log)
        hot_from_ms = min(log.last_at_ms(), now_ms) - keep_hot_days * DAY_MS
        until = log.last_seq() - sum(at_ms > hot_from_ms for at_ms in _times(log))
        done = Compaction()
        while (after := log.archived_until()) < until:
            rows = list(_hot(log, after, min(until, after + _ROUND_ROWS)))
            files = _write_days(log, rows)
            log.record_archive(files, rows[-1][0])
            _prune(log)
            done = Compaction(events=done.events + len(rows), files=done.files + len(files))
        return done


def _hot(log: ArchivingLog, after: int, until: int) -> Iterator[Row]:
    while after < until and (rows := log.hot_rows(after, min(_READ_ROWS, until - after))):
        yield from rows
        after = rows[-1][0]


def _times(log: ArchivingLog) -> Iterator[int]:
    return (_when.decode(payload).at for _, payload in _hot(log, log.archived_until(), log.last_seq()))


def _write_days(log: ArchivingLog, rows: list[Row]) -> list[ArchiveFile]:
    by_day: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_day[_when.decode(row[1]).at // DAY_MS].append(row)
    live = {file.day: file for file in log.archive_files()}
    folder = log.archive_folder
    files = []
    for day, fresh in sorted(by_day.items()):
        old = live.get(day)
        known = read_rows(folder, [old], 0, old.last_seq, old.rows) if old else []
        files.append(write_day(folder, day, known + fresh))
    flush(folder)
    return files


def _prune(log: ArchivingLog) -> None:
    while log.prune(_PRUNE_ROWS):
        pass


def _remove_orphans(log: ArchivingLog) -> None:
    """Remove what a killed compaction left, and what the last one replaced: who read it has had a whole compaction's time."""
    live = {file.name for file in log.archive_files()}
    for path in log.archive_folder.glob("*.parquet"):
        if path.name not in live:
            path.unlink()
