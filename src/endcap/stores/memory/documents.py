"""Versioned documents, in memory."""

from __future__ import annotations

import threading

from endcap.core.time import Clock


class MemoryDocuments:
    """All versions of each document, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._versions: dict[tuple[str, str], list[tuple[int, int, bytes | None]]] = {}
        self._version = 0

    def all(self, kind: str, until: int | None = None) -> dict[str, bytes]:
        """The newest version of each document of a kind, by name, deleted ones left out; as of version ``until`` if given."""
        newest: dict[str, bytes | None] = {}
        with self._lock:
            for (of_kind, name), versions in sorted(self._versions.items()):
                if of_kind == kind:
                    known = [body for number, _, body in versions if until is None or number <= until]
                    newest[name] = known[-1] if known else None
        return {name: body for name, body in newest.items() if body is not None}

    def put(self, kind: str, name: str, body: bytes) -> int:
        """Keep a new version; returns its number, which is also the new :meth:`version`."""
        with self._lock:
            return self._add(kind, name, body)

    def delete(self, kind: str, name: str) -> bool:
        """Take a document out; tells whether it was there."""
        with self._lock:
            versions = self._versions.get((kind, name))
            if versions is None or versions[-1][2] is None:
                return False
            self._add(kind, name, None)
        return True

    def history(self, kind: str, name: str) -> list[tuple[int, int, bytes | None]]:
        """All versions, newest first: number, time in milliseconds, body or nothing where it was deleted."""
        with self._lock:
            return list(reversed(self._versions.get((kind, name), [])))

    def version(self) -> int:
        """A number that grows with every change."""
        return self._version

    def _add(self, kind: str, name: str, body: bytes | None) -> int:
        self._version += 1
        self._versions.setdefault((kind, name), []).append((self._version, self._clock.now_ms(), body))
        return self._version
