"""What shoppers did lately, in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from endcap.core.ids import PersonKey
from endcap.stores.ports import History


class MemoryPeople:
    """Histories by person."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._histories: dict[PersonKey, History] = {}
        self._applied_seq = 0

    def load(self, keys: Sequence[PersonKey]) -> dict[PersonKey, History]:
        """The histories of those who have one."""
        with self._lock:
            return {key: self._histories[key] for key in keys if key in self._histories}

    def save(self, histories: Mapping[PersonKey, History], applied_seq: int) -> None:
        """Keep these histories, which contain the log up to ``applied_seq``. A history never goes back in ``last_seq``."""
        with self._lock:
            for key, history in histories.items():
                known = self._histories.get(key)
                if known is None or history.last_seq > known.last_seq:
                    self._histories[key] = history
            self._applied_seq = max(self._applied_seq, applied_seq)

    def applied_seq(self) -> int:
        """The log position that all kept histories contain."""
        return self._applied_seq

    def clear(self) -> None:
        """Forget all histories, so that they are rebuilt from the log."""
        with self._lock:
            self._histories.clear()
            self._applied_seq = 0
