"""The rules of one answer, put together: what is kept out, what counts more or less, what has its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from endcap import registry
from endcap.core.query import Query, Rows
from endcap.kernels.barring import bar_others, bar_where
from endcap.kernels.retrieve import mark
from endcap.ranking.columns import Mask
from endcap.ranking.rules.base import NO_ROWS, Cap, ItemView, Pin, Rule

LAST_CODE = 254
"""The highest code in ``blocked``; rules beyond share it. 255 is used inside :func:`endcap.kernels.barring.bar_others`."""

_NEWER = 1

_EXAMPLES = 10


class Effect(NamedTuple):
    """What a rule did to one row.

    ``amount`` is the factor of a boost, the place of a pin, the most of a cap, and 0 for what was kept out.
    """

    rule: str
    label: str
    does: Literal["removes", "boosts", "pins", "caps"]
    amount: float


class Trial(NamedTuple):
    """What a rule would do to an answer in which ``blocked`` was 0 for the rows that may be shown.

    ``n_removed``, ``n_boosted`` and ``n_buried`` count such rows, ``examples`` are the first of the rows it touches; ``pins`` are
    those that could take their place.
    """

    rule: str
    label: str
    n_removed: int
    n_boosted: int
    n_buried: int
    pins: tuple[Pin, ...]
    most: int | None
    examples: Rows


class ActiveRules:
    """The rules that hold for a query: those within their dates, for its audience, that are no dry run.

    ``rules`` in the order in which they are written get the codes from ``first_code`` upwards. Their order does not matter
    otherwise. All of an answer's rules, or those of one shelf, are one of these; where both are there, scores take the factors
    of both, and pins and caps of both hold.
    """

    def __init__(self, rules: Sequence[Rule], query: Query, view: ItemView, first_code: int) -> None:
        view.columns.refresh()
        self._query = query
        self._view = view
        self._written = rules
        self._first = first_code
        self._n_rows = view.columns.n_rows
        numbered = [(min(code, LAST_CODE), rule) for code, rule in enumerate(rules, start=first_code) if rule.holds(query)]
        numbered.sort(key=lambda one: -one[1].priority)
        self._active = [one for one in numbered if not one[1].dry_run]
        self._trying = [rule for _, rule in numbered if rule.dry_run]
        # Most rules have one of the five effects: the others are not asked about.
        self._factors = [rule for _, rule in self._active if _has_effect(type(rule), "factors")]
        self._pins = [rule for _, rule in self._active if _has_effect(type(rule), "pins")]
        self._caps = [rule for _, rule in self._active if _has_effect(type(rule), "caps")]

    @property
    def next_code(self) -> int:
        """The first code that is free for further rules."""
        return self._first + len(self._written)

    @property
    def labels(self) -> dict[int, str]:
        """Why a row may not be shown, by code."""
        labels: dict[int, str] = {}
        for code, rule in enumerate(self._written, start=self._first):
            known = labels.get(min(code, LAST_CODE))
            labels[min(code, LAST_CODE)] = label_of(rule) if known is None else f"{known}, or {label_of(rule)}"
        return labels

    def block(self, blocked: NDArray[np.uint8]) -> None:
        """Give what is kept out the code of its rule, where it has none yet.

        Products that are newer than this answer's view of the catalogue, which no rule has seen, wait for the next answer.
        """
        if len(self._view) > self._n_rows:
            newer = blocked[self._n_rows :]
            newer[newer == 0] = _NEWER
        for code, rule in self._active:
            removed = rule.removes(self._query, self._view) if _has_effect(type(rule), "removes") else NO_ROWS
            if removed.dtype == np.bool_:
                bar_where(blocked, removed, code)
            elif len(removed):
                mark(blocked, removed, code)
            allowed = rule.allows(self._query, self._view) if _has_effect(type(rule), "allows") else None
            if allowed is not None:
                bar_others(blocked, allowed, code)

    def factors(self, rows: Rows) -> NDArray[np.float32] | None:
        """What the scores of these rows are multiplied by, float32; nothing where no rule changes any."""
        found = [rule.factors(self._query, self._view, rows) for rule in self._factors]
        some = [one for one in found if one is not None]
        if len(some) < 2:
            return some[0] if some else None
        # Sorted: a product of floats depends on its order, and the order in which rules are written must not matter.
        product: NDArray[np.float64] = np.sort(np.array(some, dtype=np.float64), axis=0).prod(axis=0)
        return product.astype(np.float32)

    @property
    def pins(self) -> tuple[Pin, ...]:
        """The rows that have a place, by place: one row a place, one place a row.

        Whoever fills the places passes over those whose row ``blocked`` keeps out.
        """
        wanted = [(-rule.priority, *pin) for rule in self._pins for pin in rule.pins(self._query, self._view)]
        return _settled(wanted) if wanted else ()

    @property
    def caps(self) -> tuple[Cap, ...]:
        """How many of a group an answer may have; all of them hold."""
        found = (rule.caps(self._query, self._view) for rule in self._caps)
        return tuple(cap for cap in found if cap is not None)

    def effects(self, row: int) -> tuple[Effect, ...]:
        """What each rule does to a row, for explanations: all that keep it out, not the first alone."""
        return tuple(effect for _, rule in self._active for effect in _effects(rule, self._query, self._view, row))

    def dry(self, blocked: NDArray[np.uint8]) -> tuple[Trial, ...]:
        """What the rules that are dry runs would have done beside the others, after :meth:`block`."""
        return tuple(trial(rule, self._query, self._view, blocked) for rule in self._trying)


@cache
def _has_effect(kind: type[Rule], effect: str) -> bool:
    """Whether rules of a kind have an effect of their own."""
    return getattr(kind, effect) is not getattr(Rule, effect)


def trial(rule: Rule, query: Query, view: ItemView, blocked: NDArray[np.uint8]) -> Trial:
    """What a rule would do, whatever its dates, its audience and whether it is a dry run. Time O(n_rows)."""
    free = blocked == 0
    left = blocked.copy()
    now = msgspec.structs.replace(rule, starts_at=None, ends_at=None, audience=(), dry_run=False)
    active = ActiveRules((now,), query, view, LAST_CODE - 1)
    active.block(left)
    removed = np.flatnonzero(free & (left != 0)).astype(np.int32)
    rows = np.flatnonzero(left == 0).astype(np.int32)
    factors = active.factors(rows)
    changed = rows[factors != 1] if factors is not None else rows[:0]
    pins = tuple(pin for pin in active.pins if left[pin.row] == 0)
    caps = active.caps
    touched = np.concatenate((np.array([pin.row for pin in pins], dtype=np.int32), changed, removed))
    return Trial(
        rule=registry.name_of(rule),
        label=label_of(rule),
        n_removed=len(removed),
        n_boosted=0 if factors is None else int(np.count_nonzero(factors > 1)),
        n_buried=0 if factors is None else int(np.count_nonzero(factors < 1)),
        pins=pins,
        most=caps[0].most if caps else None,
        examples=touched[:_EXAMPLES],
    )


def label_of(rule: Rule) -> str:
    """What explanations call a rule: its label, and why it is there where that is said."""
    return f"{rule.label} ({rule.note})" if rule.note else rule.label


def _settled(wanted: Iterable[tuple[int, int, int]]) -> tuple[Pin, ...]:
    """Pins without conflicts, from (-priority, row, position)."""
    by_position: dict[int, int] = {}
    placed: set[int] = set()
    for _, row, position in sorted(wanted, key=lambda one: (one[0], one[2], one[1])):
        if position not in by_position and row not in placed:
            by_position[position] = row
            placed.add(row)
    return tuple(Pin(by_position[position], position) for position in sorted(by_position))


def _effects(rule: Rule, query: Query, view: ItemView, row: int) -> Iterable[Effect]:
    name, label = registry.name_of(rule), label_of(rule)
    allowed = rule.allows(query, view)
    if _has(rule.removes(query, view), row) or (allowed is not None and not _has(allowed, row)):
        yield Effect(name, label, "removes", 0)
    factors = rule.factors(query, view, np.array([row], dtype=np.int32))
    if factors is not None and factors[0] != 1:
        yield Effect(name, label, "boosts", float(factors[0]))
    for pin in rule.pins(query, view):
        if pin.row == row:
            yield Effect(name, label, "pins", pin.position)
    cap = rule.caps(query, view)
    if cap is not None and cap.codes[row] >= 0:
        yield Effect(name, label, "caps", cap.most)


def _has(rows: Rows | Mask, row: int) -> bool:
    if rows.dtype == np.bool_:
        return bool(row < len(rows) and rows[row])
    return bool((rows == row).any())
