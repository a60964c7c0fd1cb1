"""The interfaces of everything that is kept. Each back end passes the contract suite in :mod:`endcap.testing.stores`.

A shop has its own log, catalogue, people, documents, decisions and bundles; keys belong to the installation. Several processes
of one machine may have the same shop open: writes are transactions, and the ``version`` numbers say that something changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from endcap.artifacts.bundle import Bundle, BundlePart, Manifest
from endcap.core.catalog import Item
from endcap.core.events import Event, LoggedEvent
from endcap.core.ids import PersonKey
from endcap.stores.measures import Measures
from endcap.stores.watching import Watching

KeyKind = Literal["browser", "server", "admin"]


class Outcome(IntEnum):
    """What became of one event of a batch."""

    ACCEPTED = 0
    DUPLICATE = 1
    QUARANTINED = 2


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a batch, in its order, and the events that are new, with their places in the log."""

    outcomes: list[Outcome]
    logged: list[LoggedEvent]


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """An event whose id was taken by one with another payload; ``payload`` is its canonical JSON."""

    event_id: str
    at_ms: int
    payload: str


@dataclass(frozen=True, slots=True)
class LogHistory:
    """Where the archived part of a log lies: Parquet files of one UTC day each that hold all events up to ``archived_until``.

    The files can be read until the second compaction after this one. The columns are in :data:`endcap.stores.archive.SCHEMA`.
    """

    files: list[Path]
    archived_until: int


class EventLog(Protocol):
    """The only source of truth: what happened, in the order in which it was accepted."""

    def append(self, events: Sequence[Event]) -> Appended:
        """Add a batch in one transaction; on return it is on disk.

        An id counts once for ever: the same id with the same payload is a duplicate, with another one it is quarantined.
        That holds inside the batch too, and outlives compaction.
        """

    def read(self, after: int = 0, limit: int | None = None) -> list[LoggedEvent]:
        """Events with ``seq > after`` in log order, archived ones included, at most ``limit``."""

    def history(self) -> LogHistory:
        """What can be read by the column; the rest is ``read(after=history.archived_until)``. A log may have no such part."""

    def last_seq(self) -> int:
        """The place of the newest event, 0 for an empty log."""

    def last_at_ms(self) -> int:
        """The newest time that an accepted event happened at, 0 for an empty log."""

    def count(self) -> int:
        """How many events were accepted, ever."""

    def quarantined(self, limit: int = 1_000) -> list[Quarantined]:
        """The newest quarantined events."""

    def quarantined_count(self) -> int:
        """How many events are in quarantine."""


class CatalogStore(Protocol):
    """The products of a shop."""

    def put(self, items: Iterable[Item]) -> int:
        """Add or replace; returns how many items are new or changed."""

    def get(self, item_id: str) -> Item | None:
        """One product, or nothing."""

    def delete(self, item_id: str) -> bool:
        """Take a product out; tells whether it was there."""

    def all(self) -> list[Item]:
        """Every product, in the order of first appearance."""

    def changed_since(self, version: int) -> tuple[int, list[Item], list[str]]:
        """The version now, the products put since ``version``, and the ids deleted since."""

    def version(self) -> int:
        """A number that grows with every change."""


