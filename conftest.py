"""Files that import a package which is not installed are not collected; tests/test_registry.py has a test that says so."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from endcap import registry

ROOT = Path(__file__).parent


def _missing() -> list[str]:
    """The sources and the tests of the parts, and of the packages of their own, whose extra is missing."""
    found: list[str] = []
    for extra, (package, parts) in registry.EXTRAS.items():
        if find_spec(package) is None:
            found += [f"src/endcap/{extra}", f"tests/{extra}"]
            for kind, names in parts.items():
                folder = registry.PACKAGES[kind].replace("endcap.", "").replace(".", "/")
                found += [f"src/endcap/{folder}/{name}.py" for name in names]
                found += [f"tests/{folder}/test_{name}.py" for name in names]
    return [str(ROOT / path) for path in found]


collect_ignore = _missing()
