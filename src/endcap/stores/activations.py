"""Which bundle serves, and which served before."""

from __future__ import annotations

import msgspec

_KEPT = 100


class Activations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Versions in the order in which they were made active; the last one serves.

    >>> Activations().then("a").then("b").then("b").versions
    ('a', 'b')
    """

    versions: tuple[str, ...] = ()

    @property
    def active(self) -> str | None:
        """The version that serves, or nothing."""
        return self.versions[-1] if self.versions else None

    def then(self, version: str) -> Activations:
        """The same with another version made active."""
        if version == self.active:
            return self
        return Activations((*self.versions, version)[-_KEPT:])

    def back(self) -> Activations:
        """The same with the last activation undone."""
        return Activations(self.versions[:-1])
