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
from endcap.ranking.rules.base import Cap, ItemView, Pin, Rule

LAST_CODE = 254
"""The highest code in ``blocked``; rules beyond share it. 255 is used inside :func:`endcap.kernels.barring.bar_others`."""

_NEWER = 1

_EXAMPLES = 10

_FEW = 500
"""So many rows of a rule are remembered one by one; to copy a catalogue's bytes costs less than to remember more."""


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


class Rulebook:
    """Rules as answers ask them: numbered, the highest priority first, by what they do. Made once, for all answers.

    ``rules`` in the order in which they are written get the codes from ``first_code`` upwards. Their order does not matter
    otherwise.
    """

    def __init__(self, rules: Sequence[Rule], first_code: int) -> None:
        self.rules = tuple(rules)
        self.first_code = first_code
        numbered = [(min(code, LAST_CODE), rule) for code, rule in enumerate(rules, start=first_code)]
        self.numbered = tuple(sorted(numbered, key=lambda one: -one[1].priority))
        self.has_audience = any(rule.audience for rule in rules)
        """Whether a rule is for some shoppers only."""
        self.always = not self.has_audience and all(rule.period == (None, None) and not rule.dry_run for rule in rules)
        """Whether all of them act on every answer."""
        self.effects = _Effects.of(self.numbered)

    def __len__(self) -> int:
        return len(self.rules)

    @property
    def next_code(self) -> int:
        """The first code that is free for further rules."""
        return self.first_code + len(self.rules)


class _Effects(NamedTuple):
    """Rules that act, by the effects that they have: most have one of the five, and the others are not asked about.

    ``active`` and ``barring`` have the code of each; ``barring`` also says whether it removes and whether it allows.
    """

    active: tuple[tuple[int, Rule], ...]
    barring: tuple[tuple[int, Rule, bool, bool], ...]
    factors: tuple[Rule, ...]
    pins: tuple[Rule, ...]
    caps: tuple[Rule, ...]

    @classmethod
    def of(cls, active: Sequence[tuple[int, Rule]]) -> _Effects:
        told = [(code, rule, _has_effect(type(rule), "removes"), _has_effect(type(rule), "allows")) for code, rule in active]
        barring = tuple(one for one in told if one[2] or one[3])
        factors, pins, caps = (
            tuple(rule for _, rule in active if _has_effect(type(rule), effect)) for effect in ("factors", "pins", "caps")
        )
        return cls(tuple(active), barring, factors, pins, caps)


class Bar(NamedTuple):
    """What a rule keeps out, with its code: ``rows`` int32, or a bool for each row; or all but the rows that it ``allows``."""

    code: int
    rows: Rows | Mask
    allows: bool = False

    @property
    def names_rows(self) -> bool:
        """Whether it names what it keeps out row by row."""
        return not self.allows and self.rows.dtype != np.bool_

    @property
    def is_sparse(self) -> bool:
        """Whether it names what it keeps out row by row, by a code that no other rule shares."""
        return self.names_rows and self.code < LAST_CODE

    def put(self, blocked: NDArray[np.uint8]) -> None:
        """Give what is kept out the code, where it has none yet."""
        if self.allows:
            bar_others(blocked, self.rows, self.code)
        elif self.rows.dtype == np.bool_:
            bar_where(blocked, self.rows, self.code)
        elif len(self.rows) == 1:  # as it mostly is: the product of the page
            row = self.rows.item()
            if row < len(blocked) and not blocked[row]:
                blocked[row] = self.code
        else:
            mark(blocked, self.rows, self.code)


class ActiveRules:
    """The rules of a book that hold for a query: those within their dates, for its audience, that are no dry run.

    All of an answer's rules, or those of one shelf, are one of these; where both are there, scores take the factors of both, and
    pins and caps of both hold.
    """

    def __init__(self, book: Rulebook, query: Query, view: ItemView) -> None:
        view.columns.refresh()
        self.book = book
        self._query = query
        self._view = view
        self._n_rows = view.columns.n_rows
        self._trying: Sequence[Rule] = ()
        self._effects = book.effects
        if not book.always:
            holding = [one for one in book.numbered if one[1].holds(query)]
            self._effects = _Effects.of([one for one in holding if not one[1].dry_run])
            self._trying = [rule for _, rule in holding if rule.dry_run]

    @property
    def labels(self) -> dict[int, str]:
        """Why a row may not be shown, by code."""
        labels: dict[int, str] = {}
        for code, rule in enumerate(self.book.rules, start=self.book.first_code):
            known = labels.get(min(code, LAST_CODE))
            labels[min(code, LAST_CODE)] = label_of(rule) if known is None else f"{known}, or {label_of(rule)}"
        return labels

    def block(self, blocked: NDArray[np.uint8]) -> list[int] | None:
        """Give what is kept out the code of its rule, where it has none yet. Returns the rows that it can be, where they are few.

        Products that are newer than this answer's view of the catalogue, which no rule has seen, wait for the next answer.
        """
        bars, kept_out = self.bars(), list[int]()
        is_sparse = True
        if len(self._view) > self._n_rows:
            newer = blocked[self._n_rows :]
            newer[newer == 0] = _NEWER
            is_sparse = False
        for bar in bars:
            bar.put(blocked)
            is_sparse = is_sparse and bar.names_rows and len(bar.rows) <= _FEW
            if is_sparse:
                kept_out += bar.rows.tolist()
        return kept_out if is_sparse else None

    def bars(self) -> list[Bar]:
        """What each rule keeps out, in the order in which they are asked; none for a rule that keeps nothing out now."""
        query, view, found = self._query, self._view, list[Bar]()
        for code, rule, removes, allows in self._effects.barring:
            if removes and len(removed := rule.removes(query, view)):
                found.append(Bar(code, removed))
            if allows and (allowed := rule.allows(query, view)) is not None:
                found.append(Bar(code, allowed, allows=True))
        return found

    def factors(self, rows: Rows) -> NDArray[np.float32] | None:
        """What the scores of these rows are multiplied by, float32; nothing where no rule changes any."""
        found = [rule.factors(self._query, self._view, rows) for rule in self._effects.factors]
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
        wanted = [(-rule.priority, *pin) for rule in self._effects.pins for pin in rule.pins(self._query, self._view)]
        return _settled(wanted) if wanted else ()

    @property
    def caps(self) -> tuple[Cap, ...]:
        """How many of a group an answer may have; all of them hold."""
        found = (rule.caps(self._query, self._view) for rule in self._effects.caps)
        return tuple(cap for cap in found if cap is not None)

    def effects(self, row: int) -> tuple[Effect, ...]:
        """What each rule does to a row, for explanations: all that keep it out, not the first alone."""
        return tuple(effect for _, rule in self._effects.active for effect in _effects(rule, self._query, self._view, row))

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
    active = ActiveRules(Rulebook((now,), LAST_CODE - 1), query, view)
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
