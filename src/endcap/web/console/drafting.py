"""From what a merchandiser fills in to an experiment: one thing changes, everything else stays as it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from endcap.core.experiment import Arm, Change, Experiment, Factor, Kind
from endcap.core.layout import Layout
from endcap.core.placement import Placement, Shelf
from endcap.errors import BadInput
from endcap.web.console.words import count_of

CONTROL = "as_now"
COUNTS = (4, 6, 8, 12)
LAYOUTS: Mapping[str, tuple[str, Layout]] = {
    "row": ("A row that scrolls", Layout(display="scroll")), "grid": ("A grid, four across", Layout(display="grid", columns=4)),
    "carousel": ("A carousel that turns by itself", Layout(display="carousel", turn_ms=5_000)),
}  # fmt: skip
TIMES: Mapping[str, tuple[str, Layout]] = {
    "later": ("Five seconds after the page", Layout(delay_ms=5_000)),
    "leaving": ("When the shopper is about to leave", Layout(when="leaving")),
}  # fmt: skip
SHARES = (100, 50, 20, 10, 5)

DESIGNS: Mapping[str, tuple[str, str]] = {
    "compare": (
        "Compare",
        "Some shoppers see the shop as it is, others the change: you learn what it does to clicks, orders and money.",
    ),
    "mix": (
        "Mix two rankings",
        "Everybody sees products of both in one list, and what they click says which they prefer: soon known, but not in money.",
    ),
    "several": (
        "Several things at once",
        "Two or more changes in all their combinations: you learn what each of them does, and whether they help each other.",
    ),
    "bandit": (
        "Let the better one earn more visitors",
        "The version that does better is shown to more and more shoppers: less is lost on the way, but figures are less sure.",
    ),
}  # fmt: skip
"""How it can be tried, each with its name and one sentence; the first is the usual."""

KINDS: Mapping[str, str] = {
    "count": "How many products are shown", "layout": "How they are laid out", "wording": "The heading above them",
    "algorithm": "Which model chooses them", "standard": "Bestsellers instead of recommendations",
    "off": "Nothing at all in this place", "time": "When they appear",
}  # fmt: skip
"""What can be changed, in the words of the form."""

RANKINGS = ("algorithm", "standard")
"""The changes that are another ranking, so that two can be mixed."""
COMBINED = ("count", "layout", "wording", "algorithm", "time")
"""The changes that can be made together: none of them replaces or takes away the whole."""

GOALS: Mapping[str, str] = {
    "revenue_per_visitor": "Shoppers spend more", "buyers": "More shoppers order",
    "conversion": "More of what is clicked is bought", "ctr": "More shoppers click", "aov": "Orders get larger",
}  # fmt: skip
"""What an experiment can be judged by, in words; the others of them are looked at beside it."""

GUARDS = ("revenue_per_visitor",)
"""What may not suffer while another goal is pursued."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an experiment acts: a placement, or one of its shelves."""

    placement: Placement
    shelf: Shelf | None

    @property
    def value(self) -> str:
        """How a form writes it."""
        return f"{self.placement.name}/{self.shelf.name}" if self.shelf else self.placement.name

    @property
    def count(self) -> int:
        """How many products it shows at most, now."""
        return self.shelf.max_count if self.shelf else self.placement.max_count

    def patched(self, shelf: Mapping[str, Any] | None = None, **placement: Any) -> Change:
        """A change of fields of the shelf, or of the placement where no shelf is meant."""
        if self.shelf is not None and shelf is not None:
            return Change(patch={"shelves": {self.shelf.name: dict(shelf)}})
        return Change(patch=placement)


def place_named(placements: Mapping[str, Placement], value: str) -> Place:
    """The place that a form names. Raises BadInput."""
    name, _, shelf_name = value.partition("/")
    placement = placements.get(name)
    if placement is None:
        raise BadInput("choose where it shall be tried", field="where")
    if not shelf_name:
        return Place(placement, None)
    shelf = next((one for one in placement.shelves if one.name == shelf_name), None)
    if shelf is None:
        raise BadInput("this shelf is no longer there", field="where", remedy="choose another")
    return Place(placement, shelf)


def drafted(form: Mapping[str, str], placements: Mapping[str, Placement], taken: frozenset[str]) -> Experiment:
    """The experiment that a form describes. Raises BadInput that names the field of the form."""
    place = place_named(placements, form.get("where", ""))
    kinds = _kinds(form)
    metric = form.get("metric", "")
    metric = metric if metric in GOALS else next(iter(GOALS))
    where = place.value.replace("/", ", ").replace("_", " ")
    title = form.get("title", "") or f"{' and '.join(KINDS[kind] for kind in kinds)}, {where}"
    versions = {kind: _versions(form, kind, place) for kind in kinds}
    several = form.get("design") == "several"
    return Experiment(
        name=free_name(title, taken), title=title[:200], hypothesis=form.get("hypothesis", "")[:2_000],
        owner=form.get("owner", "")[:200], kind=_BY_DESIGN.get(form.get("design", ""), "ab"), placements=(place.placement.name,),
        arms=() if several else versions[kinds[0]],
        factors=tuple(Factor(name=kind, levels=levels) for kind, levels in versions.items()) if several else (),
        share=_number(form, "share", 100, 1, 100) / 100, audience=tuple(form.get("audience", "").split()),
        metric=metric, guard_rails=GUARDS if metric not in GUARDS else (), min_days=int(_number(form, "days", 14, 1, 365)),
        metrics=tuple(one for one in GOALS if one not in (metric, *GUARDS)),
    )  # fmt: skip


_BY_DESIGN: Mapping[str, Kind] = {"mix": "interleaving", "bandit": "bandit"}


