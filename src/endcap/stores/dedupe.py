"""Exactly once: what becomes of an event whose id may have been seen before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from endcap.stores.ports import Outcome


def digest(payload: bytes) -> bytes:
    """Eight bytes that tell one payload from another of the same event id.

    >>> len(digest(b"{}"))
    8
    """
    return hashlib.blake2b(payload, digest_size=8).digest()


def judge(marks: Iterable[tuple[str, bytes]], known: Callable[[str], bytes | None]) -> list[Outcome]:
    """The outcome of each (event id, digest) of a batch, where ``known`` gives the digest an id was accepted with.

    >>> [one.name for one in judge([("a", b"1"), ("a", b"1"), ("a", b"2")], {}.get)]
    ['ACCEPTED', 'DUPLICATE', 'QUARANTINED']
    """
    fresh: dict[str, bytes] = {}
    outcomes = []
    for event_id, mark in marks:
        earlier = fresh.get(event_id) or known(event_id)
        if earlier is None:
            fresh[event_id] = mark
            outcomes.append(Outcome.ACCEPTED)
        else:
            outcomes.append(Outcome.DUPLICATE if earlier == mark else Outcome.QUARANTINED)
    return outcomes
