"""The port of what the watch keeps: hourly counts of traits of the log, and one body of notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol


class TallyKey(NamedTuple):
    """What is counted: a value of a trait in the hour of this number since the epoch."""

    hour: int
    trait: str
    value: str


class Watching(Protocol):
    """What the watch keeps of a shop. All counts can be made again from the log; the notes cannot."""

    def progress(self) -> int:
        """The place in the log up to which traits are counted."""

    def tally(self, before: int, after: int, counts: Mapping[TallyKey, int], newest: Mapping[str, int], keep_since: int) -> bool:
        """Add counts and get from ``before`` to ``after``, in one transaction; tells whether it did.

        It does not where somebody else got further since ``before`` was read. ``newest`` are times by event type, of which the
        latest are kept. Counts of hours before the number ``keep_since`` are forgotten.
        """

    def tallies(self, traits: Iterable[str], since: int, until: int) -> dict[TallyKey, int]:
        """The counts of these traits in the hours ``[since, until)``, by number."""

    def newest(self) -> dict[str, int]:
        """When each type of event happened last, in milliseconds."""

    def notes(self) -> tuple[int, bytes]:
        """The version of the notes, 0 for none yet, and their body."""

    def keep(self, before: int, body: bytes) -> bool:
        """Keep other notes in the place of those of version ``before``; tells whether these were still the newest."""
