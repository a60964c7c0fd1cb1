"""Run ``endcap bench`` and keep what it says, with the machine and the commit, in ``benchmarks/results``.

``python benchmarks/run.py [WHAT ...]`` measures ingest, recommend, answer, train and restart, or what is named, one after the
other. ``scale`` must be named: it takes half an hour.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
EVERYTHING = ["ingest", "recommend", "answer", "train", "restart"]


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": sys.version.partition(" [")[0],
        "load_before": round(os.getloadavg()[0], 2),
    }


def commit() -> str:
    """The commit that was measured, with a plus where files were changed since."""
    head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True)
    changed = subprocess.run(["git", "status", "--porcelain", "src"], cwd=HERE, capture_output=True, text=True, check=True)
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def main() -> None:
    """Measure and write one file for each measurement; ``recommend@1000000`` is that with so many products."""
    for what in sys.argv[1:] or EVERYTHING:
        name, _, products = what.partition("@")
        about = {"what": what, "commit": commit(), "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
        done = subprocess.run(
            [sys.executable, "-m", "endcap", "bench", name, *(["--catalogue", products] if products else []), "--json"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(done.stderr)
        result = about | json.loads(done.stdout)
        (HERE / "results" / f"{what.replace('@', '-')}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
