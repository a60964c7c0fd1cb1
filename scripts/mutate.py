"""Break each promise on purpose and see its test fail.

``tests/mutations.toml`` lists the mutations: a file, the text to replace, the new text, and the test that must fail. Each is
applied to a copy of the source; the checkout itself is not touched. A mutation that survives means that a promise has no test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 600


def survives(mutation: dict[str, str]) -> bool:
    """Whether the test still passes with the mutation in place."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        target = Path(folder) / mutation["file"]
        text = target.read_text(encoding="utf-8")
        target.write_text(text.replace(mutation["old"], mutation["new"], 1), encoding="utf-8")
        environment = os.environ | {"PYTHONPATH": str(source), "ENDCAP_REQUIRE_ALL": "0"}
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutation["test"]]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
            )  # fmt: skip
        except subprocess.TimeoutExpired:  # a test that no longer comes to an end does not pass
            return False
    return done.returncode != 1


def main() -> int:
    """Run all mutations, or those whose promise contains the first argument; returns how many survived."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    mutations = tomllib.loads((ROOT / "tests" / "mutations.toml").read_text(encoding="utf-8"))["mutation"]
    survivors = 0
    for mutation in mutations:
        if wanted not in mutation["promise"]:
            continue
        alive = survives(mutation)
        survivors += alive
        print(f"{'SURVIVED' if alive else 'caught  '}  {mutation['promise']}", flush=True)  # noqa: T201
    return survivors


if __name__ == "__main__":
    sys.exit(main())
