"""What answers read, in pages of 2 MiB where the system has them.

An answer reads a few bytes each at some thousand places in hundreds of megabytes: of products, of what was bought together. With
pages of 4 KiB the processor has to look up where most of them are, which takes as long as the reading. Large arrays are in huge
pages already, for numpy asks for them; products, names and what else Python keeps are not.
"""

from __future__ import annotations

import ctypes
import mmap
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

HUGE = 1 << 21
"""Bytes of a huge page."""

_FILLED = 0.75
"""So much of a range must be in memory: what is not would be filled up with zeros, and take the memory of it."""

_COLLAPSE = 25
"""``MADV_COLLAPSE``: put it into huge pages now. Linux has it from 6.1; before, that happens bit by bit in the background."""

_RANGE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p \S+ \S+ 0 *(\[heap\]|\[anon:.*\])?$")


def use_huge_pages(smaps: Path = Path("/proc/self/smaps")) -> None:
    """Have the memory that this process fills now kept in huge pages, as far as the system grants it.

    It is copied once, some tenths of a second for a large catalogue. Elsewhere than on Linux nothing happens.
    """
    advice = getattr(mmap, "MADV_HUGEPAGE", None)
    if advice is None or not smaps.exists():
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    with smaps.open() as lines:
        found = list(well_filled(lines))
    for start, size in found:  # a kernel that refuses leaves them as they are
        madvise(start, size, advice)
        madvise(start, size, _COLLAPSE)


def well_filled(smaps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The ranges of private memory, no file's, that huge pages would fit in and that are well filled: address and bytes.

    ``smaps`` is what Linux tells of a process, line by line; see proc_pid_smaps(5).
    """
    start = end = 0
    for line in smaps:
        if line.startswith("Rss:"):
            first, last = -(-start // HUGE) * HUGE, end // HUGE * HUGE
            if first < last and int(line.split()[1]) * 1024 >= _FILLED * (end - start):
                yield first, last - first
        elif line[:1] in "0123456789abcdef":  # the fields of a range begin with capitals
            said = _RANGE.match(line)
            start, end = (int(said[1], 16), int(said[2], 16)) if said else (0, 0)
