"""What a server holds in memory, the processes that it started included."""

from __future__ import annotations

import subprocess
import sys

from endcap.bench.servers import children, memory_mb

HELD_MB = 80
CHILD = f"held = bytes([1]) * {HELD_MB}_000_000; print('held', flush=True); input()"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


def test_the_memory_of_a_process_is_that_of_its_children_too() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        (child,) = children(process.pid)
        assert children(child) == []
        assert memory_mb(child) > HELD_MB
        assert memory_mb(process.pid) > memory_mb(child)
        process.communicate(b"\n")