def _kinds(form: Mapping[str, str]) -> list[str]:
    """What shall be different: one thing, or several where they are tried together. Raises BadInput."""
    design = form.get("design", "")
    if design == "several":
        chosen = [one for one in form.get("together", "").split() if one in COMBINED]
        if len(chosen) < 2:
            raise BadInput("choose at least two things that shall be different", field="change")
        return chosen
    kind = form.get("change", "")
    if kind not in _ARMS:
        raise BadInput("choose what shall be different", field="change")
    if design == "mix" and kind not in RANKINGS:
        raise BadInput(
            "only rankings can be mixed",
            field="change",
            remedy="choose another model or bestsellers, or compare instead of mixing",
        )
    return [kind]


def _versions(form: Mapping[str, str], kind: str, place: Place) -> tuple[Arm, ...]:
    """The shop as it is, and what is tried instead. Raises BadInput."""
    variants = _ARMS[kind](form, place)
    if not variants:
        raise BadInput("choose at least one alternative to what is there now", field=_FIELD_OF.get(kind, "change"))
    arms = (Arm(name=name, title=words, changes={place.placement.name: change}) for name, words, change in variants)
    return (Arm(name=CONTROL, title=_as_now(kind, place)), *arms)


def free_name(title: str, taken: frozenset[str]) -> str:
    """A name made of a title that no other experiment has.

    >>> free_name("Zwölf statt acht?", frozenset()), free_name("Twelve", frozenset({"twelve"}))
    ('zwolf_statt_acht', 'twelve_2')
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:56].strip("_")
    if not name or not name[0].isalpha():
        name = f"test_{name}".strip("_")
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free


_Variants = list[tuple[str, str, Change]]


def _counts(form: Mapping[str, str], place: Place) -> _Variants:
    chosen = sorted({int(one) for one in form.get("counts", "").split() if one.isdigit() and int(one) in COUNTS})
    return [
        (f"count_{count}", count_of(count, "product"), place.patched(_at_most(place.shelf, count), max_count=count))
        for count in chosen if count != place.count
    ]  # fmt: skip


def _at_most(shelf: Shelf | None, count: int) -> dict[str, Any]:
    """The bound, and the least with it where that would be above."""
    lowered = {"min_count": count} if shelf is not None and shelf.min_count > count else {}
    return {"max_count": count, **lowered}


def _layouts(form: Mapping[str, str], _place: Place) -> _Variants:
    return [
        (name, LAYOUTS[name][0], Change(layout=LAYOUTS[name][1])) for name in form.get("layouts", "").split() if name in LAYOUTS
    ]


def _times(form: Mapping[str, str], _place: Place) -> _Variants:
    return [(name, TIMES[name][0], Change(layout=TIMES[name][1])) for name in form.get("times", "").split() if name in TIMES]


def _wording(form: Mapping[str, str], place: Place) -> _Variants:
    if place.shelf is None:
        raise BadInput("a heading belongs to one shelf", field="where", remedy="choose the shelf whose heading shall be another")
    words = form.get("heading", "")
    if not words:
        raise BadInput("write the new heading", field="heading")
    # A personal heading would stand in the place of the new one for whoever has a past.
    personal = {"personal": None} if place.shelf.personal else {}
    return [("new_heading", f"“{words[:180]}”", place.patched({"title": words[:200], **personal}))]


def _algorithm(form: Mapping[str, str], place: Place) -> _Variants:
    if place.shelf is None:
        raise BadInput("a model is chosen for one shelf", field="where", remedy="choose the shelf that it shall fill")
    name = form.get("model", "")
    if not name:
        raise BadInput("choose a model", field="model")
    asked = {one.artifact: one.ask for one in place.shelf.sources}
    ask = asked.get(name) or ("nothing" if name in ("popularity", "trending", "live_trending") else place.shelf.sources[0].ask)
    change = place.patched({"sources": [{"artifact": name, "ask": ask}]})
    return [(f"by_{name}", name.replace("_", " ").capitalize(), change)]


def _standard(_form: Mapping[str, str], _place: Place) -> _Variants:
    return [("bestsellers", "Bestsellers", Change(recommendations="standard"))]


def _off(_form: Mapping[str, str], place: Place) -> _Variants:
    if place.shelf is not None and len(place.placement.shelves) > 1:
        return [("without", "Without this shelf", Change(patch={"shelves": {place.shelf.name: None}}))]
    return [("without", "Nothing there", Change(recommendations="none"))]


_ARMS: Mapping[str, Callable[[Mapping[str, str], Place], _Variants]] = {
    "count": _counts, "layout": _layouts, "wording": _wording, "algorithm": _algorithm, "standard": _standard, "off": _off,
    "time": _times,
}  # fmt: skip
_FIELD_OF = {"count": "counts", "layout": "layouts", "time": "times"}


def _as_now(kind: str, place: Place) -> str:
    """What the control is called."""
    if kind == "count":
        return f"As now: up to {place.count}"
    if kind == "wording" and place.shelf is not None:
        return f"As now: “{place.shelf.title}”"
    return "As now"


def _number(form: Mapping[str, str], name: str, usual: float, low: float, high: float) -> float:
    text = form.get(name, "").replace(",", ".").removesuffix("%").strip()
    if not text:
        return usual
    try:
        value = float(text)
    except ValueError:
        raise BadInput("write a number", field=name, value=text) from None
    if not low <= value <= high:
        raise BadInput(f"choose from {low:g} to {high:g}", field=name, value=text)
    return value


def wanted_lift(form: Mapping[str, str]) -> float:
    """The smallest difference that the merchandiser wants to find, as a share. Raises BadInput."""
    return _number(form, "lift", 10, 0.5, 200) / 100
