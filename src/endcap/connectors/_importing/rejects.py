"""The file of rejected rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from endcap.connectors.base import Reject
from endcap.stores.durable import mapped_files

HEADER = ("file", "row", "column", "reason", "value")


class RejectsFile:
    """A CSV file with one line for each rejected row; it appears whole at :meth:`close`, where anything was rejected."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._file: IO[str] | None = None

    def write(self, source: str, rejects: Iterable[Reject]) -> None:
        """Add rejected rows of a file. Raises StoreError where they cannot be written."""
        with mapped_files(self._path):
            for reject in rejects:
                if self._file is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    self._file = self._part.open("w", newline="", encoding="utf-8")
                    csv.writer(self._file).writerow(HEADER)
                csv.writer(self._file).writerow((source, reject.row, reject.column, reject.reason, reject.value))

    def close(self) -> Path | None:
        """Put the file in its place and return its path; take an older one away where nothing was rejected this time."""
        if self._file is None:
            self._path.unlink(missing_ok=True)
            return None
        self._file.close()
        self._file = None
        self._part.replace(self._path)
        return self._path

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            self._file.close()
            self._part.unlink(missing_ok=True)
