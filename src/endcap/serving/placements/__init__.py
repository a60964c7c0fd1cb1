"""The placements that Endcap ships, as TOML, and how placements are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from endcap import registry
from endcap.core.placement import Placement
from endcap.errors import BadOption
from endcap.ranking.rules.base import Rule

DOCUMENT_KIND = "placement"
"""The kind under which a shop keeps its own placements."""


@dataclass(frozen=True, slots=True)
class ReadyPlacement:
    """A placement with its rules built, and those of each of its shelves."""

    placement: Placement
    rules: tuple[Rule, ...]
    shelf_rules: tuple[tuple[Rule, ...], ...]


@cache
def shipped() -> dict[str, Placement]:
    """The placements of the package, by name."""
    found = {}
    for file in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            placement = msgspec.toml.decode(file.read_bytes(), type=Placement)
            found[placement.name] = placement
    return found


def effective(documents: Mapping[str, bytes]) -> dict[str, Placement]:
    """All placements of a shop: the shipped ones, replaced and joined by the shop's own documents."""
    return shipped() | {name: msgspec.json.decode(body, type=Placement) for name, body in documents.items()}


def built_rule(config: Mapping[str, object]) -> Rule:
    """The rule of a table such as ``{rule = "not_bought_within", days = 30}``.

    Raises UnknownName or BadOption where the table names no rule, or an option that it does not take.
    """
    options = dict(config)
    name = options.pop("rule", None)
    if not isinstance(name, str):
        raise BadOption(
            "a rule has no name", field="rule", value=name, remedy=f"set rule to one of {', '.join(registry.names('rules'))}"
        )
    rule = registry.build("rules", name, options)
    assert isinstance(rule, Rule)
    return rule


def ready(placement: Placement) -> ReadyPlacement:
    """The placement with all rules built. Raises UnknownName or BadOption."""

    def built(configs: Iterable[Mapping[str, object]]) -> tuple[Rule, ...]:
        return tuple(built_rule(config) for config in configs)

    return ReadyPlacement(placement, built(placement.rules), tuple(built(shelf.rules) for shelf in placement.shelves))
