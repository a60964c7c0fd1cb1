"""The shape of the repository itself."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "endcap"


def test_every_mutation_still_applies_and_names_a_test_that_exists() -> None:
    mutations = tomllib.loads((ROOT / "tests" / "mutations.toml").read_text(encoding="utf-8"))["mutation"]
    for mutation in mutations:
        text = (ROOT / mutation["file"]).read_text(encoding="utf-8")
        assert text.count(mutation["old"]) >= 1, mutation["promise"]
        assert mutation["old"] != mutation["new"], mutation["promise"]
        file, _, name = mutation["test"].partition("::")
        assert (ROOT / file).exists(), mutation["promise"]
        assert not name or name.rsplit("::", 1)[-1] in (ROOT / file).read_text(encoding="utf-8"), mutation["promise"]


def test_serving_loads_no_training_code() -> None:
    heavy = ("endcap.algorithms", "endcap.dataset", "endcap.training", "endcap.neural", "sklearn", "polars", "pandas", "torch")
    code = f"import sys, endcap.cli.serve, endcap.web.server; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_tests_mirror_the_source() -> None:
    sources = {str(path.relative_to(SOURCE).with_suffix("")) for path in SOURCE.rglob("*.py")}
    packages = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*") if path.is_dir()}
    elsewhere = ("e2e/", "docs/", "test_architecture", "contracts/")
    for path in (ROOT / "tests").rglob("test_*.py"):
        name = str(path.relative_to(ROOT / "tests").with_suffix(""))
        if name.startswith(elsewhere):
            continue
        mirrored = re.sub(r"(^|/)test_([^/]+)$", r"\1\2", name)
        folder = mirrored.rpartition("/")[0]
        assert mirrored in sources or f"{mirrored}_" in sources or folder in packages, f"{name} mirrors nothing"


def test_the_repository_speaks_of_endcap_alone() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    hosts = re.compile(r"py" r"pi\.org|python" r"hosted|npm" r"js\.(org|com)|deb\." r"debian|/wo" r"rk/")
    for name in listed:
        path = ROOT / name
        if name and path.suffix in {".py", ".md", ".toml", ".js", ".html", ".css", ".yml", ""} and path.is_file():
            assert not hosts.search(path.read_text(encoding="utf-8")), name
