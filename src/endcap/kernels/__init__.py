"""Compiled loops: arrays in, arrays out; they know nothing of shops.

Compiled code is kept on disk, each function with the time of its own file. A function that calls one of another file keeps
the other's code inside its own and does not notice when that file changes: old code would go on writing into arrays whose
layout is another. So all of it is forgotten whenever any file of this folder has changed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_STAMP = "kernels.stamp"


def forget_stale(folder: Path) -> bool:
    """Delete the compiled code kept beside the files of a folder if one of them has changed; returns whether it did.

    Where the folder cannot be written, nothing is kept in it either.
    """
    files = sorted(folder.glob("*.py"))
    facts = [(file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    stamp = hashlib.sha256(repr(facts).encode()).hexdigest()
    kept = folder / "__pycache__"
    try:
        if (kept / _STAMP).exists() and (kept / _STAMP).read_text(encoding="ascii") == stamp:
            return False
        for compiled in kept.glob("*.nb[ci]"):
            compiled.unlink(missing_ok=True)
        kept.mkdir(exist_ok=True)
        (kept / _STAMP).write_text(stamp, encoding="ascii")
    except OSError:
        return False
    return True


forget_stale(Path(__file__).parent)
