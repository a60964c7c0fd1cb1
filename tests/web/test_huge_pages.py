"""Memory in huge pages: what is chosen for them, and that nothing in it changes."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

import numpy as np
import pytest

from endcap.web.huge_pages import HUGE, use_huge_pages, well_filled

SMAPS = Path("/proc/self/smaps")
HOLDS = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def told(start: int, size: int, filled: int, of: str = "", perms: str = "rw-p", inode: int = 0) -> list[str]:
    """What Linux tells of one range."""
    first = f"{start:x}-{start + size:x} {perms} 00000000 00:00 {inode} {of}\n"
    return [first, f"Size: {size >> 10} kB\n", f"Rss: {filled >> 10} kB\n", "Pss: 0 kB\n", "VmFlags: rd wr mr mw me ac\n"]


@pytest.mark.parametrize(
    ("range_", "expected"),
    [
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE), [(4 * HUGE, 3 * HUGE)]),
        (told(4 * HUGE + 4096, 3 * HUGE, 3 * HUGE), [(5 * HUGE, 2 * HUGE)]),
        (told(4 * HUGE + 4096, 2 * HUGE - 8192, 2 * HUGE - 8192), []),
        (told(4 * HUGE, 8 * HUGE, HUGE), []),
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE, of="[heap]"), [(4 * HUGE, 3 * HUGE)]),
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE, of="[stack]"), []),
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE, of="/usr/lib/libc.so.6", inode=7), []),
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE, perms="r-xp"), []),
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE, perms="rw-s"), []),
    ],
    ids=["whole", "inside", "too small", "mostly empty", "heap", "stack", "file", "code", "shared"],
)
def test_ranges_that_are_well_filled(range_: list[str], expected: list[tuple[int, int]]) -> None:
    before, after = told(HUGE, HUGE // 2, HUGE // 2), told(64 * HUGE, HUGE // 2, HUGE // 2)
    assert list(well_filled(before + range_ + after)) == expected


def test_what_is_in_memory_stays_and_is_in_huge_pages() -> None:
    room = mmap.mmap(-1, 6 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    numbers = np.frombuffer(room, dtype=np.int64)
    numbers[:] = np.arange(len(numbers))
    use_huge_pages()
    assert np.array_equal(numbers, np.arange(len(numbers)))
    where = numbers.ctypes.data + 3 * HUGE
    assert not HOLDS.exists() or " hg" in flags_of(where)


def flags_of(address: int) -> str:
    """The flags of the range that holds this address."""
    for said in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", SMAPS.read_text())[1:]:
        start, end = (int(one, 16) for one in said.split(maxsplit=1)[0].split("-"))
        if start <= address < end:
            return said.rpartition("VmFlags:")[2]
    return ""


def test_nothing_happens_where_linux_does_not_tell(tmp_path: Path) -> None:
    use_huge_pages(tmp_path / "none")
