"""The reference implementation: everything in memory, gone with the process. Small enough to be seen to be right."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from endcap.artifacts.bundle import Bundle, BundlePart, Manifest, part_of, read_bundle
from endcap.core.catalog import Item, encode_item
from endcap.core.events import Event, LoggedEvent, encode_event
from endcap.core.ids import PersonKey
from endcap.core.time import Clock, SystemClock
from endcap.errors import CorruptBundle, NoBundle, UnknownName
from endcap.stores.activations import Activations
from endcap.stores.dedupe import digest, judge
from endcap.stores.keytext import fingerprint, key_hash, new_key
from endcap.stores.memory_customers import MemoryCustomers
from endcap.stores.memory_measures import MemoryMeasures
from endcap.stores.memory_watching import MemoryWatching
from endcap.stores.ports import Appended, Decision, History, KeyInfo, KeyKind, LogHistory, Outcome, Quarantined, ShopStores
from endcap.stores.shops import check_shop, unknown_shop


class MemoryLog:
    """Events in a list; the place of an event is its number, from 1."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._last_at_ms = 0
        self._digests: dict[str, bytes] = {}
        self._quarantine: dict[tuple[str, bytes], Quarantined] = {}

    def append(self, events: Sequence[Event]) -> Appended:
        """Add a batch, all of it or nothing."""
        payloads = [encode_event(event) for event in events]
        marks = [(event.event_id, digest(payload)) for event, payload in zip(events, payloads, strict=True)]
        logged = []
        with self._lock:
            outcomes = judge(marks, self._digests.get)
            for event, payload, mark, outcome in zip(events, payloads, marks, outcomes, strict=True):
                if outcome is Outcome.ACCEPTED:
                    self._digests[event.event_id] = mark[1]
                    self._events.append(event)
                    self._last_at_ms = max(self._last_at_ms, event.at_ms)
                    logged.append(LoggedEvent(len(self._events), event))
                elif outcome is Outcome.QUARANTINED:
                    kept = Quarantined(event_id=event.event_id, at_ms=event.at_ms, payload=payload.decode())
                    self._quarantine.setdefault(mark, kept)
        return Appended(outcomes, logged)

    def read(self, after: int = 0, limit: int | None = None) -> list[LoggedEvent]:
        """Events with ``seq > after`` in log order, at most ``limit``."""
        end = None if limit is None else after + limit
        return [LoggedEvent(seq, event) for seq, event in enumerate(self._events[after:end], after + 1)]

    def history(self) -> LogHistory:
        """Nothing is archived."""
        return LogHistory([], 0)

    def last_seq(self) -> int:
        """The place of the newest event, 0 for an empty log."""
        return len(self._events)

    def last_at_ms(self) -> int:
        """The newest time that an accepted event happened at, 0 for an empty log."""
        return self._last_at_ms

    def count(self) -> int:
        """How many events were accepted, ever."""
        return len(self._events)

    def quarantined(self, limit: int = 1_000) -> list[Quarantined]:
        """The newest quarantined events."""
        return list(reversed(self._quarantine.values()))[:limit]

    def quarantined_count(self) -> int:
        """How many events are in quarantine."""
        return len(self._quarantine)


class MemoryCatalog:
    """Items by id, nothing in place of a deleted one, each with the version of its last change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[str, tuple[int, Item | None]] = {}
        self._version = 0

    def put(self, items: Iterable[Item]) -> int:
        """Add or replace; returns how many items are new or changed."""
        with self._lock:
            newest = {item.item_id: item for item in items}
            changed = [item for item in newest.values() if self._differs(item)]
            if changed:
                self._version += 1
            for item in changed:
                self._items[item.item_id] = (self._version, item)
        return len(changed)

    def _differs(self, item: Item) -> bool:
        known = self.get(item.item_id)
        return known is None or encode_item(known) != encode_item(item)

    def get(self, item_id: str) -> Item | None:
        """One product, or nothing."""
        return self._items.get(item_id, (0, None))[1]

    def delete(self, item_id: str) -> bool:
        """Take a product out; tells whether it was there."""
        with self._lock:
            if self.get(item_id) is None:
                return False
            self._version += 1
            self._items[item_id] = (self._version, None)
        return True

    def all(self) -> list[Item]:
        """Every product, in the order of first appearance."""
        with self._lock:
            return [item for _, item in self._items.values() if item is not None]

    def changed_since(self, version: int) -> tuple[int, list[Item], list[str]]:
        """The version now, the products put since ``version``, and the ids deleted since."""
        with self._lock:
            changed = [(since, item_id, item) for item_id, (since, item) in self._items.items() if since > version]
            changed.sort(key=lambda change: change[0])
            items = [item for _, _, item in changed if item is not None]
            return self._version, items, [item_id for _, item_id, item in changed if item is None]

    def version(self) -> int:
        """A number that grows with every change."""
        return self._version


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


class MemoryDocuments:
    """All versions of each document, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._versions: dict[tuple[str, str], list[tuple[int, int, bytes | None]]] = {}
        self._version = 0

    def all(self, kind: str, until: int | None = None) -> dict[str, bytes]:
        """The newest version of each document of a kind, by name, deleted ones left out; as of version ``until`` if given."""
        newest: dict[str, bytes | None] = {}
        with self._lock:
            for (of_kind, name), versions in sorted(self._versions.items()):
                if of_kind == kind:
                    known = [body for number, _, body in versions if until is None or number <= until]
                    newest[name] = known[-1] if known else None
        return {name: body for name, body in newest.items() if body is not None}

    def put(self, kind: str, name: str, body: bytes) -> int:
        """Keep a new version; returns its number, which is also the new :meth:`version`."""
        with self._lock:
            return self._add(kind, name, body)

    def delete(self, kind: str, name: str) -> bool:
        """Take a document out; tells whether it was there."""
        with self._lock:
            versions = self._versions.get((kind, name))
            if versions is None or versions[-1][2] is None:
                return False
            self._add(kind, name, None)
        return True

    def history(self, kind: str, name: str) -> list[tuple[int, int, bytes | None]]:
        """All versions, newest first: number, time in milliseconds, body or nothing where it was deleted."""
        with self._lock:
            return list(reversed(self._versions.get((kind, name), [])))

    def version(self) -> int:
        """A number that grows with every change."""
        return self._version

    def _add(self, kind: str, name: str, body: bytes | None) -> int:
        self._version += 1
        self._versions.setdefault((kind, name), []).append((self._version, self._clock.now_ms(), body))
        return self._version


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


