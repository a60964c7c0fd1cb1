"""What the shop sells, read from ``assortment.toml`` beside this file."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from endcap.core.catalog import Season

TIERS = ("budget", "mid", "premium")
DEFAULT_FAMILIES = 6


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of product; the fields are explained at the top of ``assortment.toml``."""

    name: str
    category: str
    shape: str
    prices: tuple[float, float, float]
    colours: tuple[str, ...]
    lines: tuple[str, ...]
    materials: tuple[str, ...]
    sizes: tuple[str, ...] = ()
    families: int = DEFAULT_FAMILIES
    goes_with: dict[str, int] = {}
    accessory_of: tuple[str, ...] = ()
    seasons: tuple[Season, ...] = ()
    replenish: int | None = None


class BrandGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Brands that sell in the same departments, and the names they give their models."""

    departments: tuple[str, ...]
    names: tuple[str, ...]
    models: tuple[str, ...]


class Assortment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole shop as data. ``departments`` maps each department to its categories, ``colours`` a name to its hex code."""

    name: str
    tagline: str
    currency: str
    departments: dict[str, tuple[str, ...]]
    colours: dict[str, str]
    type: dict[str, Kind]
    brands: dict[str, BrandGroup]

    def department_of(self, category: str) -> str:
        """The department that a category belongs to."""
        return next(name for name, categories in self.departments.items() if category in categories)

    def brand_group(self, department: str) -> BrandGroup:
        """The brands that sell in a department."""
        return next(group for group in self.brands.values() if department in group.departments)


@cache
def load_assortment() -> Assortment:
    """The assortment of the shop.

    >>> len(load_assortment().type) > 90
    True
    """
    text = files(__package__).joinpath("assortment.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Assortment)
