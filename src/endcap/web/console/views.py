"""What the console shows, made from a running shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from endcap.core.catalog import Item
from endcap.core.events import EVENT_TYPES
from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, iso
from endcap.serving.items import ItemTable
from endcap.web.console.tally import Counts
from endcap.web.site import RunningShop

MAX_FOUND = 12
"""How many products a search offers."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its name, and a word on it."""

    name: str
    value: str
    note: str = ""
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class ArtifactRow:
    """One artifact of the bundle that serves."""

    name: str
    algorithm: str
    shape: str
    options: str
    quality: str


@dataclass(frozen=True, slots=True)
class BundleView:
    """The bundle that serves."""

    version: str
    made: str
    age: str
    data_until: str
    behind: int
    artifacts: list[ArtifactRow]


def figures(shop: RunningShop, counts: Counts, now_ms: int) -> list[Figure]:
    """The state of the data."""
    service = shop.service
    total = service.stores.log.count()
    products = [item for item in service.state.items.items if item is not None]
    available = sum(item.available_at(now_ms) for item in products)
    quarantined = service.stores.log.quarantined_count()
    newest_ms = service.stores.log.last_at_ms()
    lag = total - service.live.applied_seq
    return [
        Figure("Events", number(total), f"newest {ago(now_ms - newest_ms)}" if newest_ms else "none yet"),
        *_counted(counts, total),
        Figure("Products", number(len(products)), f"{number(available)} available now"),
        Figure(
            "Quarantine", number(quarantined), "ids that came twice with different contents" if quarantined else "nothing odd",
            alarm=quarantined > 0,
        ),
        Figure("Live state", f"{number(lag)} behind" if lag > 0 else "up to date", "what happens counts at once", alarm=lag > 0),
        Figure("Answers kept", number(service.stores.decisions.count()), "each can be read again"),
    ]  # fmt: skip


def _counted(counts: Counts, total: int) -> list[Figure]:
    """What only the whole log tells; until it is counted, how far that came."""
    if counts.position < total:
        share = f"counting, {counts.position / total:.0%}"
        return [Figure(name, "…", share) for name in ("Orders", "Customers", "Time span")]
    return [
        Figure("Orders", number(counts.events["purchase"]), f"{number(counts.events['refund'])} refunds"),
        Figure("Customers", number(len(counts.customers)), f"{number(len(counts.sessions))} visits"),
        Figure("Time span", span(counts), dates(counts)),
    ]


def event_bars(counts: Counts) -> list[tuple[str, str, float]]:
    """The types of events that occurred, most frequent first: name, number and width in per cent of the widest."""
    present = [(name, counts.events[name]) for name in EVENT_TYPES if counts.events[name]]
    most = max((count for _, count in present), default=1)
    ordered = sorted(present, key=lambda one: -one[1])
    return [(name.replace("_", " "), number(count), max(0.5, 100 * count / most)) for name, count in ordered]


def bundle_view(shop: RunningShop, now_ms: int) -> BundleView | None:
    """The bundle that serves, nothing before the first training."""
    bundle = shop.service.state.bundle
    if bundle is None:
        return None
    manifest = bundle.manifest
    measured: Any = manifest.notes.get("validation", {})
    rows = [
        ArtifactRow(
            name=one.name.replace("_", " "), algorithm=one.algorithm.replace("_", " "), shape=one.shape.replace("_", " "),
            options=_options(one.options),
            quality=_quality(measured.get(one.name) if isinstance(measured, dict) else None),
        )
        for one in manifest.artifacts
    ]  # fmt: skip
    return BundleView(
        version=manifest.version, made=_minute(manifest.created_at_ms), age=ago(now_ms - manifest.created_at_ms),
        data_until=_minute(manifest.data_until_ms),
        behind=max(0, shop.service.live.applied_seq - manifest.position), artifacts=rows,
    )  # fmt: skip


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


def number(value: int) -> str:
    """A count with thin spaces between thousands.

    >>> number(1234567)
    '1\u202f234\u202f567'
    """
    return f"{value:,}".replace(",", "\u202f")


def chance(propensity: float) -> str:
    """A probability in per cent, with as many places as tell it from never and from always.

    >>> chance(1.0), chance(0.853), chance(0.00042)
    ('100 %', '85 %', '0.042 %')
    """
    percent = 100 * propensity
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"


def ago(ms: int) -> str:
    """How long ago, in the largest fitting unit.

    >>> ago(90_000), ago(5), ago(-5)
    ('1 min ago', 'just now', 'just now')
    """
    for unit_ms, name in ((DAY_MS, "days"), (HOUR_MS, "h"), (MINUTE_MS, "min"), (SECOND_MS, "s")):
        if ms >= unit_ms:
            count = ms // unit_ms
            return f"{number(count)} {'day' if name == 'days' and count == 1 else name} ago"
    return "just now"


def span(counts: Counts) -> str:
    """How many days the log covers."""
    if counts.first_at_ms is None or counts.last_at_ms is None:
        return "none"
    days = (counts.last_at_ms - counts.first_at_ms) // DAY_MS + 1
    return f"{number(days)} day{'s' if days != 1 else ''}"


def dates(counts: Counts) -> str:
    """The first and the last day of the log."""
    if counts.first_at_ms is None or counts.last_at_ms is None:
        return "no events yet"
    return f"{iso(counts.first_at_ms)[:10]} to {iso(counts.last_at_ms)[:10]}"


def _options(options: Mapping[str, object]) -> str:
    """Options in words, those that are not set left out."""
    words = []
    for name, value in options.items():
        if isinstance(value, dict):
            words.append(f"{name} ({_options(value)})")
        elif value is not None:
            words.append(f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}")
    return ", ".join(words)


def _minute(at_ms: int) -> str:
    return iso(at_ms)[:16].replace("T", " ")


def _quality(measured: object) -> str:
    if not isinstance(measured, dict) or "hit_rate_10" not in measured:
        return ""
    questions = number(int(measured.get("questions", 0)))
    return f"{measured['hit_rate_10']:.1%} hit rate at 10 ({measured.get('task', '')}, {questions} questions)"


class FoundItem(msgspec.Struct, frozen=True):
    """A product that a search offers."""

    item_id: str
    title: str
    price: str


def found(item: Item) -> FoundItem:
    """The product as the search box shows it."""
    return FoundItem(item.item_id, item.title, f"{item.price} {item.currency}" if item.price is not None else "")