class MemoryBundles:
    """Loaded bundles by version."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bundles: dict[str, Bundle] = {}
        self._activations = Activations()

    def publish(self, write: Callable[[Path], Manifest], *, activate: bool = True) -> Manifest:
        """Give ``write`` an empty folder, and make what it wrote known atomically. Raises CorruptBundle."""
        with tempfile.TemporaryDirectory() as folder:
            manifest = write(Path(folder))
            bundle = read_bundle(Path(folder))
        if bundle.version != manifest.version:
            raise CorruptBundle(f"what was written is not bundle {manifest.version}", remedy="train again")
        with self._lock:
            self._bundles.setdefault(bundle.version, bundle)
            if activate:
                self._activations = self._activations.then(bundle.version)
        return manifest

    def load(self, version: str) -> Bundle:
        """The bundle of a version. Raises UnknownName."""
        if version not in self._bundles:
            raise UnknownName(f"no bundle has the version {version!r}", field="version", value=version, remedy="list the bundles")
        return self._bundles[version]

    def part(self, version: str, artifact: str) -> BundlePart:
        """The item ids of a bundle and the arrays of one artifact. Raises UnknownName."""
        return part_of(self.load(version), artifact)

    def active(self) -> str | None:
        """The version that serves, or nothing before the first training."""
        return self._activations.active

    def activate(self, version: str) -> None:
        """Make a version serve. Raises UnknownName."""
        with self._lock:
            self.load(version)
            self._activations = self._activations.then(version)

    def roll_back(self) -> str:
        """Make the version serve that served before; returns it. Raises NoBundle where there is none."""
        with self._lock:
            earlier = self._activations.back()
            if earlier.active is None:
                raise NoBundle("no earlier bundle can serve", remedy="train again, or activate a version by name")
            self._activations = earlier
            return earlier.active

    def list(self) -> list[Manifest]:
        """The manifests of all bundles, newest first."""
        manifests = [bundle.manifest for bundle in self._bundles.values()]
        return sorted(manifests, key=lambda manifest: (-manifest.created_at_ms, manifest.version))


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


class MemoryHome:
    """An installation in memory. Opening a shop again gives the same stores, closed or not."""

    def __init__(self, clock: Clock) -> None:
        self.keys = MemoryKeys(clock)
        self.folder = None
        self._clock = clock
        self._shops: dict[str, ShopStores] = {}

    def shops(self) -> list[str]:
        """The names of all shops."""
        return sorted(self._shops)

    def open(self, shop: str, *, create: bool = False) -> ShopStores:
        """The stores of a shop. Raises BadInput for a name no shop can have, UnknownName for one that no shop has."""
        check_shop(shop)
        if shop not in self._shops:
            if not create:
                raise unknown_shop(shop, self.shops())
            self._shops[shop] = ShopStores(
                shop=shop,
                log=MemoryLog(),
                catalog=MemoryCatalog(),
                people=MemoryPeople(),
                documents=MemoryDocuments(self._clock),
                decisions=MemoryDecisions(),
                bundles=MemoryBundles(),
                customers=MemoryCustomers(),
                measures=MemoryMeasures(),
                watching=MemoryWatching(),
                close=lambda: None,
            )
        return self._shops[shop]

    def close(self) -> None:
        """Nothing to close."""


def open_home(*, clock: Clock | None = None) -> MemoryHome:
    """A new, empty installation."""
    return MemoryHome(clock or SystemClock())
