"""From a journey to sums: a pure function of what is kept of people, so that the order of arrival cannot matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zlib import crc32

import msgspec

from endcap.core.events import KIND
from endcap.core.time import DAY_MS, HOUR_MS
from endcap.measurement.bots import too_fast
from endcap.measurement.components import COMPONENTS
from endcap.measurement.crediting import Credit, credits_of, touches_of
from endcap.measurement.journeys import Journey, Met, Part
from endcap.measurement.ledger import Entry, Hours, Ledger, Weeks
from endcap.measurement.orders import Order, Return, orders_of, returns_of
from endcap.measurement.people import Person, people_of
from endcap.measurement.rules import Rules
from endcap.measurement.shelf_sums import Pair, deeds_ms, shelf_sums
from endcap.measurement.shop_sums import shop_sums
from endcap.stores.measures import Cell, UnitSums
from endcap.stores.sums import added

GROUPS = 64
"""So many groups are people parted into at random, by their names."""

BEFORE_DAYS = 28
"""How far back what somebody did before they met an experiment is looked at."""

_SHOP = frozenset(number for number, one in enumerate(COMPONENTS) if one.scope == "shop")
_PER_UNIT = frozenset(number for number, one in enumerate(COMPONENTS) if one.per_unit)
_CART, _PURCHASE = KIND["add_to_cart"], KIND["purchase"]


class Contributions:
    """All that a journey adds to sums by hour, to sums by group of people, to those of items, and its units of experiments."""

    __slots__ = ("groups", "hours", "items", "units")

    def __init__(self) -> None:
        self.hours: Hours = {}
        self.groups: Hours = {}
        self.items: Weeks = {}
        self.units: dict[tuple[str, str], UnitSums] = {}


class Trial(msgspec.Struct, frozen=True):
    """What must be known of a run of an experiment to count for its units: who they are, and when it ended, if it did."""

    unit: str
    ended_ms: int | None = None


def contribute(total: Contributions, journey: Journey, rules: Rules, trials: Mapping[str, Trial]) -> None:
    """Add what a journey contributes."""
    for person in people_of(journey):
        if _is_bot(person):
            ledger = Ledger({})
            _count_bot(ledger, person)
            _add_hours(total, person, ledger)
        else:
            ledger = ledger_of(person, journey, rules)
            _add_hours(total, person, ledger)
            _add_units(total, person, ledger.entries, trials)
    _add_settled(total, journey)


def ledger_of(person: Person, journey: Journey, rules: Rules) -> Ledger:
    """The contributions of one person, who is no bot."""
    ledger = Ledger(journey.answers)
    orders = orders_of(person.acts)
    touches = touches_of(person)
    returns = returns_of(person.acts, orders)
    credited: list[list[Credit | None]] = [
        [] if order.foreign else credits_of(order, touches, person.seen, journey.answers, rules) for order in orders
    ]
    shelf_sums(ledger, person, touches, _sales(ledger, orders, credited, returns), rules)
    shop_sums(ledger, person, orders, credited, returns)
    return ledger


def _sales(
    ledger: Ledger, orders: Sequence[Order], credited: Sequence[Sequence[Credit | None]], returns: Sequence[Return]
) -> set[Pair]:
    """Add what is credited; gives the answers and items that have direct credit."""
    bought: set[Pair] = set()
    credit_of: dict[int, Credit] = {}
    for order, found in zip(orders, credited, strict=True):
        newest: dict[str, Credit] = {}
        for line, credit in zip(order.lines, found, strict=False):
            if credit is None:
                continue
            credit_of[id(line)] = credit
            kind, touch = credit
            newest[kind] = max(credit, newest.get(kind, credit))
            cell = ledger.cell(touch.answer, touch.item)
            ledger.add(order.at_ms, cell, f"lines_{kind}", 1, order.part)
            ledger.add(order.at_ms, cell, f"units_{kind}", line.quantity, order.part)
            ledger.add(order.at_ms, cell, f"revenue_{kind}", line.paid, order.part)
            if kind == "direct":
                bought.add((touch.answer, touch.item))
                ledger.add_item(order.at_ms, line.item, "units_direct", line.quantity)
        for kind, (_, touch) in newest.items():
            ledger.add(order.at_ms, ledger.cell(touch.answer, touch.item), f"orders_{kind}", 1, order.part)
    for one in returns:
        credit = credit_of.get(id(one.line)) if one.line is not None else None
        if credit is not None:
            cell = ledger.cell(credit.touch.answer, credit.touch.item)
            ledger.add(one.at_ms, cell, f"units_returned_{credit.kind}", one.pieces, one.part)
            ledger.add(one.at_ms, cell, f"returned_{credit.kind}", one.amount, one.part)
            ledger.add(one.at_ms, cell, f"units_defect_{credit.kind}", one.pieces if one.defect else 0, one.part)
    return bought


def _is_bot(person: Person) -> bool:
    carts = [(act.item, act.at_ms) for act, _ in person.acts if act.kind == _CART]
    purchases = [(act.item, act.at_ms) for act, _ in person.acts if act.kind == _PURCHASE] if carts else []
    return too_fast(deeds_ms(person), carts, purchases)


def _count_bot(ledger: Ledger, person: Person) -> None:
    deeds: list[tuple[int, Part]] = [(act.at_ms, part) for act, part in person.acts]
    deeds += [one for views in person.views.values() for one in views]
    deeds += [one for items in person.seen.values() for one in items.values()]
    for at_ms, part in deeds:
        ledger.add(at_ms, Cell(), "bots", 1, part)
    first_ms, part = min(deeds, key=lambda deed: (deed[0], deed[1].name))
    ledger.add(first_ms, Cell(), "bot_people", 1, part)


def _add_hours(total: Contributions, person: Person, ledger: Ledger) -> None:
    hours, groups = total.hours, total.groups
    group = crc32(person.name.encode()) % GROUPS
    cells: dict[str, Cell] = {}
    for at_ms, cell, number, value, _ in ledger.entries:
        key = (at_ms // HOUR_MS, cell)
        sums = hours.get(key)
        if sums is None:
            sums = hours[key] = {}
        sums[number] = sums.get(number, 0) + value
        if number in _SHOP:
            of_group = cells.get(cell.arm)
            if of_group is None:
                of_group = cells[cell.arm] = Cell(arm=cell.arm, group=group)
            key = (at_ms // DAY_MS, of_group)
            sums = groups.get(key)
            if sums is None:
                sums = groups[key] = {}
            sums[number] = sums.get(number, 0) + value
    for week, values in ledger.items.items():
        known = total.items.get(week)
        total.items[week] = values if known is None else [old + new for old, new in zip(known, values, strict=True)]


def _add_units(total: Contributions, person: Person, entries: Sequence[Entry], trials: Mapping[str, Trial]) -> None:
    for experiment, meetings in person.met.items():
        trial = trials.get(experiment)
        by_unit: dict[str, list[Met]] = {}
        for met, part in meetings:
            by_unit.setdefault(_unit(person, part, trial), []).append(met)
        for unit, known in by_unit.items():
            ended_ms = trial.ended_ms if trial is not None else None
            mine = [entry for entry in entries if _unit(person, entry[4], trial) == unit]
            total.units[experiment, unit] = _unit_sums(min(known), mine, ended_ms)


def _add_settled(total: Contributions, journey: Journey) -> None:
    """Add what units have from what is no longer kept."""
    for run, units in journey.settled.items():
        for unit, (after, before) in units.items():
            known = total.units.get((run, unit))
            if known is not None:
                sums = UnitSums(
                    known.arm, known.exposed_ms, known.segment, added(known.after, after), added(known.before, before)
                )
                total.units[run, unit] = sums


def _unit(person: Person, part: Part, trial: Trial | None) -> str:
    """The unit that a part of a person's journey belongs to."""
    if trial is None or trial.unit == "person":
        return person.name
    if trial.unit == "session":
        return part.session
    return part.visitor or part.session


def _unit_sums(met: Met, entries: Sequence[Entry], ended_ms: int | None) -> UnitSums:
    at_ms = met.at_ms
    after: dict[int, int] = {}
    before: dict[int, int] = {}
    since_ms = at_ms - BEFORE_DAYS * DAY_MS
    for entry_ms, _, number, value, _ in entries:
        if number not in _PER_UNIT or entry_ms < since_ms or (ended_ms is not None and entry_ms >= ended_ms):
            continue
        sums = after if entry_ms >= at_ms else before
        sums[number] = sums.get(number, 0) + value
    return UnitSums(met.arm, at_ms, met.segment, after, before)
