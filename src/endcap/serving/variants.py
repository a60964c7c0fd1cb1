"""A placement as the arms of experiments make it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from endcap.core.changes import shelves_of
from endcap.core.experiment import Change, overlaid
from endcap.core.placement import Diversity, Exploration, Placement, Shelf, Source, Wording
from endcap.errors import BadOption

STANDARD = (Source(artifact="popularity", ask="nothing"),)
STANDARD_FALLBACK = (Source(artifact="live_trending", ask="nothing"),)
"""What most shops show who have no engine: what sells most, and before the first training what is looked at most."""

RANDOM_ITEMS = "random_items"
RANDOM = (Source(artifact=RANDOM_ITEMS, ask="nothing"),)
"""What any choice must be better than."""

_HEADINGS = {
    "standard": ("Popular with our customers", {"de": "Beliebt bei unseren Kunden", "fr": "Les préférés de nos clients"}),
    "random": ("From our range", {"de": "Aus unserem Sortiment", "fr": "Dans notre gamme"}),
}


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


def _plain(placement: Placement, kind: str) -> Placement:
    """The placement with one shelf that takes no notice of who asks: in the place of its largest, with as many products.

    The rules of the placement stay, so that what may not be shown is not; those of its shelves were for other suggestions.
    """
    largest = max(placement.shelves, key=lambda shelf: shelf.max_count)
    title, wordings = _HEADINGS[kind]
    shelf = Shelf(
        name=largest.name, title=title, wordings={language: Wording(title=words) for language, words in wordings.items()},
        sources=STANDARD if kind == "standard" else RANDOM, fallback=STANDARD_FALLBACK,
        min_count=min(largest.min_count, largest.max_count), max_count=largest.max_count, one_per_family=kind != "random",
    )  # fmt: skip
    return msgspec.structs.replace(placement, shelves=(shelf,), diversity=Diversity(method="none"), exploration=Exploration())


def _patched(placement: Placement, patch: Mapping[str, Any]) -> Placement:
    plain: dict[str, Any] = msgspec.to_builtins(placement)
    shelves = {shelf["name"]: shelf for shelf in plain.pop("shelves")}
    for name, fields in shelves_of(patch).items():
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


def _without_nothing(table: dict[str, Any]) -> dict[str, Any]:
    """The table without what is ``None``, which is then as by default."""
    return {name: value for name, value in table.items() if value is not None}


def _unknown(placement: Placement, shelf: str) -> BadOption:
    known = ", ".join(one.name for one in placement.shelves)
    return BadOption(
        f"the placement {placement.name} has no shelf {shelf!r}", field="patch.shelves", value=shelf, remedy=f"use one of {known}"
    )
