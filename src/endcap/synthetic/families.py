"""The products: families (a brand's model of a kind) and their variants (a colour, a size)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from zlib import crc32

import msgspec

from endcap.core.catalog import Item
from endcap.core.time import DAY_MS
from endcap.synthetic.assortment import TIERS, Assortment, Kind
from endcap.synthetic.dice import Dice

_TIER_NOTES = {
    "budget": "A fair price for something made properly.",
    "mid": "The one most of us at {shop} own.",
    "premium": "Made once, made well, and repaired by the people who made it.",
}
_SOLD_OUT, _ON_SALE, _RETIRED, _COMING, _LAUNCHED = 0.04, 0.16, 0.025, 0.02, 0.08
_PICKED_ONE_IN = 10


@dataclass(slots=True)
class Family:
    """A model of a brand. ``weight`` is its popularity in its kind; the first of ``items`` is the variant that sells best."""

    name: str
    kind: str
    category: str
    brand: str
    tier: int
    weight: float
    from_ms: int
    until_ms: int
    items: list[Item] = field(default_factory=list)
    cumulated: list[float] = field(default_factory=list)

    def sells_at(self, at_ms: int) -> bool:
        """Whether the shop offered it then."""
        return self.from_ms <= at_ms < self.until_ms


def make_families(assortment: Assortment, dice: Dice, start_ms: int, end_ms: int) -> list[Family]:
    """All families with their variants, kind by kind; what they go with is not decided here."""
    families: list[Family] = []
    taken: set[str] = set()
    for key, kind in assortment.type.items():
        tiers = [TIERS[i * len(TIERS) // kind.families] for i in range(kind.families)]
        for tier in tiers:
            family = _family(assortment, key, kind, TIERS.index(tier), dice, taken)
            _set_dates(family, dice, start_ms, end_ms)
            _add_variants(family, assortment, kind, dice)
            families.append(family)
    return families


def slug(text: str) -> str:
    """The text as an id that reads well in an address.

    >>> slug("Brae & Burn Bodø, 36–39")
    'brae-burn-bodo-36-39'
    """
    plain = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("–", "-")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _family(assortment: Assortment, key: str, kind: Kind, tier: int, dice: Dice, taken: set[str]) -> Family:
    group = assortment.brand_group(assortment.department_of(kind.category))
    leanings = [4.0 if index % len(TIERS) == tier else 1.0 for index in range(len(group.names))]
    while True:
        brand = group.names[dice.weighted(leanings)]
        model = group.models[dice.below(len(group.models))]
        name = f"{brand} {model} {kind.name}"
        if name not in taken and f"{model} {key}" not in taken:
            taken |= {name, f"{model} {key}"}
            break
    weight = dice.spread(0.7) * (0.9, 1.2, 0.8)[tier]
    return Family(name=name, kind=key, category=kind.category, brand=brand, tier=tier, weight=weight, from_ms=0, until_ms=0)


def _set_dates(family: Family, dice: Dice, start_ms: int, end_ms: int) -> None:
    family.from_ms, family.until_ms = start_ms - 400 * DAY_MS, end_ms + 4_000 * DAY_MS
    fate = dice.uniform()
    if fate < _RETIRED:
        family.until_ms = end_ms - round(dice.between(1, 60)) * DAY_MS
    elif fate < _RETIRED + _COMING:
        family.from_ms = end_ms + round(dice.between(3, 30)) * DAY_MS
    elif fate < _RETIRED + _COMING + _LAUNCHED:
        family.from_ms = start_ms + round(dice.between(20, 150)) * DAY_MS


def _add_variants(family: Family, assortment: Assortment, kind: Kind, dice: Dice) -> None:
    colours = [kind.colours[i] for i in dice.sample(len(kind.colours), 1 + dice.weighted((1, 4, 3, 1)))]
    price = kind.prices[family.tier] * dice.spread(0.1)
    model = _model(family, assortment, kind, dice)
    weights = []
    for i, colour in enumerate(colours):
        for j, size in enumerate(kind.sizes or ("",)):
            weights.append((3.5 if i == 0 else 0.7) * (1.5 if j in (1, 2) else 1.0))
            choices = [word for word in (colour.capitalize() if len(kind.colours) > 1 else "", size) if word]
            attributes = {"colour": colour, **model.attributes, **({"size": size} if size else {})}
            larger = 1 + 0.55 * j if " " in size else 1.0  # "2 l" is more than "1 l"; "L" costs what "M" costs
            family.items.append(_variant(model, choices, attributes, _shelf_price(price * larger), dice))
    best = max(range(len(weights)), key=weights.__getitem__)
    weights.insert(0, weights.pop(best))
    family.items.insert(0, family.items.pop(best))
    family.cumulated = list(accumulate(weights))


def _model(family: Family, assortment: Assortment, kind: Kind, dice: Dice) -> Item:
    """What the variants of a family have in common."""
    lines = [kind.lines[i] for i in sorted(dice.sample(len(kind.lines), 2))]
    material = kind.materials[min(family.tier, len(kind.materials) - 1)]
    note = _TIER_NOTES[TIERS[family.tier]].format(shop=assortment.name)
    return Item(
        item_id=slug(family.name),
        title=family.name,
        description=" ".join([*lines, f"{material[0].upper()}{material[1:]}.", note]),
        category=(assortment.department_of(kind.category), kind.category),
        brand=family.brand,
        currency=assortment.currency,
        tags=(*(("sale",) if dice.chance(_ON_SALE) else ()), *_staff_tags(slug(family.name))),
        attributes={"material": material},
        family=slug(family.name),
        tier=TIERS[family.tier],
        available_from=family.from_ms,
        available_until=family.until_ms,
        seasons=kind.seasons,
        replenish_days=kind.replenish,
    )


def _staff_tags(name: str) -> tuple[str, ...]:
    """Whether those who work there are fond of it; settled by its name, so that no other draw depends on it."""
    return ("staff_pick",) if crc32(name.encode()) % _PICKED_ONE_IN == 0 else ()


def _variant(model: Item, choices: list[str], attributes: dict[str, str], price: Decimal, dice: Dice) -> Item:
    title = f"{model.title} – {', '.join(choices)}" if choices else model.title
    item_id = slug(title)
    return msgspec.structs.replace(
        model,
        item_id=item_id,
        title=title,
        price=price,
        list_price=_shelf_price(float(price) * dice.between(1.15, 1.4)) if "sale" in model.tags else None,
        cost=(price * Decimal(round(dice.between(0.42, 0.62), 3))).quantize(Decimal("0.01")),
        stock=0 if dice.chance(_SOLD_OUT) else 2 + dice.geometric(40),
        image_url=f"/img/{item_id}.svg",
        url=f"/p/{item_id}",
        attributes=attributes,
    )


def _shelf_price(amount: float) -> Decimal:
    """The price as a shop would print it.

    >>> [str(_shelf_price(x)) for x in (6.13, 23.7, 131.0, 402.0)]
    ['5.90', '23.90', '129.00', '399.00']
    """
    if amount < 100:
        return Decimal(max(round(amount), 2)) - Decimal("0.10")
    return Decimal(f"{max(round(amount / 10) * 10 - 1, 99)}.00")
