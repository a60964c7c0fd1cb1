"""The placements that Endcap ships, as TOML, and how placements are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec

from endcap import registry
from endcap.core.placement import Placement
from endcap.errors import BadOption, EndcapError
from endcap.ranking.rules.base import Rule

DOCUMENT_KIND = "placement"
"""The kind under which a shop keeps its own placements."""


RULE_KIND = "rule"
"""The kind of document that holds the rules which act on every placement of a shop."""

T = TypeVar("T")


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


def usable(
    placements: Mapping[str, bytes], rules: Mapping[str, bytes]
) -> tuple[dict[str, ReadyPlacement], tuple[Rule, ...], tuple[str, ...]]:
    """What a shop's documents amount to: its placements beside the shipped ones, its rules in order of their names, and the names
    of documents that cannot be used and are left out.

    A document is checked before it is stored, but another version of Endcap may have stored it.
    """
    bad: list[str] = []
    own = _usable(placements, lambda body: ready(msgspec.json.decode(body, type=Placement)), bad)
    built: dict[str, Rule] = _usable(rules, lambda body: built_rule(msgspec.json.decode(body)), bad)
    known = {name: ready(placement) for name, placement in shipped().items()} | own
    return known, tuple(built.values()), tuple(bad)


def _usable(documents: Mapping[str, bytes], build: Callable[[bytes], T], bad: list[str]) -> dict[str, T]:
    """What the documents say, by name in order; one that cannot be used is left out and named in ``bad``."""
    found: dict[str, T] = {}
    for name, body in sorted(documents.items()):
        try:
            found[name] = build(body)
        except (EndcapError, msgspec.MsgspecError):
            bad.append(name)
    return found
