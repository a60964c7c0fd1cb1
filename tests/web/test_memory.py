"""What a server keeps in memory: what is chosen for huge pages, what is let go, and that nothing in it changes."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest
from numba import njit

from endcap.web.memory import COMPILER, HUGE, Range, is_compiler, ranges_of, settle_in, well_filled

SMAPS = Path("/proc/self/smaps")
HOLDS = Path("/sys/kernel/mm/transparent_hugepage/enabled")
LLVM = f"/usr/lib/python3/llvmlite/binding/{COMPILER}.so"


def told(start: int, size: int, filled: int, name: str = "", perms: str = "rw-p", inode: int = 0) -> list[str]:
    """What Linux tells of one range."""
    first = f"{start:x}-{start + size:x} {perms} 00000000 00:00 {inode} {name}\n"
    return [first, f"Size: {size >> 10} kB\n", f"Rss: {filled >> 10} kB\n", "Pss: 0 kB\n", "VmFlags: rd wr mr mw me ac\n"]


def test_what_linux_tells_is_read() -> None:
    lines = told(HUGE, HUGE, 4096) + told(4 * HUGE, HUGE, HUGE, name=LLVM, perms="r-xp", inode=7)
    anonymous, code = ranges_of(lines)
    assert anonymous == Range(HUGE, 2 * HUGE, 4096, "rw-p", "", is_file=False)
    assert code == Range(4 * HUGE, 5 * HUGE, HUGE, "r-xp", LLVM, is_file=True)


@pytest.mark.parametrize(
    ("range_", "expected"),
    [
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE), [(4 * HUGE, 3 * HUGE)]),
        (told(4 * HUGE + 4096, 3 * HUGE, 3 * HUGE), [(5 * HUGE, 2 * HUGE)]),
        (told(4 * HUGE + 4096, 2 * HUGE - 8192, 2 * HUGE - 8192), []),
        (told(4 * HUGE, 8 * HUGE, HUGE), []),
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE, name="[heap]"), [(4 * HUGE, 3 * HUGE)]),
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE, name="[stack]"), []),
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE, name="/usr/lib/libc.so.6", inode=7), []),
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE, perms="r-xp"), []),
        (told(4 * HUGE, 3 * HUGE, 3 * HUGE, perms="rw-s"), []),
    ],
    ids=["whole", "inside", "too small", "mostly empty", "heap", "stack", "file", "code", "shared"],
)
def test_ranges_that_are_well_filled(range_: list[str], expected: list[tuple[int, int]]) -> None:
    before, after = told(HUGE, HUGE // 2, HUGE // 2), told(64 * HUGE, HUGE // 2, HUGE // 2)
    assert list(well_filled(ranges_of(before + range_ + after))) == expected


@pytest.mark.parametrize(
    ("name", "perms", "inode", "expected"),
    [(LLVM, "r-xp", 7, True), (LLVM, "r--p", 7, False), (LLVM, "rw-p", 7, False), ("/usr/bin/python3", "r-xp", 7, False)],
    ids=["code", "data that was written into", "data", "another"],
)
def test_only_code_of_the_compiler_is_let_go(name: str, perms: str, inode: int, expected: bool) -> None:
    (one,) = ranges_of(told(HUGE, HUGE, HUGE, name=name, perms=perms, inode=inode))
    assert is_compiler(one) is expected


def test_what_is_in_memory_stays_and_is_in_huge_pages() -> None:
    room = mmap.mmap(-1, 6 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    numbers = np.frombuffer(room, dtype=np.int64)
    numbers[:] = np.arange(len(numbers))
    settle_in()
    assert np.array_equal(numbers, np.arange(len(numbers)))
    assert not HOLDS.exists() or " hg" in flags_at(numbers.ctypes.data + 3 * HUGE)


def test_the_compiler_is_let_go_and_comes_again() -> None:
    assert njit(lambda number: number + 1)(41) == 42
    before = code_of_compiler()
    settle_in()
    assert code_of_compiler() < 0.2 * before
    assert njit(lambda number: number + 2)(40) == 42


def code_of_compiler() -> int:
    """How much of its code is in memory, in bytes."""
    with SMAPS.open() as lines:
        return sum(one.filled for one in ranges_of(lines) if is_compiler(one))


def flags_at(address: int) -> str:
    """The flags of the range that holds this address."""
    held = False
    for line in SMAPS.read_text().splitlines():
        if line[:1] in "0123456789abcdef":
            start, end = (int(one, 16) for one in line.split(maxsplit=1)[0].split("-"))
            held = start <= address < end
        elif held and line.startswith("VmFlags:"):
            return line
    return ""


def test_nothing_happens_where_linux_does_not_tell(tmp_path: Path) -> None:
    settle_in(tmp_path / "none")
