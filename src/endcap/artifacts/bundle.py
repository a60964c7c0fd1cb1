"""A bundle: the artifacts of one training, as arrays and JSON with checksums.

On disk a bundle is a folder of three files. ``manifest.json`` says what there is, ``manifest.sha256`` what that file hashes to;
``arrays.bin`` holds the bytes of every array, one after another, each at a multiple of 64. No pickle, nothing that runs. The
version is a hash of the contents without the time they were made, so the same inputs with the same seed give the same version.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from endcap import artifacts
from endcap.artifacts.base import Array, Artifact
from endcap.core.choice import Choice, Task
from endcap.errors import CorruptBundle, UnknownName

FORMAT = 1
_ALIGNMENT = 64


@cache
def shapes() -> Mapping[str, type[Artifact]]:
    """Every shape of artifact by its name: one class in each file of this folder that has one.

    >>> {"item_neighbors", "item_scores"} <= set(shapes())
    True
    """
    files = (importlib.import_module(f"endcap.artifacts.{found.name}") for found in pkgutil.iter_modules(artifacts.__path__))
    classes = (one for file in files for one in vars(file).values() if isinstance(one, type) and one.__module__ == file.__name__)
    return {name: one for one in classes if isinstance(name := getattr(one, "shape", None), str)}


class ArrayEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one array lies in ``arrays.bin``, and what it must hash to."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int
    sha256: str


class ArtifactEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One artifact: how it was made and what it is made of."""

    name: str
    shape: str
    reason: str
    algorithm: str
    options: dict[str, object]
    arrays: tuple[ArrayEntry, ...]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bundle holds. ``position`` is the log position of the newest act that training saw, ``data_until_ms`` the time
    that its data ended at; what was merely shown or searched for is no act."""

    format: int
    version: str
    created_at_ms: int
    data_until_ms: int
    position: int
    seed: int
    item_ids: ArrayEntry
    artifacts: tuple[ArtifactEntry, ...]
    choices: tuple[Choice, ...] = ()
    notes: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class Made:
    """An artifact and how it was made: what a bundle is put together from."""

    artifact: Artifact
    algorithm: str
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The loaded bundle: item ids in row order and artifacts by name."""

    manifest: Manifest
    item_ids: list[str]
    artifacts: Mapping[str, Artifact]

    @property
    def version(self) -> str:
        """The hash of the contents."""
        return self.manifest.version

    @property
    def choices(self) -> Mapping[Task, Choice]:
        """What training chose, by task."""
        return {one.task: one for one in self.manifest.choices}


@dataclass(frozen=True, slots=True)
class BundlePart:
    """One artifact of a bundle as the arrays that it is made of, and the item ids in row order."""

    item_ids: list[str]
    arrays: Mapping[str, Array]


def part_of(bundle: Bundle, artifact: str) -> BundlePart:
    """One artifact of a loaded bundle. Raises UnknownName where it has none of that name."""
    if artifact not in bundle.artifacts:
        raise _no_such(bundle.version, artifact)
    return BundlePart(bundle.item_ids, bundle.artifacts[artifact].arrays())


def write_bundle(
    folder: Path, item_ids: list[str], made: Mapping[str, Made], *, created_at_ms: int, data_until_ms: int, position: int,
    seed: int, choices: Sequence[Choice] = (), notes: Mapping[str, object] | None = None,
) -> Manifest:  # fmt: skip
    """Write a bundle into an empty folder and flush it to disk; returns its manifest.

    The folder is not yet known to anybody: publishing is the store's rename.
    """
    blocks: list[bytes] = []
    at = 0

    def entry(name: str, array: Array) -> ArrayEntry:
        nonlocal at
        raw = np.ascontiguousarray(array).tobytes()
        digest = hashlib.sha256(raw).hexdigest()
        made_entry = ArrayEntry(name=name, dtype=array.dtype.str, shape=array.shape, offset=at, size=len(raw), sha256=digest)
        padding = -len(raw) % _ALIGNMENT
        blocks.append(raw + b"\0" * padding)
        at += len(raw) + padding
        return made_entry

    ids = entry("item_ids", np.frombuffer(msgspec.json.encode(item_ids), dtype=np.uint8))
    entries = tuple(
        ArtifactEntry(
            name=name, shape=one.artifact.shape, reason=one.artifact.reason, algorithm=one.algorithm, options=dict(one.options),
            arrays=tuple(entry(part, array) for part, array in sorted(one.artifact.arrays().items())),
        )
        for name, one in sorted(made.items())
    )  # fmt: skip
    chosen = tuple(sorted(choices, key=lambda choice: choice.task))
    described = msgspec.json.encode([FORMAT, data_until_ms, position, seed, ids, entries, chosen], order="deterministic")
    manifest = Manifest(
        format=FORMAT, version=hashlib.sha256(described).hexdigest()[:16], created_at_ms=created_at_ms,
        data_until_ms=data_until_ms, position=position, seed=seed, item_ids=ids, artifacts=entries, choices=chosen,
        notes=dict(notes or {}),
    )  # fmt: skip
    _write_durably(folder / "arrays.bin", b"".join(blocks))
    written = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    _write_durably(folder / "manifest.json", written)
    _write_durably(folder / "manifest.sha256", hashlib.sha256(written).hexdigest().encode())
    return manifest


