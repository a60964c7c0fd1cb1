"""What the arms of an experiment change, as names that can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from endcap.core.experiment import EVERYWHERE, Arm, Change, Experiment, both
from endcap.errors import BadOption

ALL = "*"
"""Among what a change touches: the placement as a whole."""


def change_of(arm: Arm, placement: str) -> Change:
    """What an arm does otherwise on a placement."""
    named = arm.changes.get(placement)
    general = arm.changes.get(EVERYWHERE)
    if named is not None and general is not None:
        return both(general, named)
    return named or general or Change()


def touched(change: Change) -> frozenset[str]:
    """What a change changes, as dotted names; :data:`ALL` where that is the placement as a whole.

    >>> sorted(touched(Change(patch={"max_count": 4, "shelves": {"row": {"title": "Row"}, "other": None}})))
    ['max_count', 'shelves.other', 'shelves.row.title']
    """
    layout = {f"layout.{name}" for name in (change.layout.fields() if change.layout else ())}
    if change.recommendations != "usual" or change.placement is not None:
        return frozenset({ALL, *layout})
    shelves = shelves_of(change.patch)
    names = {name for name in change.patch if name != "shelves"}
    for shelf, fields in shelves.items():
        names |= {f"shelves.{shelf}.{field}" for field in fields} if fields else {f"shelves.{shelf}"}
    return frozenset(names | layout)


def touched_by(experiment: Experiment, placement: str) -> frozenset[str]:
    """What any arm of an experiment changes about a placement. To interleave is to change all of it."""
    found = frozenset[str]().union(*(touched(change_of(arm, placement)) for arm in experiment.every_arm))
    return found | {ALL} if experiment.kind == "interleaving" else found


def collide(left: Iterable[str], right: Iterable[str]) -> bool:
    """Whether two sets of what is touched have something in common.

    >>> collide({"shelves.row"}, {"shelves.row.title"}), collide({"shelves.row.title"}, {"max_count"}), collide({"*"}, set())
    (True, False, False)
    """
    return any(
        ALL in (one, other) or one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
        for one in left
        for other in right
    )


def shelves_of(patch: Mapping[str, Any]) -> dict[str, dict[str, Any] | None]:
    """What a patch says of shelves, by their names. Raises BadOption where it is no such table."""
    shelves = patch.get("shelves", {})
    if not isinstance(shelves, dict) or not all(fields is None or isinstance(fields, dict) for fields in shelves.values()):
        raise BadOption(
            "the shelves of a patch are no table", field="patch.shelves", value=str(shelves)[:100],
            remedy='write them by name, as in {"shelves": {"similar": {"max_count": 8}}}; null takes one away',
        )  # fmt: skip
    return shelves
