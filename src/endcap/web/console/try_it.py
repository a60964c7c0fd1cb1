"""The page that asks the engine as a shopper's page would, and tells how the answer came about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from endcap.core.catalog import Item
from endcap.core.request import RecommendRequest, RecommendResponse
from endcap.errors import EndcapError
from endcap.serving.items import ItemTable
from endcap.web.console.frame import Address, Download, Page, Visit
from endcap.web.console.told import place
from endcap.web.console.words import money
from endcap.web.site import RunningShop

ITEMS_PATH = "/console/items"
MAX_FOUND = 12
"""How many products a search offers."""

EXAMPLES = 3
"""How many products the empty page offers to begin with."""

_USUAL = "product"
"""The placement that the page begins with, where the shop has it."""

_FIELDS = ("placement", "shelf", "item_id", "user_id", "session_id", "cart", "count", "language", "why_not")


class FoundItem(msgspec.Struct, frozen=True):
    """A product that a search offers."""

    item_id: str
    title: str
    price: str


def try_it(visit: Visit) -> Page:
    """What the form asks, and the engine's answer to it or what is wrong with it. Not a decision: no shopper saw it."""
    asked = {name: visit.query.get(name, "").strip() for name in _FIELDS}
    answer, refusal = _answered(asked, visit.shop) if asked["placement"] else (None, None)
    placements = {name: place(name) for name in sorted(visit.shop.service.state.placements)}
    return Page(
        "try.html",
        {
            "section": "try", "asked": asked,
            "placements": placements, "usual": _USUAL if _USUAL in placements else next(iter(placements), ""), "answer": answer,
            "refusal": refusal, "micros": answer.explanation.micros if answer and answer.explanation else 0.0,
            "title_of": titles(visit.shop), "examples": [] if asked["placement"] else examples(visit.shop.service.state.items),
        },
    )  # fmt: skip


def _answered(asked: dict[str, str], shop: RunningShop) -> tuple[RecommendResponse | None, str | None]:
    fields: dict[str, Any] = {name: value for name, value in asked.items() if value}
    fields["cart"] = asked["cart"].replace(",", " ").split()
    if language := fields.pop("language", None):
        fields["context"] = {"language": language}
    try:
        request = msgspec.convert({**fields, "explain": True}, RecommendRequest, strict=False)
        return shop.service.engine.recommend(request), None
    except (EndcapError, msgspec.ValidationError) as error:
        return None, error.sentence if isinstance(error, EndcapError) else str(error)


def items(visit: Visit) -> Download:
    """Products that fit what is being typed, for the search boxes."""
    found = search(visit.shop.service.state.items, visit.query.get("q", "")[:100])
    return Download(msgspec.json.encode([_offered(item) for item in found]), "application/json")


def _offered(item: Item) -> FoundItem:
    return FoundItem(item.item_id, item.title, money(float(item.price), item.currency) if item.price is not None else "")


def search(items: ItemTable, text: str) -> list[Item]:
    """Products whose id starts with ``text`` or whose title holds all its words; ids first."""
    wanted = text.casefold().split()
    if not wanted:
        return []
    by_id: list[Item] = []
    by_title: list[Item] = []
    for item in items.items:
        if item is None:
            continue
        if item.item_id.casefold().startswith(wanted[0]) and len(wanted) == 1:
            by_id.append(item)
        elif len(by_title) < MAX_FOUND and all(word in item.title.casefold() for word in wanted):
            by_title.append(item)
        if len(by_id) >= MAX_FOUND:
            break
    return (by_id + by_title)[:MAX_FOUND]


def examples(items: ItemTable) -> list[Item]:
    """Some products to begin with, the first ones of different categories."""
    by_category: dict[tuple[str, ...], Item] = {}
    for item in items.items:
        if item is not None and item.stock != 0 and not item.hidden:
            by_category.setdefault(item.category, item)
        if len(by_category) == EXAMPLES:
            break
    return list(by_category.values())


def titles(shop: RunningShop) -> Callable[[str], str]:
    """A function from an item's id to its title."""
    items = shop.service.state.items

    def title_of(item_id: str) -> str:
        row = items.row(item_id)
        return items.title(row) if row >= 0 else item_id

    return title_of


ADDRESSES = (Address("/console/try", try_it, in_loop=True), Address(ITEMS_PATH, items))
