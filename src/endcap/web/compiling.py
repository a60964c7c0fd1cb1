"""Kernels compiled by a process that ends: what compiling takes, four hundred megabytes, is given back with it.

Numba keeps what it compiles on disk, for the next process to read. Only the process that compiles keeps the compiler in memory,
and a server should not be that process.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import llvmlite
import numba
from llvmlite import binding

from endcap import kernels
from endcap.app import Endcap
from endcap.kernels.ranking import rank
from endcap.stores.ports import ShopStores

LONGEST_S = 600.0
"""How long compiling may take; a minute is usual."""

MARK = "endcap-compiled"
"""The file beside the compiled kernels that says for which of them this was done."""


class CompilingAside:
    """Sees to it that a shop's kernels are on disk before the installation in ``home`` opens it here.

    That they are is remembered for the kernels as they are, this processor, and the shapes of the artifacts that the shop's
    bundle has: a bundle with others needs others. Whatever goes wrong, the server compiles them itself.
    """

    def __init__(self, home: Path, mark: Path | None = None) -> None:
        self._home = home
        self._mark = mark or Path(str(rank.stats.cache_path)) / MARK

    def __call__(self, stores: ShopStores) -> None:
        """Wait until the kernels of a shop are compiled. Time of a look at the files of the kernels where they are."""
        with suppress(OSError, subprocess.SubprocessError):
            wanted = _wanted(stores)
            if wanted in self._done():
                return
            # -P: what lies in the folder that the server was started in is not imported.
            command = [sys.executable, "-P", "-m", "endcap.web.compiling", str(self._home), stores.shop]
            subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LONGEST_S,
                check=True,
            )  # fmt: skip
            self._mark.parent.mkdir(parents=True, exist_ok=True)
            with self._mark.open("a", encoding="ascii") as file:
                file.write(wanted + "\n")

    def _done(self) -> set[str]:
        return set(self._mark.read_text(encoding="ascii").splitlines()) if self._mark.exists() else set()


def _wanted(stores: ShopStores) -> str:
    """What the compiled kernels follow from."""
    version = stores.bundles.active()
    shapes = {one.shape for bundle in stores.bundles.list() if bundle.version == version for one in bundle.artifacts}
    sources = sorted(Path(str(kernels.__file__)).parent.glob("*.py"))
    files = [(one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in sources]
    host = (binding.get_host_cpu_name(), numba.__version__, llvmlite.__version__, sys.version)
    return hashlib.sha256(repr((sorted(shapes), files, host)).encode()).hexdigest()


def main(home: str, shop: str) -> None:
    """Compile what the answers of a shop need."""
    endcap = Endcap.open(Path(home))
    endcap.shop(shop).warm()
    endcap.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
