"""What a key looks like, and what is kept of it."""

from __future__ import annotations

import hashlib
import secrets

from endcap.stores.ports import KeyKind

_RANDOM_BYTES = 24
_FINGERPRINT_DIGITS = 12


def new_key(kind: KeyKind) -> str:
    """A new key: ``ek``, its kind, and 192 random bits as 32 characters that need no quoting in a URL.

    >>> key = new_key("server")
    >>> key.startswith("ek_server_"), len(key)
    (True, 42)
    """
    return f"ek_{kind}_{secrets.token_urlsafe(_RANDOM_BYTES)}"


def key_hash(key: str) -> bytes:
    """SHA-256 of a key. The key is random, so it needs no salt and no slow hash, and a lookup by hash leaks no prefix of it."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()


def fingerprint(hashed: bytes) -> str:
    """The first digits of the hash, which name a key to people."""
    return hashed.hex()[:_FINGERPRINT_DIGITS]
