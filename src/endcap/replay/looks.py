"""The journal of looks at test parts: who reads a result can see how often the test part was scored before."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

import endcap
from endcap.core.time import Clock, iso
from endcap.errors import StoreError

FILE = Path("benchmarks") / "test_looks.jsonl"
_GIT_TIMEOUT_S = 10


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One scoring on a test part. ``sha256`` is that of each data file, ``metrics`` the values by row and metric."""

    time: str
    task: str
    dataset: str
    sha256: dict[str, str]
    rows: list[str]
    metrics: dict[str, dict[str, float]]
    seed: int
    commit: str


def record(
    clock: Clock, *, task: str, dataset: str, files: Sequence[Path], metrics: Mapping[str, Mapping[str, float]], seed: int,
    home: Path,
) -> Path:  # fmt: skip
    """Append a look to the journal; returns the journal.

    It lies in ``benchmarks/`` of the source checkout that the current directory belongs to, else of ``home``.
    Raises StoreError where it cannot be written.
    """
    journal = (checkout(Path.cwd()) or home) / FILE
    look = Look(
        time=iso(clock.now_ms()),
        task=task,
        dataset=dataset,
        sha256={file.name: digest(file) for file in files},
        rows=list(metrics),
        metrics={name: dict(values) for name, values in metrics.items()},
        seed=seed,
        commit=commit(),
    )
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        with journal.open("ab") as file:
            file.write(msgspec.json.encode(look) + b"\n")
    except OSError as error:
        raise StoreError(
            f"the look at the test part cannot be recorded in {journal}: {error}", field="looks", value=str(journal),
            remedy="run where you may write, or score with --part validation",
        ) from error  # fmt: skip
    return journal


def checkout(folder: Path) -> Path | None:
    """The source checkout of Endcap that a folder belongs to, or nothing."""
    for one in (folder, *folder.parents):
        if (one / "src" / "endcap" / "__init__.py").is_file() and (one / "pyproject.toml").is_file():
            return one
    return None


def digest(file: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def commit() -> str:
    """The commit of the source that runs, with ``+`` where files differ from it; empty where it runs from no checkout."""
    root = checkout(Path(endcap.__file__).parent)
    if root is None:
        return ""
    head = _git(root, "rev-parse", "HEAD")
    return head + ("+" if head and _git(root, "status", "--porcelain", "--untracked-files=no", "--", "src") else "")


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
