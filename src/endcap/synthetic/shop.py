"""The shop as a whole: made from a seed, written as files that any shop could send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from endcap.core.catalog import Item, encode_item
from endcap.core.events import Event, encode_event
from endcap.core.time import DAY_MS, HOUR_MS
from endcap.errors import BadOption
from endcap.synthetic.assortment import Assortment, load_assortment
from endcap.synthetic.behaviour import Act, Behaviour
from endcap.synthetic.dice import Dice
from endcap.synthetic.families import Family, make_families
from endcap.synthetic.people import Person, make_people
from endcap.synthetic.truth import Truth, plant_links

PRODUCTS_FILE, EVENTS_FILE = "products.jsonl", "events.jsonl"

Progress = Callable[[float], None]
"""Told how much is done, from 0 to 1."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a shop: people, about how often customers come, and the days it covers."""

    customers: int = 7_500
    guests: int = 11_500
    visits_per_customer: float = 5.6
    days: int = 180

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if getattr(self, name) < 1:
                value = getattr(self, name)
                raise BadOption(f"{name} is {value}", field=name, value=value, remedy="choose at least 1")


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything there is to know of the shop: its products, its events in time order, and the truth behind them."""

    name: str
    items: list[Item]
    events: list[Event]
    truth: Truth
    families: list[Family]

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write products and events as JSON lines; returns both paths. Equal shops give equal bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        products, events = folder / PRODUCTS_FILE, folder / EVENTS_FILE
        products.write_bytes(b"".join(encode_item(item) + b"\n" for item in self.items))
        events.write_bytes(b"".join([encode_event(event) + b"\n" for event in self.events]))
        return products, events


def make_shop(seed: int, end_ms: int, size: Size | None = None, progress: Progress = lambda _: None) -> Shop:
    """The shop of a seed, with a history that ends at ``end_ms`` (rounded down to the hour).

    About 6 s and 500 MB at the default size; time and memory grow with the number of visits.

    >>> shop = make_shop(seed=1, end_ms=1_750_000_000_000, size=Size(customers=20, guests=10))
    >>> cup = shop.items[0].item_id
    >>> shop.truth.upgrades(cup).isdisjoint(shop.truth.substitutes(cup))
    True
    """
    size = size or Size()
    span = _span(end_ms, size)
    assortment = load_assortment()
    truth, people = _plant(assortment, seed, span, size)
    behaviour = Behaviour(assortment, truth.families, truth, Dice(seed, 4), span)
    for number, person in enumerate(people):
        behaviour.live(person)
        if number % 500 == 0:
            progress(number / len(people))
    acts = sorted(behaviour.acts, key=lambda act: act.at_ms)
    events = [_event(seed, number, act) for number, act in enumerate(acts)]
    return Shop(assortment.name, _items(assortment, truth.families, truth), events, truth, truth.families)


def plant(seed: int, end_ms: int, size: Size | None = None) -> Truth:
    """The truth alone of the shop that :func:`make_shop` makes, without anybody's life in it: a second or two."""
    size = size or Size()
    truth, _ = _plant(load_assortment(), seed, _span(end_ms, size), size)
    return truth


def _span(end_ms: int, size: Size) -> tuple[int, int]:
    end_ms = end_ms // HOUR_MS * HOUR_MS
    return end_ms - size.days * DAY_MS, end_ms


def _plant(assortment: Assortment, seed: int, span: tuple[int, int], size: Size) -> tuple[Truth, list[Person]]:
    # One stream each, so that a change to the people leaves the products as they are.
    families = make_families(assortment, Dice(seed, 1), *span)
    truth = Truth(assortment, families, plant_links(assortment, families, Dice(seed, 2)))
    people = make_people(assortment, Dice(seed, 3), size.customers, size.guests, size.visits_per_customer)
    truth.tastes |= {person.user_id: person.taste() for person in people if person.user_id}
    return truth, people


def _event(seed: int, number: int, act: Act) -> Event:
    """The act as an event; its id sorts by time, and another seed gives another."""
    event_id = f"{act.at_ms:011x}-{seed:x}-{number:06x}"
    return Event(event_id=event_id, type=act.type, at=act.at_ms, **act.fields)  # type: ignore[arg-type]


def _items(assortment: Assortment, families: list[Family], truth: Truth) -> list[Item]:
    """All items in the order of the assortment, accessories with what they were made for."""
    made_for: dict[int, list[str]] = {}
    for row, linked in enumerate(truth.links):
        for other in linked:
            if families[row].kind in assortment.type[families[other].kind].accessory_of:
                made_for.setdefault(other, []).extend(item.item_id for item in families[row].items)
    return [
        msgspec.structs.replace(item, accessory_of=tuple(made_for.get(row, ())))
        for row, family in enumerate(families)
        for item in family.items
    ]
