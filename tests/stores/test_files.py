from __future__ import annotations

import random
from pathlib import Path

import pytest

from endcap.artifacts.bundle import Manifest
from endcap.errors import CorruptBundle, NoBundle, StoreError
from endcap.stores.files import FileBundles
from endcap.testing.samples import bundle_writer


@pytest.fixture
def bundles(tmp_path: Path) -> FileBundles:
    return FileBundles(tmp_path / "bundles")


def spoil(path: Path, seed: int = 0) -> None:
    """Change one byte that counts."""
    raw = bytearray(path.read_bytes())
    raw[random.Random(seed).randrange(8)] ^= 1
    path.write_bytes(raw)


def published(bundles: FileBundles, count: int) -> list[Manifest]:
    return [bundles.publish(bundle_writer(float(number), created_at_ms=number)) for number in range(1, count + 1)]


def test_a_corrupt_bundle_never_activates(bundles: FileBundles, tmp_path: Path) -> None:
    first, second = published(bundles, 2)
    spoil(tmp_path / "bundles" / first.version / "arrays.bin")
    with pytest.raises(CorruptBundle):
        bundles.activate(first.version)
    with pytest.raises(NoBundle):
        bundles.roll_back()
    assert bundles.active() == second.version
    spoil(tmp_path / "bundles" / first.version / "manifest.json")
    assert bundles.list() == [second]


def test_rolling_back_passes_over_corrupt_bundles(bundles: FileBundles, tmp_path: Path) -> None:
    first, second, _ = published(bundles, 3)
    spoil(tmp_path / "bundles" / second.version / "arrays.bin")
    assert bundles.roll_back() == first.version == bundles.active()


def test_publishing_again_mends_a_corrupt_bundle(bundles: FileBundles, tmp_path: Path) -> None:
    (first,) = published(bundles, 1)
    spoil(tmp_path / "bundles" / first.version / "arrays.bin")
    bundles.publish(bundle_writer(1.0, created_at_ms=1))
    assert bundles.load(first.version).manifest == first


def test_a_bundle_under_another_name_is_not_taken_for_it(bundles: FileBundles, tmp_path: Path) -> None:
    first, second = published(bundles, 2)
    folder = tmp_path / "bundles"
    (folder / first.version).rename(folder / "aside")
    (folder / second.version).rename(folder / first.version)
    with pytest.raises(CorruptBundle):
        bundles.load(first.version)
    assert bundles.list() == []


def test_leftovers_of_a_killed_publish_are_removed(bundles: FileBundles, tmp_path: Path) -> None:
    leftover = tmp_path / "bundles" / ".unfinished-1"
    leftover.mkdir()
    bundle_writer(9.0)(leftover)
    (tmp_path / "bundles" / "active.json.new").write_bytes(b"half")
    (first,) = published(bundles, 1)
    assert {path.name for path in (tmp_path / "bundles").iterdir()} == {first.version, "active.json", ".lock"}


def test_another_process_sees_what_was_published(bundles: FileBundles, tmp_path: Path) -> None:
    (first,) = published(bundles, 1)
    other = FileBundles(tmp_path / "bundles")
    assert (other.active(), other.list()) == (first.version, [first])


def test_a_pointer_that_cannot_be_read_is_an_error_of_the_store(bundles: FileBundles, tmp_path: Path) -> None:
    published(bundles, 1)
    (tmp_path / "bundles" / "active.json").write_bytes(b"{")
    with pytest.raises(StoreError, match="active"):
        bundles.active()
