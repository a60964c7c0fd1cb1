"""The documentation is true: its commands run, its pages name everything there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from endcap import registry

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
STARTS_SERVER = ("endcap serve", "curl ", "make ", "source ")


def consoles(page: Path) -> list[str]:
    """The console blocks of a page, without what needs a running server."""
    blocks: list[str] = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    commands = []
    for block in blocks:
        if block.startswith(("curl", "make")):
            continue
        commands.append("\n".join(line for line in block.split("\n") if not line.startswith(STARTS_SERVER)))
    return commands


def run(script: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "ENDCAP_HOME": str(folder / "home"), "COLUMNS": "200"}
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tutorial_runs_as_written(tmp_path: Path) -> None:
    out = run("\n".join(consoles(ROOT / "docs/tutorial/first-shop.md")), tmp_path)
    product = out[out.index("Frequently bought together") :]
    assert re.search(r"1\s+SPOON\s+Beech spoon\s+4.00 EUR", product)
    cart = out[out.index("Don't forget") :]
    assert re.search(r"1\s+BULB\s+LED bulb", cart)


def test_the_three_commands_of_the_readme_run_on_the_published_file(tmp_path: Path, data_dir: Path) -> None:
    shutil.copy(data_dir / "online_retail" / "online_retail.csv.gz", tmp_path)
    block = next(one for one in consoles(ROOT / "README.md") if one.startswith("endcap import"))
    out = run(block, tmp_path)
    assert "Often bought together with WHITE HANGING HEART T-LIGHT HOLDER" in " ".join(out.split())


def test_links_inside_the_documentation_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_generated_pages_are_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/write_reference.py", "--check"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", sorted(registry.PACKAGES))
def test_every_part_is_documented(kind: str) -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in registry.names(kind):
        assert f"`{name}`" in text, f"{kind} {name} is on no page"


@pytest.mark.parametrize(
    ("file", "suite"),
    [("algorithms/last_bought", "tests/algorithms"), ("ranking/rules/not_just_seen", "tests/ranking/rules")],
)
def test_the_parts_of_the_contributing_page_work_in_one_file(tmp_path: Path, file: str, suite: str) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = re.search(rf"`src/endcap/{file}\.py`:\n\n```python\n(.*?)```", page, re.S)
    assert code
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / f"src/endcap/{file}.py").write_text(code[1], encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    name = file.rpartition("/")[2]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{suite}/test_contract.py", "-k", name]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ passed", done.stdout)
