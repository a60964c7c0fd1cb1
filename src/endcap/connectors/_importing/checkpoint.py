"""How far an import of a file came, so that the next attempt need not offer again what the log has.

The log takes an event once however often it is offered, so a checkpoint only saves time: losing one loses nothing. One is
written after the log has its events on disk, never before.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import msgspec

from endcap.connectors._importing.plan import Plan
from endcap.stores.durable import mapped_files
from endcap.stores.ports import EventLog, Outcome


class Progress(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The first ``events`` events of a file are in the log; ``outcomes`` says what became of them, by outcome.

    ``now_ms`` is the time the import began: the same rows are refused as too far ahead when it goes on another day.
    """

    now_ms: int
    last_seq: int
    events: int
    outcomes: dict[Outcome, int]


_decoder = msgspec.json.Decoder(Progress)


class Checkpoint:
    """The progress of one file, read one way, in one shop."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        reading = msgspec.json.encode([plan.source.digest, plan.layout, plan.connector.digest(), dict(plan.mapping)])
        self._path = folder / f"{hashlib.sha256(reading).hexdigest()[:16]}.progress.json"

    def load(self) -> Progress | None:
        """The progress of an attempt that was cut off, where there was one."""
        try:
            return _decoder.decode(self._path.read_bytes())
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def save(self, now_ms: int, log: EventLog, events: int, outcomes: Counter[Outcome]) -> None:
        """Keep how far this attempt has come."""
        fresh = self._path.with_suffix(".new")
        progress = Progress(now_ms=now_ms, last_seq=log.last_seq(), events=events, outcomes=dict(outcomes))
        with mapped_files(self._path):
            fresh.write_bytes(msgspec.json.encode(progress))
            fresh.replace(self._path)

    def clear(self) -> None:
        """The file is all in."""
        self._path.unlink(missing_ok=True)
        self._path.with_suffix(".new").unlink(missing_ok=True)
