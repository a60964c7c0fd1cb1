"""Bundles of what was trained, in memory."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from endcap.artifacts.bundle import Bundle, BundlePart, Manifest, part_of, read_bundle
from endcap.errors import CorruptBundle, NoBundle, UnknownName
from endcap.stores.activations import Activations


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
