from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from endcap.artifacts.bundle import Made, Manifest, read_bundle, read_part, write_bundle
from endcap.artifacts.item_neighbors import ItemNeighbors
from endcap.artifacts.item_scores import ItemScores
from endcap.errors import CorruptBundle, UnknownName


def write(folder: Path, created_at_ms: int = 1) -> Manifest:
    neighbors = ItemNeighbors.from_triples(
        np.array([0, 0, 2]), np.array([1, 2, 0]), np.array([0.5, 0.9, 0.1], np.float32), n_items=3, reason="bought_together",
        facts={"support": np.array([5, 9, 1])},
    )  # fmt: skip
    made = {
        "together": Made(neighbors, "co_purchase", {"k": 2}),
        "popular": Made(ItemScores.of(np.array([0.0, 2.0, 1.0]), "popular"), "popularity", {}),
    }
    folder.mkdir(exist_ok=True)
    return write_bundle(folder, ["a", "ü", "c"], made, created_at_ms=created_at_ms, data_until_ms=5, position=7, seed=0)


def test_a_bundle_survives_its_bytes(tmp_path: Path) -> None:
    manifest = write(tmp_path / "b")
    bundle = read_bundle(tmp_path / "b")
    assert bundle.manifest == manifest
    assert bundle.item_ids == ["a", "ü", "c"]
    together = bundle.artifacts["together"]
    assert isinstance(together, ItemNeighbors)
    assert together.indices.tolist() == [2, 1, 0]
    assert together.pair_facts(0, 2) == {"value": pytest.approx(0.9), "support": 9.0}
    assert bundle.artifacts["popular"].reason == "popular"


def test_the_same_contents_have_the_same_version(tmp_path: Path) -> None:
    assert write(tmp_path / "a", 1).version == write(tmp_path / "b", 2).version


@settings(max_examples=40, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_any_changed_byte_of_an_array_is_noticed(tmp_path_factory: pytest.TempPathFactory, place: float, flip: int) -> None:
    folder = tmp_path_factory.mktemp("bundle")
    manifest = write(folder)
    parts = [manifest.item_ids, *(part for one in manifest.artifacts for part in one.arrays)]
    used = [at for part in parts for at in range(part.offset, part.offset + part.size)]
    raw = bytearray((folder / "arrays.bin").read_bytes())
    raw[used[int(place * len(used))]] ^= flip
    (folder / "arrays.bin").write_bytes(raw)
    with pytest.raises(CorruptBundle, match="checksum"):
        read_bundle(folder)


def test_one_artifact_is_read_without_the_others(tmp_path: Path) -> None:
    manifest = write(tmp_path / "b")
    together = next(one for one in manifest.artifacts if one.name == "together").arrays[0]
    popular = next(one for one in manifest.artifacts if one.name == "popular").arrays[0]
    raw = bytearray((tmp_path / "b" / "arrays.bin").read_bytes())
    raw[together.offset] ^= 1
    (tmp_path / "b" / "arrays.bin").write_bytes(raw)
    part = read_part(tmp_path / "b", "popular")
    assert (part.item_ids, part.arrays["order"].tolist()) == (["a", "ü", "c"], [1, 2])
    raw[popular.offset] ^= 1
    (tmp_path / "b" / "arrays.bin").write_bytes(raw)
    with pytest.raises(CorruptBundle, match="checksum"):
        read_part(tmp_path / "b", "popular")
    with pytest.raises(UnknownName, match="no artifact 'nothing'"):
        read_part(tmp_path / "b", "nothing")


@pytest.mark.parametrize("file", ["manifest.json", "arrays.bin"])
def test_a_cut_or_missing_file_is_noticed(tmp_path: Path, file: str) -> None:
    write(tmp_path)
    raw = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(raw[: len(raw) // 2])
    with pytest.raises(CorruptBundle, match="roll back or train again"):
        read_bundle(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(CorruptBundle):
        read_bundle(tmp_path)
