"""What was answered, in memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import islice

from endcap.stores.ports import Decision


class MemoryDecisions:
    """Answers by recommendation id; the first one of an id stays."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decisions: dict[str, Decision] = {}
        self._places: dict[str, int] = {}
        self._written = 0

    def append(self, decisions: Sequence[Decision]) -> None:
        """Keep a batch."""
        with self._lock:
            for decision in decisions:
                self._written += 1
                if decision.recommendation_id not in self._decisions:
                    self._decisions[decision.recommendation_id] = decision
                    self._places[decision.recommendation_id] = self._written

    def get(self, recommendation_id: str) -> Decision | None:
        """One answer, or nothing."""
        return self._decisions.get(recommendation_id)

    def read(self, after: str = "", limit: int = 1_000) -> list[Decision]:
        """Answers whose id comes after that one, which is by time, at most ``limit``."""
        with self._lock:
            later = sorted(key for key in self._decisions if key > after)[:limit]
            return [self._decisions[key] for key in later]

    def written(self, after: int = 0, limit: int = 1_000) -> list[tuple[int, Decision]]:
        """Answers in the order in which they were written, each with its place; those behind ``after``, at most ``limit``."""
        with self._lock:
            later = ((self._places[key], decision) for key, decision in self._decisions.items() if self._places[key] > after)
            return list(islice(later, limit))

    def last_place(self) -> int:
        """The place of the newest answer that is kept, 0 where there is none."""
        with self._lock:
            return next(reversed(self._places.values()), 0)

    def count(self) -> int:
        """How many answers are kept."""
        return len(self._decisions)

    def prune(self, before_ms: int) -> int:
        """Forget answers older than that; returns how many."""
        with self._lock:
            old = [key for key, decision in self._decisions.items() if decision.at_ms < before_ms]
            for key in old:
                del self._decisions[key], self._places[key]
        return len(old)
