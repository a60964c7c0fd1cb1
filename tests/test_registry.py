from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from endcap import registry
from endcap.core.part import Part
from endcap.errors import BadOption, EndcapError, UnknownName
from endcap.ranking.rules.not_bought_within import NotBoughtWithin
from tests.conftest import lacking

KINDS = sorted(registry.PACKAGES)


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_is_a_part_under_its_name(kind: str) -> None:
    folder = Path(registry.__file__).parent.joinpath(*registry.PACKAGES[kind].split(".")[1:])
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "base", *registry.lacking(kind)}
    assert set(registry.names(kind)) >= {name for name in files if not name.startswith("_")}
    for name in registry.names(kind):
        part = registry.find(kind, name)
        assert issubclass(part, Part)
        assert registry.name_of(part) == name


def test_the_extras_are_installed() -> None:
    for kind in KINDS:
        for name, extra in registry.lacking(kind).items():
            lacking(f"what {name} learns with", f"make install-{extra}")


@pytest.fixture
def without_a_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if a rule came with an extra that is not installed."""
    parts = {"rules": ("not_in_cart",)}
    monkeypatch.setitem(registry.EXTRAS, "imaginary", ("package_that_nobody_has", parts))
    registry.names.cache_clear()
    registry.find.cache_clear()
    yield
    registry.names.cache_clear()
    registry.find.cache_clear()


@pytest.mark.usefixtures("without_a_package")
def test_a_part_whose_package_is_missing_is_not_offered_and_says_what_to_install() -> None:
    assert "not_in_cart" not in registry.names("rules")
    assert registry.of_extra("rules", "imaginary") == ("not_in_cart",)
    with pytest.raises(UnknownName, match="not_in_cart needs a package") as found:
        registry.find("rules", "not_in_cart")
    assert found.value.remedy == "pip install 'endcap[imaginary]'"


def test_an_extra_that_does_not_exist_is_named() -> None:
    with pytest.raises(UnknownName, match="no extra is named 'neutral'"):
        registry.of_extra("algorithms", "neutral")


def test_every_file_of_an_extra_exists_and_only_they_import_its_package() -> None:
    source = Path(registry.__file__).parent
    files = {path: path.read_text(encoding="utf-8") for path in source.rglob("*.py")}

    def importing(*modules: str) -> set[Path]:
        imports = re.compile(rf"^(import|from) ({'|'.join(map(re.escape, modules))})\b", re.M)
        return {path for path, text in files.items() if imports.search(text)}

    for extra, (package, parts) in registry.EXTRAS.items():
        folders = {kind: source.joinpath(*registry.PACKAGES[kind].split(".")[1:]) for kind in parts}
        named = {folders[kind] / f"{name}.py" for kind in parts for name in parts[kind]}
        own = set((source / extra).glob("*.py"))
        found = importing(package, f"endcap.{extra}")
        shared = {path for path in found if path.parent in folders.values() and path.name.startswith("_")}
        assert named <= found <= named | own | shared
        for path in shared:
            assert importing(f"endcap.{path.parent.name}.{path.stem}") <= named


def test_the_names_are_found_without_importing_what_they_need() -> None:
    code = "import sys; from endcap import registry; registry.names('algorithms'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "False"


def test_a_part_is_built_from_its_options() -> None:
    assert registry.build("rules", "not_bought_within", {"days": 7}) == NotBoughtWithin(days=7)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean not_in_cart"):
        registry.find("rules", "not_in_car")


@pytest.mark.parametrize("options", [{"days": 0}, {"days": "soon"}, {"weeks": 2}])
def test_a_bad_option_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadOption, match="not_bought_within"):
        registry.build("rules", "not_bought_within", options)


def test_what_an_extra_adds_is_tried_where_it_is_named() -> None:
    plain = registry.by_themselves("algorithms")
    assert set(plain).isdisjoint(registry.of_extra("algorithms", "neural"))
    assert set(plain) | set(registry.of_extra("algorithms", "neural")) >= set(registry.names("algorithms"))
    if "sasrec" in registry.names("algorithms"):
        assert set(registry.by_themselves("algorithms", ["sasrec"])) == {*plain, "sasrec"}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs a package ``imaginary`` with a module ``far``, and that as a rule called ``far_away``."""

    def install(point: str) -> None:
        (tmp_path / "far.py").write_text("from endcap.ranking.rules.not_in_cart import NotInCart as Far", encoding="utf-8")
        described = tmp_path / "imaginary-1.0.dist-info"
        described.mkdir()
        (described / "METADATA").write_text("Metadata-Version: 2.1\nName: imaginary\nVersion: 1.0\n", encoding="utf-8")
        (described / "entry_points.txt").write_text(f"[endcap.rules]\nfar_away = {point}\n", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        clear()

    def clear() -> None:
        for one in (registry.names, registry.find, registry._plugins):
            one.cache_clear()
        sys.modules.pop("far", None)

    yield install
    monkeypatch.undo()
    clear()


def test_an_installed_package_adds_a_part(installed: Callable[[str], None]) -> None:
    installed("far:Far")
    assert "far_away" in registry.names("rules")
    assert issubclass(registry.find("rules", "far_away"), Part)


@pytest.mark.parametrize(
    ("point", "told"),
    [
        (
            "nowhere:Far",
            "the entry point nowhere:Far cannot be imported: No module named 'nowhere'; correct imaginary, or uninstall it",
        ),
        ("far:Near", "the entry point far:Near cannot be imported: module 'far' has no attribute 'Near'"),
        ("far", "the entry point far, is no part of Endcap; in imaginary, write the module, a colon and the name of the class"),
    ],
)
def test_an_installed_package_that_is_wrong_is_named(installed: Callable[[str], None], point: str, told: str) -> None:
    installed(point)
    with pytest.raises(EndcapError, match=re.escape(f"rules far_away, {told}")):
        registry.find("rules", "far_away")