class Act(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of a person's recent history. ``kind`` is a number of :data:`endcap.core.events.KIND`; ``order_id`` is that of a
    purchase, or of the order that a refund names.

    ``value`` is, of a rating, what was given as a share of the most, from 0 to 1; of a view, how many milliseconds it lasted; of
    a dismissal and of "I own this", 0 where that is taken back; of a usage, the share that is used up. It is missing where
    nothing was said.
    """

    seq: int
    at_ms: int
    kind: int
    item_id: str
    quantity: int = 1
    order_id: str | None = None
    value: float | None = None


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The recommended items that a person saw in one minute (since the epoch), each once."""

    minute: int
    item_ids: tuple[str, ...]


class Search(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What somebody searched for."""

    seq: int
    at_ms: int
    query: str


class Stated(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The newest that a person said of one field of :class:`endcap.core.preferences.Preferences`."""

    seq: int
    field: str
    value: tuple[str, ...] | str | None


class History(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a person did lately, oldest first, and the last log position it contains.

    ``acts`` are deeds on products. What was merely ``seen``, ``searches`` and what was ``stated`` are kept beside them, each
    with a bound of its own, so that none pushes out the others. ``user_id`` is whose it is, once an ``identify`` event said so.
    """

    last_seq: int
    acts: tuple[Act, ...] = ()
    seen: tuple[Seen, ...] = ()
    searches: tuple[Search, ...] = ()
    stated: tuple[Stated, ...] = ()
    user_id: str | None = None


NO_HISTORY = History(0)
"""Of somebody who never did anything."""


class People(Protocol):
    """The state table: recent history by person. It can be rebuilt from the log."""

    def load(self, keys: Sequence[PersonKey]) -> dict[PersonKey, History]:
        """The histories of those who have one."""

    def save(self, histories: Mapping[PersonKey, History], applied_seq: int) -> None:
        """Keep these histories, which contain the log up to ``applied_seq``. A history never goes back in ``last_seq``."""

    def applied_seq(self) -> int:
        """The log position that all kept histories contain."""

    def clear(self) -> None:
        """Forget all histories, so that they are rebuilt from the log."""


class Documents(Protocol):
    """Small configuration as JSON: placements, rules. Every version is kept."""

    def all(self, kind: str, until: int | None = None) -> dict[str, bytes]:
        """The newest version of each document of a kind, by name, deleted ones left out; as of version ``until`` if given."""

    def put(self, kind: str, name: str, body: bytes) -> int:
        """Keep a new version; returns its number, which is also the new :meth:`version`."""

    def delete(self, kind: str, name: str) -> bool:
        """Take a document out; tells whether it was there."""

    def history(self, kind: str, name: str) -> list[tuple[int, int, bytes | None]]:
        """All versions, newest first: number, time in milliseconds, body or nothing where it was deleted."""

    def version(self) -> int:
        """A number that grows with every change."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer as it was given: its id, the time in milliseconds, the request, the response and the
    :class:`endcap.core.basis.Basis` that it was made from, as JSON. What an earlier version answered has no basis."""

    recommendation_id: str
    at_ms: int
    request: bytes
    response: bytes
    basis: bytes = b""


class Decisions(Protocol):
    """What was answered. Written behind the answer, in batches."""

    def append(self, decisions: Sequence[Decision]) -> None:
        """Keep a batch in one transaction."""

    def get(self, recommendation_id: str) -> Decision | None:
        """One answer, or nothing."""

    def read(self, after: str = "", limit: int = 1_000) -> list[Decision]:
        """Answers whose id comes after that one, which is by time, at most ``limit``."""

    def written(self, after: int = 0, limit: int = 1_000) -> list[tuple[int, Decision]]:
        """Answers in the order in which they were written, each with its place, from 1; those behind ``after``, at most
        ``limit``. A place is never given twice."""

    def last_place(self) -> int:
        """The place of the newest answer that is kept, 0 where there is none."""

    def count(self) -> int:
        """How many answers are kept."""

    def prune(self, before_ms: int) -> int:
        """Forget answers older than that; returns how many."""


class BundleStore(Protocol):
    """Published bundles, one of which is active."""

    def publish(self, write: Callable[[Path], Manifest], *, activate: bool = True) -> Manifest:
        """Give ``write`` an empty folder, and make what it wrote known atomically."""

    def load(self, version: str) -> Bundle:
        """The bundle of a version, checksums compared. Raises CorruptBundle or UnknownName."""

    def part(self, version: str, artifact: str) -> BundlePart:
        """The item ids of a bundle and the arrays of one artifact, checksums compared; the rest of it is not read.

        Raises CorruptBundle or UnknownName; the latter also where the bundle has no such artifact.
        """

    def active(self) -> str | None:
        """The version that serves, or nothing before the first training."""

    def activate(self, version: str) -> None:
        """Make a version serve, after loading it once to be sure that it can. Raises CorruptBundle or UnknownName."""

    def roll_back(self) -> str:
        """Make the version serve that served before; returns it. Raises NoBundle where there is none."""

    def list(self) -> list[Manifest]:
        """The manifests of all bundles, newest first; corrupt ones left out."""


class Customer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of one person by the newest fit: what they did until then, and what follows from it.

    ``orders`` were kept at least in part, on ``order_days`` different days, the first and the newest at ``first_ms`` and
    ``last_ms`` (0 where there is none), for ``spent_minor`` together. ``value_minor`` is what they are expected to spend, and
    ``tier`` how that stands among all customers ("" without orders). ``segment`` is the learned one. ``recency``, ``frequency``
    and ``monetary`` are their RFM scores, 1 to 5 (0 without orders).
    """

    user_id: str
    orders: int
    order_days: int
    first_ms: int
    last_ms: int
    spent_minor: int
    value_minor: int
    tier: str
    segment: str
    recency: int = 0
    frequency: int = 0
    monetary: int = 0


class Customers(Protocol):
    """What the newest fit says of every customer, and of all of them together. It can be made again from the log."""

    def replace(self, customers: Iterable[Customer], summary: bytes) -> int:
        """Put these in the place of all that are kept, and ``summary``, which is JSON, beside them; returns the new version.

        Until all are there the old ones are given, with the old summary.
        """

    def load(self, user_ids: Sequence[str]) -> dict[str, Customer]:
        """Those who are kept."""

    def read(self, after: str = "", limit: int = 1_000) -> list[Customer]:
        """Customers whose user id comes after that one, in the order of their ids, at most ``limit``."""

    def summary(self) -> bytes | None:
        """What was kept beside the customers, or nothing before the first fit."""

    def count(self) -> int:
        """How many customers are kept."""

    def forget(self, user_id: str) -> bool:
        """Take one out; tells whether they were there."""

    def version(self) -> int:
        """A number that grows with every fit, 0 before the first."""


@dataclass(frozen=True, slots=True)
class ShopStores:
    """Everything that is kept of one shop; ``folder`` is where, if it is on a disk of this machine."""

    shop: str
    log: EventLog
    catalog: CatalogStore
    people: People
    documents: Documents
    decisions: Decisions
    bundles: BundleStore
    measures: Measures
    customers: Customers
    watching: Watching
    close: Callable[[], None]
    folder: Path | None = None


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a key may do, where. ``fingerprint`` names it without giving it away; ``origins`` bound a browser key."""

    fingerprint: str
    shop: str
    kind: KeyKind
    origins: tuple[str, ...] = ()
    created_at_ms: int = 0


class Keys(Protocol):
    """The keys of an installation. Only hashes are kept."""

    def create(self, shop: str, kind: KeyKind, origins: Sequence[str] = ()) -> str:
        """A new key; this is the only time it is seen."""

    def lookup(self, key: str) -> KeyInfo | None:
        """What the key may do, or nothing where it is unknown or revoked."""

    def list(self) -> list[KeyInfo]:
        """All keys that work."""

    def revoke(self, fingerprint: str) -> bool:
        """Make a key stop working; tells whether it was there."""

    def version(self) -> int:
        """A number that grows with every change."""


class Home(Protocol):
    """An installation: its keys and its shops; ``folder`` is where, if it is on a disk of this machine."""

    @property
    def folder(self) -> Path | None:
        """Where other processes of this machine can open it."""

    @property
    def keys(self) -> Keys:
        """The keys of the installation."""

    def shops(self) -> list[str]:
        """The names of all shops."""

    def open(self, shop: str, *, create: bool = False) -> ShopStores:
        """The stores of a shop. Raises UnknownName where it does not exist and ``create`` is off."""

    def close(self) -> None:
        """Close everything that was opened."""
