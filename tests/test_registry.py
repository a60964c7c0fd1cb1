from __future__ import annotations

from pathlib import Path

import pytest

from endcap import registry
from endcap.core.part import Part
from endcap.errors import BadOption, UnknownName
from endcap.ranking.rules.not_bought_within import NotBoughtWithin

KINDS = sorted(registry.PACKAGES)


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_is_a_part_under_its_name(kind: str) -> None:
    folder = Path(registry.__file__).parent.joinpath(*registry.PACKAGES[kind].split(".")[1:])
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "base"}
    assert set(registry.names(kind)) >= {name for name in files if not name.startswith("_")}
    for name in registry.names(kind):
        part = registry.find(kind, name)
        assert issubclass(part, Part)
        assert registry.name_of(part) == name


def test_a_part_is_built_from_its_options() -> None:
    assert registry.build("rules", "not_bought_within", {"days": 7}) == NotBoughtWithin(days=7)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean not_in_cart"):
        registry.find("rules", "not_in_car")


@pytest.mark.parametrize("options", [{"days": 0}, {"days": "soon"}, {"weeks": 2}])
def test_a_bad_option_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadOption, match="not_bought_within"):
        registry.build("rules", "not_bought_within", options)
