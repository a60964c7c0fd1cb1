"""What an answer was made from, beyond its request: enough to make it again."""

from __future__ import annotations

import msgspec


class Basis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where shop and shopper stood when an answer was made.

    ``position`` is the place in the log that it knew, ``counted_from`` where live counting began and ``trending_at`` what the
    order of trending items was of; ``catalog`` and ``documents`` are version numbers. ``shown`` stood above it on the same page.
    ``draws`` has the odds of the sources by shelf, where sources are drawn; ``left_out`` counts the turns, from 0, at which a
    source gave nothing: it was late, benched or failed.

    ``segments`` are those that the shopper was in. ``arms`` are all that shaped the answer, by experiment, those included that a
    test forced, which the answer itself does not count; ``odds`` has the chance of the arm where an experiment changes it as it
    learns. ``person`` is the key by which the shopper was put into arms: ``u:`` and a user id, ``v:`` and a visitor's, or ``s:``
    and a session's; nothing where no experiment asked. ``micros`` is how long the answer took, in microseconds.
    """

    position: int
    counted_from: int = 0
    trending_at: int = -1
    catalog: int = 0
    documents: int = 0
    shown: tuple[str, ...] = ()
    draws: dict[str, tuple[float, ...]] = {}
    left_out: tuple[int, ...] = ()
    segments: tuple[str, ...] = ()
    arms: dict[str, str] = {}
    odds: dict[str, float] = {}
    person: str = ""
    micros: int = 0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Basis)


def encode_basis(basis: Basis) -> bytes:
    """The basis as JSON."""
    return _encoder.encode(basis)


def decode_basis(payload: bytes) -> Basis:
    """The basis that :func:`encode_basis` wrote.

    >>> decode_basis(encode_basis(Basis(position=7))).position
    7
    """
    return _decoder.decode(payload)
