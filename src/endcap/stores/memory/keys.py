"""Keys, in memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from endcap.core.time import Clock
from endcap.stores.keytext import fingerprint, key_hash, new_key
from endcap.stores.ports import KeyInfo, KeyKind
from endcap.stores.shops import check_shop


class MemoryKeys:
    """Keys by hash."""

    def __init__(self, clock: Clock) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._keys: dict[bytes, KeyInfo] = {}
        self._version = 0

    def create(self, shop: str, kind: KeyKind, origins: Sequence[str] = ()) -> str:
        """A new key; this is the only time it is seen."""
        check_shop(shop)
        key = new_key(kind)
        hashed = key_hash(key)
        with self._lock:
            self._keys[hashed] = KeyInfo(
                fingerprint=fingerprint(hashed), shop=shop, kind=kind, origins=tuple(origins), created_at_ms=self._clock.now_ms()
            )
            self._version += 1
        return key

    def lookup(self, key: str) -> KeyInfo | None:
        """What the key may do, or nothing where it is unknown or revoked."""
        return self._keys.get(key_hash(key))

    def list(self) -> list[KeyInfo]:
        """All keys that work."""
        with self._lock:
            return sorted(self._keys.values(), key=lambda info: (info.created_at_ms, info.fingerprint))

    def revoke(self, fingerprint: str) -> bool:
        """Make a key stop working; tells whether it was there."""
        with self._lock:
            named = [hashed for hashed, info in self._keys.items() if info.fingerprint == fingerprint]
            for hashed in named:
                del self._keys[hashed]
            self._version += len(named)
        return bool(named)

    def version(self) -> int:
        """A number that grows with every change."""
        return self._version
