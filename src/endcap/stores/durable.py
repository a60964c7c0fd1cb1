"""Files and folders that are there after a power cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from endcap.errors import StoreError


@contextmanager
def mapped_files(path: Path) -> Iterator[None]:
    """Turns what the system raises about files into StoreError."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error}", field=path.name, remedy="check the disk and its rights") from error


def flush(path: Path) -> None:
    """Force a file, or the names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder and those above it where they are missing, and force their names to disk."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    flush(path.parent)


def replace_file(path: Path, content: bytes) -> None:
    """Give a file new content: afterwards, and after a power cut at any moment, it has the old or the new one whole.

    One writer at a time.
    """
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    flush(fresh)
    fresh.replace(path)
    flush(path.parent)
