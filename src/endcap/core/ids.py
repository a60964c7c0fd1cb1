"""Identifiers: what is outside a string, what is inside a row number."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NewType

ItemId = NewType("ItemId", str)
PersonKey = NewType("PersonKey", str)
"""A person as the state tables know them: ``u:`` and a user id, ``v:`` and a browser's, or ``s:`` and a session id."""

MAX_ID = 128
"""The longest identifier accepted, in characters."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_SHIFTS = range(40, -1, -10)
_RANDOM_LETTERS = 16
_LETTER_OF = (_CROCKFORD * 8).encode()
"""The letter of each byte: every letter is that of eight bytes, and so all are equally likely."""
_DRAWN = 256
"""For how many identifiers chance is asked for at once."""

_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]  # ten bits at a time


class _Chance:
    """The random letters of identifiers, asked of the system for many at once: each question costs more than all the rest."""

    def __init__(self) -> None:
        self._left: list[str] = []

    def __call__(self) -> str:
        try:
            return self._left.pop()  # at once: no two threads have the same
        except IndexError:
            drawn = os.urandom(_RANDOM_LETTERS * _DRAWN).translate(_LETTER_OF).decode()
            self._left = [drawn[at : at + _RANDOM_LETTERS] for at in range(_RANDOM_LETTERS, len(drawn), _RANDOM_LETTERS)]
            return drawn[:_RANDOM_LETTERS]

    def forget(self) -> None:
        """Draw anew: a process that was forked would give what the one that it came from gives."""
        self._left = []


_chance = _Chance()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_chance.forget)


def user_key(user_id: str) -> PersonKey:
    """The key of a user's state."""
    return PersonKey("u:" + user_id)


def session_key(session_id: str) -> PersonKey:
    """The key of a session's state."""
    return PersonKey("s:" + session_id)


def visitor_key(visitor_id: str) -> PersonKey:
    """The key of a browser, which may have many sessions."""
    return PersonKey("v:" + visitor_id)


def time_of(made: str) -> int:
    """When an identifier was made, in milliseconds.

    >>> time_of(new_id(1_700_000_000_123))
    1700000000123
    """
    number = 0
    for letter in made[:10]:
        number = number * 32 + _CROCKFORD.index(letter)
    return number


def new_id(at_ms: int) -> str:
    """A new identifier that sorts by time: 48 bits of time and 80 random bits, as a ULID is written.

    Time-ordered ids keep inserts at the end of the index; random ones cost two to three times as much at 10 M rows.

    >>> new_id(1_000) < new_id(2_000), len(new_id(0))
    (True, 26)
    """
    return _time(at_ms) + _chance()


@lru_cache(maxsize=16)
def _time(at_ms: int) -> str:
    """The ten letters of a time, five bits each: many ids are made in the same millisecond."""
    return "".join([_PAIRS[(at_ms >> shift) & 1023] for shift in _TIME_SHIFTS])


class IdMap:
    """External ids and their row numbers, both ways; ids keep the order in which they came.

    >>> ids = IdMap(["a", "b"])
    >>> ids.row("b"), ids.row("z"), ids.add("c"), ids[2], len(ids)
    (1, -1, 2, 'c', 3)
    """

    __slots__ = ("_ids", "_rows")

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        for one in ids:
            self.add(one)

    def add(self, external: str) -> int:
        """The row of an id, which is added where it is new."""
        row = self._rows.get(external)
        if row is None:
            row = self._rows[external] = len(self._ids)
            self._ids.append(external)
        return row

    def row(self, external: str) -> int:
        """The row of an id, or -1 where it is unknown."""
        return self._rows.get(external, -1)

    def rows(self, externals: Iterable[str]) -> list[int]:
        """The row of each id, -1 where it is unknown."""
        find = self._rows.get
        return [find(one, -1) for one in externals]

    def __getitem__(self, row: int) -> str:
        return self._ids[row]

    def __contains__(self, external: object) -> bool:
        return external in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)