def read_bundle(folder: Path) -> Bundle:
    """The bundle in a folder, every checksum compared.

    Raises CorruptBundle where a file is missing, a byte is wrong or the format is another.
    """
    with _readable(folder):
        manifest = _read_manifest(folder)
        with (folder / "arrays.bin").open("rb") as file:  # array by array: the whole file at once would be in memory twice
            item_ids = _ids(_read_array(file, manifest.item_ids, folder.name))
            artifacts = {one.name: _read_artifact(file, one, folder.name, len(item_ids)) for one in manifest.artifacts}
    return Bundle(manifest, item_ids, artifacts)


def _read_artifact(file: BinaryIO, entry: ArtifactEntry, version: str, n_items: int) -> Artifact:
    if entry.shape not in shapes():
        raise CorruptBundle(f"bundle {version} holds the unknown shape {entry.shape}", remedy="update Endcap or train again")
    arrays = {part.name: _read_array(file, part, version) for part in entry.arrays}
    artifact = shapes()[entry.shape].from_arrays(arrays, entry.reason)
    if artifact.n_items != n_items:
        raise CorruptBundle(f"bundle {version}: {entry.name} numbers other items than the bundle", remedy="train again")
    return artifact


def read_part(folder: Path, artifact: str) -> BundlePart:
    """One artifact of the bundle in a folder, the checksums of what is read compared; its other arrays are not read, and no code
    of artifacts is loaded.

    Raises CorruptBundle as :func:`read_bundle` does, UnknownName where the bundle has no artifact of that name.
    """
    with _readable(folder):
        manifest = _read_manifest(folder)
        entries = next((one.arrays for one in manifest.artifacts if one.name == artifact), None)
        if entries is None:
            raise _no_such(folder.name, artifact)
        with (folder / "arrays.bin").open("rb") as file:
            ids = _ids(_read_array(file, manifest.item_ids, folder.name))
            return BundlePart(ids, {one.name: _read_array(file, one, folder.name) for one in entries})


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    """Turns what the system and the decoder raise into CorruptBundle."""
    try:
        yield
    except (OSError, msgspec.MsgspecError) as error:
        raise CorruptBundle(f"bundle {folder.name} cannot be read: {error}", remedy="roll back or train again") from error


def _read_manifest(folder: Path) -> Manifest:
    written = (folder / "manifest.json").read_bytes()
    _compare(folder, written)
    manifest = msgspec.json.decode(written, type=Manifest)
    if manifest.format != FORMAT:
        raise CorruptBundle(f"bundle {folder.name} has format {manifest.format}, not {FORMAT}", remedy="train again")
    return manifest


def _no_such(version: str, artifact: str) -> UnknownName:
    return UnknownName(
        f"bundle {version} has no artifact {artifact!r}", field="artifact", value=artifact, remedy="name one that it has"
    )


def _ids(array: Array) -> list[str]:
    return msgspec.json.decode(array.tobytes(), type=list[str])


def _compare(folder: Path, written: bytes) -> None:
    """Compare the manifest with its checksum. Bundles from before there was one have none."""
    checksum = folder / "manifest.sha256"
    if checksum.exists() and checksum.read_bytes() != hashlib.sha256(written).hexdigest().encode():
        raise CorruptBundle(f"bundle {folder.name}: the checksum of manifest.json is wrong", remedy="roll back or train again")


def _read_array(file: BinaryIO, entry: ArrayEntry, folder: str) -> Array:
    file.seek(entry.offset)
    return _sound(file.read(entry.size), entry, folder)


def _sound(block: bytes, entry: ArrayEntry, folder: str) -> Array:
    if hashlib.sha256(block).hexdigest() != entry.sha256:
        raise CorruptBundle(f"bundle {folder}: the checksum of {entry.name} is wrong", remedy="roll back or train again")
    return np.frombuffer(block, dtype=np.dtype(entry.dtype)).reshape(entry.shape)


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
