"""What a server keeps in memory once it answers: what it reads in huge pages, and nothing of the compiler.

An answer reads a few bytes each at some thousand places in hundreds of megabytes: of products, of what was bought together. With
pages of 4 KiB the processor has to look up where most of them are, which takes as long as the reading. Large arrays are in huge
pages already, for numpy asks for them; products, names and what else Python keeps are not. And the compiler, 50 MB of it, did its
work when the kernels were loaded.
"""

from __future__ import annotations

import ctypes
import mmap
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

HUGE = 1 << 21
"""Bytes of a huge page."""

COMPILER = "libllvmlite"

_FILLED = 0.75
"""So much of a range must be in memory: what is not would be filled up with zeros, and take the memory of it."""

_COLLAPSE = 25
"""``MADV_COLLAPSE``: put it into huge pages now. Linux has it from 6.1; before, that happens bit by bit in the background."""

_RANGE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+) *(.*)")


class Range(NamedTuple):
    """A range of addresses: where it begins and ends, how much of it is in memory, all in bytes; ``perms`` and ``name`` as
    proc_pid_smaps(5) has them, and whether it is that of a file."""

    start: int
    end: int
    filled: int
    perms: str
    name: str
    is_file: bool


def settle_in(smaps: Path = Path("/proc/self/smaps")) -> None:
    """Have what this process holds now kept in huge pages, as far as the system grants it, and let go of the compiler.

    What it holds is copied once, some tenths of a second for a large catalogue; the compiler is read from its file again where
    it is needed after all. Elsewhere than on Linux nothing happens.
    """
    advice = getattr(mmap, "MADV_HUGEPAGE", None)
    if advice is None:
        return
    try:
        with smaps.open() as lines:
            ranges = list(ranges_of(lines))
    except OSError:  # no Linux, or one that tells nothing
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for one in ranges:
        if is_compiler(one):
            madvise(one.start, one.end - one.start, mmap.MADV_DONTNEED)
    for start, size in well_filled(ranges):  # a kernel that refuses leaves them as they are
        madvise(start, size, advice)
        madvise(start, size, _COLLAPSE)


def ranges_of(smaps: Iterable[str]) -> Iterator[Range]:
    """The ranges of a process, from what Linux tells of them line by line."""
    said: re.Match[str] | None = None
    for line in smaps:
        if line[:1] in "0123456789abcdef":  # what is told of a range begins with capitals
            said = _RANGE.match(line)
        elif said is not None and line.startswith("Rss:"):
            start, end, perms, inode, name = said.groups()
            yield Range(int(start, 16), int(end, 16), int(line.split()[1]) * 1024, perms, name, inode != "0")


def is_compiler(one: Range) -> bool:
    """Whether a range is the compiler's code. Never its data, which the start of the process wrote into."""
    return one.is_file and one.perms == "r-xp" and COMPILER in one.name


def well_filled(ranges: Iterable[Range]) -> Iterator[tuple[int, int]]:
    """Where huge pages fit into private memory, no file's, that is well filled: address and bytes."""
    for one in ranges:
        if one.is_file or one.perms != "rw-p" or not (one.name in ("", "[heap]") or one.name.startswith("[anon")):
            continue
        first, last = -(-one.start // HUGE) * HUGE, one.end // HUGE * HUGE
        if first < last and one.filled >= _FILLED * (one.end - one.start):
            yield first, last - first
