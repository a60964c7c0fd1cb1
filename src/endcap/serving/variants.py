"""A placement as the arms of experiments make it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from endcap.core.experiment import EVERYWHERE, Arm, Change, Experiment, both, overlaid
from endcap.core.placement import Diversity, Exploration, Placement, Shelf, Source, Wording
from endcap.errors import BadOption

ALL = "*"
"""Among what a change touches: the placement as a whole."""

STANDARD = (Source(artifact="popularity", ask="nothing"),)
STANDARD_FALLBACK = (Source(artifact="live_trending", ask="nothing"),)
"""What most shops show who have no engine: what sells most, and before the first training what is looked at most."""

RANDOM = (Source(artifact="random_items", ask="nothing"),)

_HEADINGS = {
    "standard": ("Popular with our customers", {"de": "Beliebt bei unseren Kunden", "fr": "Les préférés de nos clients"}),
    "random": ("From our range", {"de": "Aus unserem Sortiment", "fr": "Dans notre gamme"}),
}


def change_of(arm: Arm, placement: str) -> Change:
    """What an arm does otherwise on a placement."""
    named = arm.changes.get(placement)
    general = arm.changes.get(EVERYWHERE)
    if named is not None and general is not None:
        return both(general, named)
    return named or general or Change()


def varied(placement: Placement, change: Change) -> Placement:
    """The placement with a change made. Raises BadOption where it cannot be.

    >>> spot = Placement(name="spot", shelves=(Shelf(name="row", title="Row", sources=STANDARD),))
    >>> varied(spot, Change(patch={"shelves": {"row": {"max_count": 12}}})).shelves[0].max_count
    12
    """
    if change.placement is not None:
        return msgspec.structs.replace(change.placement, name=placement.name)
    if change.recommendations in _HEADINGS:
        return _plain(placement, change.recommendations)
    return _patched(placement, change.patch) if change.patch else placement


def ranked(placement: Placement) -> Placement:
    """The placement with nothing left to chance: a ranking, as it can be compared with another."""
    shelves = tuple(msgspec.structs.replace(shelf, exploration=None) for shelf in placement.shelves)
    return msgspec.structs.replace(placement, shelves=shelves, exploration=Exploration())


def touched(change: Change) -> frozenset[str]:
    """What a change changes, as dotted names; :data:`ALL` where that is the placement as a whole.

    >>> sorted(touched(Change(patch={"max_count": 4, "shelves": {"row": {"title": "Row"}, "other": None}})))
    ['max_count', 'shelves.other', 'shelves.row.title']
    """
    layout = {f"layout.{name}" for name in (change.layout.fields() if change.layout else ())}
    if change.recommendations != "usual" or change.placement is not None:
        return frozenset({ALL, *layout})
    shelves = _shelves(change.patch)
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


def _plain(placement: Placement, kind: str) -> Placement:
    """The placement with one shelf that takes no notice of who asks: in the place of its largest, with as many products.

    The rules of the placement stay, so that what may not be shown is not; those of its shelves were for other suggestions.
    """
    largest = max(placement.shelves, key=lambda shelf: shelf.max_count)
    title, wordings = _HEADINGS[kind]
    shelf = Shelf(
        name=largest.name, title=title, wordings={language: Wording(title=words) for language, words in wordings.items()},
        sources=STANDARD if kind == "standard" else RANDOM, fallback=STANDARD_FALLBACK,
        min_count=min(largest.min_count, largest.max_count), max_count=largest.max_count, diversity=Diversity(method="none"),
    )  # fmt: skip
    return msgspec.structs.replace(placement, shelves=(shelf,), diversity=Diversity(method="none"), exploration=Exploration())


def _patched(placement: Placement, patch: Mapping[str, Any]) -> Placement:
    plain: dict[str, Any] = msgspec.to_builtins(placement)
    shelves = {shelf["name"]: shelf for shelf in plain.pop("shelves")}
    for name, fields in _shelves(patch).items():
        if fields is None:
            if shelves.pop(name, None) is None:
                raise _unknown(placement, name)
        else:
            known = shelves.get(name, {})
            if "sources" in fields:  # else what training chose would be asked, and not these
                known = {**known, "learned": None}
            shelves[name] = {"name": name, **_without_nothing(overlaid(known, fields))}
    own = _without_nothing(overlaid(plain, {name: value for name, value in patch.items() if name != "shelves"}))
    try:
        return msgspec.convert({**own, "name": placement.name, "shelves": list(shelves.values())}, Placement)
    except msgspec.ValidationError as error:
        raise BadOption(
            f"the placement {placement.name} cannot be changed so: {error}", field="patch", value=placement.name,
            remedy="name fields as the placement has them, and give a new shelf title and sources",
        ) from error  # fmt: skip


def _shelves(patch: Mapping[str, Any]) -> dict[str, dict[str, Any] | None]:
    shelves = patch.get("shelves", {})
    if not isinstance(shelves, dict) or not all(fields is None or isinstance(fields, dict) for fields in shelves.values()):
        raise BadOption(
            "the shelves of a patch are no table", field="patch.shelves", value=str(shelves)[:100],
            remedy='write them by name, as in {"shelves": {"similar": {"max_count": 8}}}; null takes one away',
        )  # fmt: skip
    return shelves


def _without_nothing(table: dict[str, Any]) -> dict[str, Any]:
    """The table without what is ``None``, which is then as by default."""
    return {name: value for name, value in table.items() if value is not None}


def _unknown(placement: Placement, shelf: str) -> BadOption:
    known = ", ".join(one.name for one in placement.shelves)
    return BadOption(
        f"the placement {placement.name} has no shelf {shelf!r}", field="patch.shelves", value=shelf, remedy=f"use one of {known}"
    )
