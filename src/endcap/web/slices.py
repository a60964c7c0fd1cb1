"""Short turns on a core: an answer that comes while another thread or process has the core need not wait for the end of its turn.

Linux gives a core away by the slice, one to three milliseconds, and lets who has it go on to the end of that even where somebody
of higher priority wakes. A thread that asked for a shorter slice than the one that runs is let in at once; its share of the core
is the same. The thread that answers asks for the shortest, so that the writer of decisions and the process that measures cost an
answer tenths of a millisecond. Linux has this from 6.12 on; before, and elsewhere, nothing changes.
"""

from __future__ import annotations

import ctypes
import platform
import struct

SLICE_NS = 100_000
"""The shortest slice that Linux grants, in nanoseconds."""

_SET, _GET = {"x86_64": (314, 315), "aarch64": (274, 275)}.get(platform.machine(), (0, 0))
"""The numbers of sched_setattr and sched_getattr on this machine, for which the C library of Debian 12 has no functions."""

_ATTRIBUTES = struct.Struct("=IIQiIQQQ")
"""Size, policy, flags, niceness, priority, runtime, deadline and period: see sched_setattr(2)."""

_SHARING = (0, 3)
"""The policies, SCHED_OTHER and SCHED_BATCH, whose runtime is a slice."""

_NOT_INHERITED = 1
"""The flag by which the threads and processes that this one starts have the system's slice again."""


def shorten() -> None:
    """Ask for the shortest slice for the thread that calls. Its policy and its niceness stay; a system that refuses is obeyed."""
    if platform.system() != "Linux" or not _SET:
        return
    syscall = ctypes.CDLL(None).syscall
    told = ctypes.create_string_buffer(_ATTRIBUTES.size)
    if syscall(ctypes.c_long(_GET), 0, told, ctypes.c_uint(_ATTRIBUTES.size), ctypes.c_uint(0)):
        return
    size, policy, flags, niceness, priority, *_ = _ATTRIBUTES.unpack(told.raw)
    if policy in _SHARING:
        asked = _ATTRIBUTES.pack(size, policy, flags | _NOT_INHERITED, niceness, priority, SLICE_NS, 0, 0)
        syscall(ctypes.c_long(_SET), 0, asked, ctypes.c_uint(0))
