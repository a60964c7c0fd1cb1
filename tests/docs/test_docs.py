"""The documentation is true: its commands run, its pages name everything there is."""

from __future__ import annotations

import csv
import os
import random
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from endcap import registry

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_HERE = ("endcap serve", "curl ", "make ", "source ", "pip ", ".venv/")


def consoles(page: Path) -> list[str]:
    """The console blocks of a page, without what needs a running server, or an environment of its own."""
    blocks: list[str] = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    commands = []
    for block in blocks:
        if block.startswith(("curl", "make")):
            continue
        commands.append("\n".join(line for line in block.split("\n") if not line.startswith(NOT_HERE)))
    return commands


def run(script: str, folder: Path, **variables: str) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "ENDCAP_HOME": str(folder / "home"), "COLUMNS": "200"} | variables
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


OWN_ALGORITHM = ROOT / "docs/how-to/add-an-algorithm.md"
OWN_RULE = ROOT / "docs/how-to/add-a-rule.md"


def files(page: Path) -> dict[str, str]:
    """The files that a page shows, by name: a block is the file that was named last before it."""
    text = page.read_text(encoding="utf-8")
    blocks = re.finditer(r"```(?:toml|python)\n(.*?)```", text, re.S)
    return {re.findall(r"`([\w/]+\.(?:toml|py))`", text[: block.start()])[-1]: block[1] for block in blocks}


def installed(page: Path, package: str, folder: Path, *, beside: str) -> Path:
    """The folder, with what a page has written into it: a package, installed into ``site``, and the file ``beside`` it."""
    (folder / package).mkdir()
    for name, text in files(page).items():
        (folder / name if name == beside else folder / package / name).write_text(text, encoding="utf-8")
    # What pip makes of a pyproject.toml, but for the tools that it would have to download.
    project = tomllib.loads((folder / package / "pyproject.toml").read_text(encoding="utf-8"))
    described = folder / "site" / f"{project['project']['name'].replace('-', '_')}-0.1.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['project']['name']}\nVersion: 0.1\n")
    groups = project["project"]["entry-points"].items()
    points = [f"[{group}]\n" + "\n".join(f"{name} = {value}" for name, value in some.items()) for group, some in groups]
    (described / "entry_points.txt").write_text("\n".join(points))
    for module in project["tool"]["setuptools"]["py-modules"]:
        shutil.copy(folder / package / f"{module}.py", folder / "site")
    return folder


@pytest.fixture
def own_algorithm(tmp_path: Path) -> Path:
    """An empty folder with what the page on own algorithms has written into it."""
    return installed(OWN_ALGORITHM, "endcap-log-likelihood", tmp_path, beside="surprising.toml")


def write_gifts(path: Path) -> None:
    """Orders of 40 products; each goes with one other, and 85123A with 22423."""
    dice, start = random.Random(3), datetime(2026, 1, 1, tzinfo=UTC)
    products = ["85123A", "22423", *(str(21_000 + number) for number in range(38))]
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["order_id", "created_at", "customer_id", "sku", "quantity", "price"])
        for number in range(600):
            first = dice.randrange(40)
            items = {products[first], products[first ^ 1], *dice.sample(products, 2)}
            at = (start + timedelta(hours=number)).isoformat()
            rows.writerows([number, at, f"c{number % 90}", item, 1, "9.95"] for item in sorted(items))


@pytest.mark.slow
def test_the_own_algorithm_of_its_page_is_found_checked_compared_trained_and_shown(own_algorithm: Path) -> None:
    write_gifts(own_algorithm / "orders.csv")
    variables = {"PYTHONPATH": str(own_algorithm / "site")}
    run("endcap import orders.csv --shop gifts --currency GBP", own_algorithm)
    checked, compared, trained, shown = (
        run(block, own_algorithm, **variables) for block in consoles(OWN_ALGORITHM) if block.strip()
    )
    assert re.search(r"\d+ passed", checked)
    assert re.search(r"Together by more than chance .* pairs bought together", " ".join(checked.split()))
    hit_rate = {name: float(value) for name, value in re.findall(r"^(\w+) +(\d\.\d+) ±", compared, re.M)}
    assert hit_rate["log_likelihood"] > hit_rate["popularity"]
    assert {"co_purchase", "association_rules"} <= hit_rate.keys()
    assert re.search(r"^log_likelihood +[\d,]+ .* the rest of an order +power", trained, re.M)
    assert re.search(r"1 +22423 .* Often bought together with 85123A", shown)
    assert re.search(r"^log_likelihood +1 +85123A ", shown, re.M)
    assert "the bundle that serves has no" not in shown


def test_the_own_rule_of_its_page_is_found_put_and_explained(tmp_path: Path) -> None:
    folder = installed(OWN_RULE, "endcap-free-delivery", tmp_path, beside="rule.toml")
    write_gifts(folder / "orders.csv")
    run("endcap import orders.csv --shop gifts --currency GBP", folder)
    tested, used = (run(block, folder, PYTHONPATH=str(folder / "site")) for block in consoles(OWN_RULE))
    assert re.search(r"\d+ passed", tested)
    assert re.search(r"^free_delivery +Multiplies by", tested, re.M)
    assert re.search(r"^delivery_in_june +free_delivery +{\"from_price\":40} +0 +until 2030-07-01T00:00:00Z", used, re.M)
    assert "rule delivery_in_june: it is gone" in used


def test_the_placement_and_the_rule_of_the_page_on_shelves_can_be_put(tmp_path: Path) -> None:
    page = ROOT / "docs/how-to/shelves.md"
    write_gifts(tmp_path / "orders.csv")
    run("endcap import orders.csv --shop gifts --currency GBP", tmp_path)
    for name, text in files(page).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    changed, ruled = (run(block, tmp_path) for block in consoles(page))
    assert "the shipped one holds again" in changed
    assert re.search(r"^no_roses_in_winter +exclude ", ruled, re.M)
    assert "cart" in run("endcap placements put own.toml --shop gifts", tmp_path)


@pytest.mark.parametrize(
    ("page", "file", "suite"),
    [
        (ROOT / "CONTRIBUTING.md", "algorithms/last_bought", "tests/algorithms"),
        (ROOT / "CONTRIBUTING.md", "ranking/rules/not_just_seen", "tests/ranking/rules"),
        (OWN_ALGORITHM, "algorithms/log_likelihood", "tests/algorithms"),
        (OWN_RULE, "ranking/rules/free_delivery", "tests/ranking/rules"),
    ],
)
def test_the_parts_that_pages_show_work_in_one_file(tmp_path: Path, page: Path, file: str, suite: str) -> None:
    shown = files(page)
    code = shown.get(f"src/endcap/{file}.py") or shown[f"{Path(file).name}.py"]
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / f"src/endcap/{file}.py").write_text(code, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    name = file.rpartition("/")[2]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{suite}/test_contract.py", "-k", name]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ passed", done.stdout)
