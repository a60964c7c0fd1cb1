"""Bundles as folders of files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from endcap.artifacts.bundle import Bundle, BundlePart, Manifest, read_bundle, read_part
from endcap.errors import CorruptBundle, NoBundle, StoreError, UnknownName
from endcap.stores.activations import Activations
from endcap.stores.durable import flush, make_folder, mapped_files, replace_file
from endcap.stores.locks import FileLock

_UNFINISHED = ".unfinished-"
_TIMEOUT_S = 30.0


class FileBundles:
    """A folder a version, and ``active.json``, which names those that were made active; the last one serves.

    A folder gets its version for a name when it is whole and on disk, so whatever has such a name was published. The lock is
    held while a bundle is written: an unfinished folder that its holder finds was left by a process that died.
    """

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self._folder = folder
        self._pointer = folder / "active.json"

    def publish(self, write: Callable[[Path], Manifest], *, activate: bool = True) -> Manifest:
        """Give ``write`` an empty folder, and make what it wrote known atomically. Raises CorruptBundle, Busy."""
        with self._locked():
            for leftover in self._folder.glob(_UNFINISHED + "*"):
                shutil.rmtree(leftover)
            unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._folder))
            try:
                manifest = write(unfinished)
                self._make_known(unfinished, manifest)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
            if activate:
                self._record(self._activations().then(manifest.version))
        return manifest

    def load(self, version: str) -> Bundle:
        """The bundle of a version, checksums compared. Raises CorruptBundle or UnknownName."""
        bundle = read_bundle(self._existing(version))
        if bundle.version != version:
            raise CorruptBundle(f"the folder of bundle {version} holds {bundle.version}", remedy="roll back or train again")
        return bundle

    def part(self, version: str, artifact: str) -> BundlePart:
        """The item ids of a bundle and the arrays of one artifact, checksums compared; the rest of it is not read.

        Raises CorruptBundle or UnknownName; the latter also where the bundle has no such artifact.
        """
        return read_part(self._existing(version), artifact)

    def active(self) -> str | None:
        """The version that serves, or nothing before the first training."""
        return self._activations().active

    def activate(self, version: str) -> None:
        """Make a version serve, after loading it once to be sure that it can. Raises CorruptBundle or UnknownName."""
        with self._locked():
            self.load(version)
            self._record(self._activations().then(version))

    def roll_back(self) -> str:
        """Make the version serve that served before, passing over those that cannot. Raises NoBundle where there is none."""
        with self._locked():
            earlier = self._activations().back()
            while earlier.active is not None and not self._is_sound(earlier.active):
                earlier = earlier.back()
            if earlier.active is None:
                raise NoBundle("no earlier bundle can serve", remedy="train again, or activate a version by name")
            self._record(earlier)
            return earlier.active

    def list(self) -> list[Manifest]:
        """The manifests of all bundles, newest first; those that cannot be read left out."""
        manifests = [manifest for version in self._versions() if (manifest := self._manifest(version)) is not None]
        return sorted(manifests, key=lambda manifest: (-manifest.created_at_ms, manifest.version))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with mapped_files(self._folder), closing(FileLock(self._folder / ".lock", timeout_s=_TIMEOUT_S)) as lock, lock:
            yield

    def _existing(self, version: str) -> Path:
        if version not in self._versions():
            raise UnknownName(f"no bundle has the version {version!r}", field="version", value=version, remedy="list the bundles")
        return self._folder / version

    def _versions(self) -> set[str]:
        return {path.name for path in self._folder.iterdir() if path.is_dir() and not path.name.startswith(".")}

    def _make_known(self, unfinished: Path, manifest: Manifest) -> None:
        if read_bundle(unfinished).version != manifest.version:
            raise CorruptBundle(f"what was written is not bundle {manifest.version}", remedy="train again")
        for path in (*unfinished.iterdir(), unfinished):
            flush(path)
        target = self._folder / manifest.version
        if target.exists():
            if self._is_sound(manifest.version):
                return
            target.rename(self._folder / f"{_UNFINISHED}{manifest.version}")
        unfinished.rename(target)
        flush(self._folder)

    def _is_sound(self, version: str) -> bool:
        try:
            self.load(version)
        except (CorruptBundle, UnknownName):
            return False
        return True

    def _manifest(self, version: str) -> Manifest | None:
        try:
            manifest = msgspec.json.decode((self._folder / version / "manifest.json").read_bytes(), type=Manifest)
        except (OSError, msgspec.MsgspecError):
            return None
        return manifest if manifest.version == version else None

    def _activations(self) -> Activations:
        if not self._pointer.exists():
            return Activations()
        try:
            return msgspec.json.decode(self._pointer.read_bytes(), type=Activations)
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(
                f"{self._pointer} cannot be read: {error}",
                field=self._pointer.name,
                remedy="delete it and activate a version by name",
            ) from error

    def _record(self, activations: Activations) -> None:
        replace_file(self._pointer, msgspec.json.encode(activations))
