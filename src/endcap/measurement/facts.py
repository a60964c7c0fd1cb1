"""What a shop's figures need beside what was measured: its settings, its costs, its shelves and its products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from endcap.core.catalog import Item
from endcap.core.placement import Placement, Shelf
from endcap.measurement.costs import Cost, costs_of
from endcap.measurement.rules import decode_rules
from endcap.measurement.settings import settings_of
from endcap.stores.ports import ShopStores


@dataclass(frozen=True, slots=True)
class Assortment:
    """What most products are priced in, and how many can be shown."""

    currency: str | None = None
    offered: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """``costs`` are those the shop told. ``upgrade_shelves`` are the pairs of placement and shelf that offer dearer alternatives.
    ``extra`` are sums of the whole shop that others keep (customers and their worth), as of now; they stand in the total only.
    ``offered`` is how many products can be shown.
    """

    currency: str | None = None
    zone: str = "UTC"
    costs: tuple[Cost, ...] = ()
    upgrade_shelves: frozenset[tuple[str, str]] = frozenset()
    extra: Mapping[str, int] = field(default_factory=dict)
    offered: int = 0


NO_FACTS = Facts()


def facts_of(
    stores: ShopStores, assortment: Assortment, placements: Iterable[Placement], extra: Mapping[str, int] | None = None
) -> Facts:
    """The facts of a shop as its documents say them. The currency is the one that was measured in, once that is settled."""
    settings = settings_of(stores.documents)
    rules = stores.measures.progress().rules
    measured = decode_rules(rules).currency if rules else ""
    return Facts(
        currency=measured or settings.currency or assortment.currency, zone=settings.time_zone, costs=costs_of(stores.documents),
        upgrade_shelves=upgrade_shelves(placements), extra=extra or {}, offered=assortment.offered,
    )  # fmt: skip


def assortment_of(items: Iterable[Item]) -> Assortment:
    """The assortment of a catalogue; of two currencies that are as frequent, the first of the alphabet."""
    currencies: Counter[str] = Counter()
    offered = 0
    for item in items:
        offered += not item.hidden
        if item.currency is not None:
            currencies[item.currency] += 1
    most = min(currencies, key=lambda name: (-currencies[name], name), default=None)
    return Assortment(most, offered)


def upgrade_shelves(placements: Iterable[Placement]) -> frozenset[tuple[str, str]]:
    """The shelves that offer dearer alternatives, each with its placement."""
    return frozenset((placement.name, shelf.name) for placement in placements for shelf in placement.shelves if _upgrades(shelf))


def _upgrades(shelf: Shelf) -> bool:
    learned = shelf.learned is not None and shelf.learned.task == "upsell"
    return learned or any(rule.get("rule") == "only_upgrades" for rule in shelf.rules)
