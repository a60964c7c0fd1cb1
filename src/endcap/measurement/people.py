"""The people of a journey: who did what, as far as sessions and log-ins tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter

from endcap.measurement.acts import Act
from endcap.measurement.journeys import NO_PAST, VISIT_GAP_MS, Journey, Label, Met, Part, Past, order_key

Said = tuple[Act, Part]
NO_LABEL = Label(0)


@dataclass(slots=True)
class Person:
    """Everything that one person did, each list in order of time, with the part that it comes from.

    ``name`` is the user's key, or that of a guest. ``views`` are the times by item, ``seen`` the first sighting by answer and
    item. ``visits`` are stretches of at most 30 minutes' gap. ``past`` is what must be known of what is no longer kept.
    """

    name: str
    acts: list[Said]
    views: dict[str, list[tuple[int, Part]]]
    seen: dict[str, dict[str, tuple[int, Part]]]
    visits: list[tuple[int, int, Part]]
    labels: list[Label]
    met: dict[str, list[tuple[Met, Part]]]
    past: Past

    def label_at(self, at_ms: int) -> Label:
        """What is known of the person then: what the newest answer says, or the first one after."""
        labels = self.labels
        if not labels:
            return NO_LABEL
        if len(labels) == 1:
            return labels[0]
        place = bisect_right(labels, at_ms, key=lambda label: label.at_ms)
        return labels[max(0, place - 1)]


def people_of(journey: Journey) -> list[Person]:
    """Who made a journey. With one user all of it is theirs; where several shared a session, what it did goes to whoever had
    logged in last, and what was before the first log-in to the first."""
    users = sorted({part.user for part in journey.parts} - {""})
    if len(users) <= 1:
        return [_person(users[0] if users else _guest(journey.parts), journey.parts, None)]
    owner = _Owner(journey.parts)
    return [_person(user, journey.parts, lambda part, at_ms, user=user: owner.of(part, at_ms) == user) for user in users]  # type: ignore[misc]


class _Owner:
    """Whose deeds those of a session are."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._by_key: dict[str, list[tuple[int, str]]] = {}
        self._first = min((part.since_ms, part.user) for part in parts if part.user)[1]
        for part in parts:
            if part.user:
                for key in (part.session, part.visitor):
                    if key:
                        self._by_key.setdefault(key, []).append((part.since_ms, part.user))
        for links in self._by_key.values():
            links.sort()

    def of(self, part: Part, at_ms: int) -> str:
        """The user of a deed."""
        if part.user:
            return part.user
        links = self._by_key.get(part.session) or self._by_key.get(part.visitor)
        if not links:
            return self._first
        return links[max(0, bisect_right(links, at_ms, key=itemgetter(0)) - 1)][1]


def _guest(parts: Iterable[Part]) -> str:
    """The name of somebody without a user: the browser's, else the session's, else nothing but an order."""
    names = [part.visitor or part.session for part in parts]
    named = min((name for name in names if name), default="")
    return named or min((order_key(act.order) for part in parts for act in part.acts if act.order), default="")


def _person(name: str, parts: list[Part], mine: Callable[[Part, int], bool] | None) -> Person:
    acts: list[Said] = []
    views: dict[str, list[tuple[int, Part]]] = {}
    seen: dict[str, dict[str, tuple[int, Part]]] = {}
    spans: list[tuple[int, int, Part]] = []
    labels: list[Label] = []
    met: dict[str, list[tuple[Met, Part]]] = {}
    past = NO_PAST
    for part in parts:
        if mine is None or mine(part, part.since_ms):
            past |= part.past
        acts.extend((act, part) for act in part.acts if mine is None or mine(part, act.at_ms))
        for item, times in part.views.items():
            kept = [(at_ms, part) for at_ms in times if mine is None or mine(part, at_ms)]
            if kept:
                views.setdefault(item, []).extend(kept)
        for answer, items in part.seen.items():
            for item, at_ms in items.items():
                if mine is None or mine(part, at_ms):
                    known = seen.setdefault(answer, {})
                    if item not in known or (at_ms, part.name) < (known[item][0], known[item][1].name):
                        known[item] = (at_ms, part)
        spans.extend((start, end, part) for start, end in part.spans if mine is None or mine(part, start))
        labels.extend(label for label in part.given.values() if mine is None or mine(part, label.at_ms))
        for experiment, first in part.met.items():
            if mine is None or mine(part, first.at_ms):
                met.setdefault(experiment, []).append((first, part))
    several = len(parts) > 1
    acts.sort(key=_place if several else _alone)
    for times_of in views.values():
        times_of.sort(key=_first)
    labels.sort()
    return Person(name, acts, views, seen, _visits(spans) if several else spans, labels, met, past)


def _place(said: Said) -> tuple[Act, tuple[str, str, str]]:
    return said[0], said[1].name


def _alone(said: Said) -> Act:
    return said[0]


def _first(seen: tuple[int, Part]) -> int:
    return seen[0]


def _visits(spans: list[tuple[int, int, Part]]) -> list[tuple[int, int, Part]]:
    """The spans of all parts, joined where they are less than a visit's gap apart; a visit is its first span's."""
    spans.sort(key=lambda span: (span[0], span[1], span[2].name))
    visits: list[tuple[int, int, Part]] = []
    for start, end, part in spans:
        if visits and start - visits[-1][1] <= VISIT_GAP_MS:
            first, last, owner = visits[-1]
            visits[-1] = (first, max(last, end), owner)
        else:
            visits.append((start, end, part))
    return visits
