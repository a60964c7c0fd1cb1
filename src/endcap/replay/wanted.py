"""Which rows an evaluation has beside the baselines, which it always has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

from endcap import registry
from endcap.algorithms.base import Algorithm
from endcap.errors import UnknownName

SHIPPED = "endcap"
"""The row of what training would publish, answered by the engine."""

_ON_DEMAND = "made on demand only: name it with --with or --only"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows asked for: all that are tried by default, or ``only`` those with the given names, where there are any.

    ``also`` names algorithms that are tried on demand only; ``every_peer`` adds the other libraries that are installed.
    """

    only: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    every_peer: bool = False

    @classmethod
    def of(cls, only: Iterable[str] = (), also: Iterable[str] = (), *, every_peer: bool = False) -> Self:
        """What these names ask for. Raises UnknownName for a row that does not exist or needs a package that is missing."""
        rows = frozenset(only)
        known = (*registry.names("algorithms"), *registry.names("peers"), SHIPPED)
        for name in sorted(rows.difference(known)):
            if name in registry.lacking("algorithms"):
                registry.find("algorithms", name)  # says what to install
            near = get_close_matches(name, known, n=1)
            guess = f"did you mean {near[0]}? The rows are" if near else "choose among"
            raise UnknownName(
                f"no row is named {name!r}", field="only", value=name,
                remedy=f"{guess} {', '.join(known)}; the baselines are always there",
            )  # fmt: skip
        return cls(rows, frozenset(also), every_peer)

    @property
    def whole(self) -> bool:
        """Whether what training would publish is asked for."""
        return not self.only or SHIPPED in self.only

    @property
    def peers(self) -> tuple[str, ...]:
        """The other libraries asked for."""
        known = registry.names("peers")
        return tuple(name for name in known if name in self.only) if self.only else known if self.every_peer else ()

    def algorithms(self) -> tuple[tuple[str, ...], dict[str, str]]:
        """The algorithms asked for, and why others that are made on demand only are left out."""
        known = registry.names("algorithms")
        if self.only:
            return tuple(name for name in known if name in self.only), {}
        on_demand = [name for name in known if not _by_default(name) and name not in self.also]
        return tuple(name for name in known if name not in on_demand), dict.fromkeys(on_demand, _ON_DEMAND)


def _by_default(name: str) -> bool:
    found = registry.find("algorithms", name)
    assert issubclass(found, Algorithm)
    return found.by_default
