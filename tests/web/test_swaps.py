"""Bundles change while requests run: no error, no answer made from two, none from a bundle that is damaged."""

from __future__ import annotations

import itertools
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import pytest

from endcap.artifacts.bundle import Made, Manifest, write_bundle
from endcap.artifacts.item_scores import ItemScores
from endcap.core.placement import Placement, Shelf, Source
from endcap.stores import sqlite
from endcap.stores.ports import ShopStores
from tests.web.listening import SHOP, Listening, listening
from tests.web.served import product

EACH = 12
ITEMS = {letter: [f"{letter}-{n}" for n in range(EACH)] for letter in "ab"}
REASON = {"a": "popular", "b": "trending"}
SWAPS = 220
CORRUPTED = 110


def publish(stores: ShopStores, letter: str, position: int, *, shuffle: bool = False, activate: bool = True) -> str:
    """A bundle that proposes the products of one letter alone, for a reason of its own."""
    ids = [*ITEMS["a"], *ITEMS["b"]]
    if shuffle:
        random.Random(position).shuffle(ids)
    scores = np.array([float(one.startswith(letter)) for one in ids])
    made = {"letters": Made(ItemScores.of(scores, REASON[letter]), "by_hand", {})}

    def write(folder: Path) -> Manifest:
        return write_bundle(folder, ids, made, created_at_ms=position, data_until_ms=0, position=position, seed=0)

    return stores.bundles.publish(write, activate=activate).version


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[ShopStores]:
    """The shop as another process sees it."""
    home = sqlite.open_home(tmp_path / "home")
    opened = home.open(SHOP, create=True)
    opened.catalog.put([product(one) for ids in ITEMS.values() for one in ids])
    shelf = Shelf(name="shelf", title="All", sources=(Source(artifact="letters", ask="nothing"),), min_count=0, max_count=8)
    opened.documents.put("placement", "spot", msgspec.json.encode(Placement(name="spot", shelves=(shelf,), max_count=8)))
    publish(opened, "a", 0)
    yield opened
    home.close()


@pytest.fixture
def served(stores: ShopStores, tmp_path: Path) -> Iterator[Listening]:
    home = sqlite.open_home(tmp_path / "home")
    with listening(home) as found:
        yield found


@dataclass
class Askers:
    """Shoppers who ask all the time; what was wrong with an answer is written down."""

    served: Listening
    letter_of: dict[str, str]
    wrong: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Askers:
        self._threads = [threading.Thread(target=self._ask) for _ in range(3)]
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for one in self._threads:
            one.join()

    def _ask(self) -> None:
        with self.served.client() as client:
            while not self._stop.is_set():
                answer = client.post("/v1/recommendations", {"placement": "spot", "session_id": "s"})
                if answer.status != 200:
                    self.wrong.append(f"{answer.status} {answer.body}")
                    continue
                items, version = answer.body["items"], answer.body["bundle"]
                self.versions.append(version)
                said = {(one["item_id"][0], one["reason"]["code"]) for one in items}
                letter = self.letter_of.get(version)
                if letter is None or said != {(letter, REASON[letter])}:
                    self.wrong.append(f"{version} ({letter}) showed {sorted(said)}")


@pytest.mark.slow
def test_two_hundred_bundles_and_rollbacks_under_load(served: Listening, stores: ShopStores) -> None:
    first = stores.bundles.active()
    assert first is not None
    known = {first: "a"}
    with Askers(served, known) as askers:
        for number in range(1, SWAPS + 1):
            if number % 4 == 0:
                stores.bundles.roll_back()
            else:
                letter = "ab"[number % 2]
                version = publish(stores, letter, number, shuffle=number % 3 == 0, activate=False)
                known[version] = letter  # before anybody can be answered from it
                stores.bundles.activate(version)
            served.service.refresh()
            assert served.shop.bundle == stores.bundles.active()
    assert askers.wrong == []
    assert len(askers.versions) > SWAPS, "answers went on between the swaps"
    assert len(set(askers.versions)) > SWAPS / 8, "many of the bundles answered"
    switches = sum(one != other for one, other in itertools.pairwise(askers.versions))
    assert switches > SWAPS / 8


def _flip(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def _flip_an_array(folder: Path, rng: random.Random) -> None:
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=Manifest)
    arrays = [manifest.item_ids, *(array for one in manifest.artifacts for array in one.arrays)]
    place = rng.choice([array for array in arrays if array.size])
    content = bytearray((folder / "arrays.bin").read_bytes())
    content[place.offset + rng.randrange(place.size)] ^= 1 << rng.randrange(8)
    (folder / "arrays.bin").write_bytes(content)


def _cut(path: Path, rng: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content) - 64)])


def _say(path: Path, rng: random.Random) -> None:
    path.write_bytes(rng.choice([b"", b"{}", b"[]", b"null", b'{"format": 1}', b"\xff\xfe", b"{" * 2_000]))


DAMAGES: list[Callable[[Path, random.Random], None]] = [
    _flip_an_array,
    lambda folder, rng: _flip(folder / "manifest.json", rng),
    lambda folder, rng: _cut(folder / "arrays.bin", rng),
    lambda folder, rng: _cut(folder / "manifest.json", rng),
    lambda folder, rng: _say(folder / "manifest.json", rng),
    lambda folder, rng: (folder / rng.choice(["manifest.json", "arrays.bin"])).unlink(),
    lambda folder, _rng: shutil.rmtree(folder),
]


def test_a_hundred_damaged_bundles_never_serve(served: Listening, stores: ShopStores, tmp_path: Path) -> None:
    rng = random.Random(4)
    good = stores.bundles.active()
    assert good is not None
    (folder,) = [path.parent for path in (tmp_path / "home").rglob("active.json")]
    with Askers(served, {good: "a"}) as askers, served.client() as client:
        for number in range(1, CORRUPTED + 1):
            # The server may look at any moment: it must not look between the publication and the damage.
            with served.service._refreshing:
                version = publish(stores, "b", number)
                DAMAGES[number % len(DAMAGES)](folder / version, rng)
            served.service.refresh()
            assert served.shop.bundle == good, f"damage {number} was not noticed"
            shop = client.get("/readyz").body["shops"][0]
            assert (shop["bundle"], shop["degraded"]) == (good, ["corrupt_bundle"])
        stores.bundles.activate(good)
        served.service.refresh()
        assert client.get("/readyz").body["shops"][0]["degraded"] == []
    assert askers.wrong == []
    assert set(askers.versions) == {good}


def test_the_first_answer_of_a_new_bundle_finds_everything_made(served: Listening, stores: ShopStores) -> None:
    before = served.service.state.items
    publish(stores, "b", 1)
    served.service.refresh()
    assert served.service.state.items is before, "the same products in the same rows are not described again"
    publish(stores, "a", 2, shuffle=True)
    served.service.refresh()
    items = served.service.state.items
    assert items is not before
    assert items._open is not None, "the dates were compared before the bundle answered anybody"
