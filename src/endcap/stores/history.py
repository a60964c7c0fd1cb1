"""What a log and its archive know of each other."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec

Row: TypeAlias = tuple[int, bytes]
"""A place in the log and the canonical JSON of the event there."""


class ArchiveFile(msgspec.Struct, frozen=True):
    """One live file: the archived events of a UTC ``day`` (days since 1970-01-01), and the places and times they span."""

    name: str
    day: int
    rows: int
    first_seq: int
    last_seq: int
    last_at_ms: int


ArchiveReader: TypeAlias = Callable[[Path, Sequence[ArchiveFile], int, int, int], list[Row]]
"""Takes the folder, its live files, ``after``, ``until`` and ``limit``; gives the first rows with after < seq <= until."""


@runtime_checkable
class ArchivingLog(Protocol):
    """A log whose oldest part can be moved into day files."""

    @property
    def archive_folder(self) -> Path:
        """Where the day files lie."""

    def hot_rows(self, after: int, limit: int) -> list[Row]:
        """Rows that were not pruned, in log order."""

    def last_seq(self) -> int:
        """The place of the newest event."""

    def last_at_ms(self) -> int:
        """The newest time that an event happened at."""

    def archived_until(self) -> int:
        """The place up to which the log is archived."""

    def archive_files(self) -> list[ArchiveFile]:
        """The live archive files, by day."""

    def record_archive(self, files: Sequence[ArchiveFile], until: int) -> None:
        """In one transaction: make day files live in place of their days' former ones, and the log archived up to ``until``."""

    def prune(self, limit: int) -> int:
        """Delete up to ``limit`` rows that are archived; returns how many."""


def load_archive_reader() -> ArchiveReader:
    """The reader of day files, loaded when it is first needed: a server that never looks back does without Polars."""
    reader: ArchiveReader = importlib.import_module("endcap.stores.archive").read_rows
    return reader
