"""Whether the data can be relied on: what arrives, what was set aside, how far the server is behind, how fast it answers."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from endcap.core.events import EVENT_TYPES
from endcap.core.time import DAY_MS
from endcap.measurement.catalogue import GROUPS
from endcap.measurement.components import NUMBER
from endcap.measurement.questions import ReportQuery
from endcap.measurement.watch.notes import WatchReport, standing
from endcap.web.console.frame import Address, Page, Visit
from endcap.web.console.tally import Counts
from endcap.web.console.told import Told, told
from endcap.web.console.words import ago, count_of, day, duration, number, percent, spoken
from endcap.web.metrics import BUCKETS_S
from endcap.web.site import RunningShop, Site

_QUARANTINE_SHOWN = 20
_LATELY_DAYS = 28
_RECEIVED = {
    "accepted": "Taken in", "duplicate": "Sent twice, counted once", "quarantined": "Set aside",
    "rejected": "Refused, with the reason",
}  # fmt: skip
_PRODUCT_FIELDS = ("category", "brand", "price", "cost", "image_url", "url", "stock")
_MUCH_MISSING = 0.5
_HOT = {"/v1/recommendations": "One shelf", "/v1/recommendations/page": "A page of shelves", "/v1/events": "Events taken in"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One number with its name, and a word on it."""

    name: str
    value: str
    note: str = ""
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a list: its name, its value in words, its width in per cent of the widest."""

    name: str
    value: str
    width: float
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast one kind of request was answered since the server started, and how often with success."""

    name: str
    requests: str
    usual: str
    slow: str
    success: str
    alarm: bool


def health(visit: Visit) -> Page:
    """The page."""
    shop, log = visit.shop, visit.shop.service.stores.log
    counts = visit.tallies.of(shop)
    lacking, complete = missing(shop)
    watched = standing(shop.service.stores, visit.now_ms)
    return Page(
        "health.html",
        {
            "section": "health", "facts": facts(shop, counts, visit.now_ms), "bars": event_bars(counts),
            "counting": counts.position < shop.service.live.applied_seq, "missing": lacking, "complete": complete,
            "quarantined": log.quarantined(_QUARANTINE_SHOWN), "quarantine_total": log.quarantined_count(),
            "speeds": speeds(visit.site), "refused": refused(visit.site), "received": received(shop, visit.site),
            "looked": watched.looked_ms > 0, "stale": watched.stale, "alarms": alarms(watched, visit.now_ms),
            "checked": [one.title for one in watched.checks if one.state == "fine"],
            "bots": bots(visit), "service": service(visit), "lately": _LATELY_DAYS,
        },
    )  # fmt: skip


def alarms(watched: WatchReport, now_ms: int) -> list[Fact]:
    """What is wrong by the watch, the newest first: since when, and what to do."""
    return [Fact(one.title, ago(now_ms - one.opened_ms), one.sentence, alarm=True) for one in watched.open]


def facts(shop: RunningShop, counts: Counts, now_ms: int) -> list[Fact]:
    """The state of the data."""
    service = shop.service
    total = service.stores.log.count()
    products = [item for item in service.state.items.items if item is not None]
    available = sum(item.available_at(now_ms) for item in products)
    quarantined = service.stores.log.quarantined_count()
    newest_ms = service.stores.log.last_at_ms()
    lag = total - service.live.applied_seq
    return [
        Fact("Events", number(total), f"newest {ago(now_ms - newest_ms)}" if newest_ms else "none yet"),
        *_counted(counts, total),
        Fact("Products", number(len(products)), f"{number(available)} available now"),
        Fact(
            "Quarantine", number(quarantined), "ids that came twice with different contents" if quarantined else "nothing odd",
            alarm=quarantined > 0,
        ),
        Fact("Live state", f"{number(lag)} behind" if lag > 0 else "up to date", "what happens counts at once", alarm=lag > 0),
        Fact("Answers kept", number(service.stores.decisions.count()), "each can be read again"),
    ]  # fmt: skip


def _counted(counts: Counts, total: int) -> list[Fact]:
    """What only the whole log tells; until it is counted, how far that came."""
    if counts.position < total:
        share = f"counting, {counts.position / total:.0%}"
        return [Fact(name, "…", share) for name in ("Orders", "Customers", "Time span")]
    return [
        Fact("Orders", number(counts.events["purchase"]), count_of(counts.events["refund"], "refund")),
        Fact("Customers", number(len(counts.customers)), count_of(len(counts.sessions), "visit")),
        Fact("Time span", *span(counts)),
    ]


def span(counts: Counts) -> tuple[str, str]:
    """How many days the log covers, and from when to when."""
    if counts.first_at_ms is None or counts.last_at_ms is None:
        return "none", "no events yet"
    days = (counts.last_at_ms - counts.first_at_ms) // DAY_MS + 1
    return count_of(days, "day"), f"{day(counts.first_at_ms)} to {day(counts.last_at_ms)}"


def event_bars(counts: Counts) -> list[Bar]:
    """The types of events that occurred, most frequent first."""
    present = [(name, counts.events[name]) for name in EVENT_TYPES if counts.events[name]]
    most = max((count for _, count in present), default=1)
    return [
        Bar(spoken(name), number(count), max(0.5, 100 * count / most)) for name, count in sorted(present, key=lambda one: -one[1])
    ]


def missing(shop: RunningShop) -> tuple[list[Bar], list[str]]:
    """What some products lack of what recommendations and reports could use, as a share of all; and what none lacks."""
    products = [item for item in shop.service.state.items.items if item is not None]
    if not products:
        return [], []
    lacking = {name: sum(getattr(item, name) in (None, (), "") for item in products) / len(products) for name in _PRODUCT_FIELDS}
    bars = [
        Bar(_product_field(name), percent(share), 100 * share, alarm=share > _MUCH_MISSING)
        for name, share in lacking.items()
        if share
    ]
    return bars, [_product_field(name).lower() for name, share in lacking.items() if not share]


def _product_field(name: str) -> str:
    return {"url": "Address", "image_url": "Picture"}.get(name, spoken(name))


def received(shop: RunningShop, site: Site) -> list[Bar]:
    """What became of the events that came in since the server started."""
    counts = site.metrics.counted("endcap_events_total", shop.name)
    total = sum(counts.values())
    return [
        Bar(words, number(counts[kind]), 100 * counts[kind] / total, alarm=kind in ("quarantined", "rejected"))
        for kind, words in _RECEIVED.items()
        if counts.get(kind)
    ]


def bots(visit: Visit) -> tuple[str, str]:
    """How many events of crawlers were left out lately, and how many crawlers were first seen then."""
    since_ms, until_ms = visit.now_ms - _LATELY_DAYS * DAY_MS, visit.now_ms
    found = visit.shop.service.stores.measures.cells("day", since_ms, until_ms, [NUMBER["bots"], NUMBER["bot_people"]])
    events, people = found.values.sum(axis=0).tolist() if len(found.values) else (0, 0)
    return count_of(events, "event"), f" ({count_of(people, 'robot')} first seen in this time)" if people else ""


def service(visit: Visit) -> list[Told]:
    """How answers went lately, as the catalogue counts it."""
    names = tuple(metric.name for metric in GROUPS["Service"])
    query = ReportQuery(since_ms=visit.now_ms - _LATELY_DAYS * DAY_MS, until_ms=visit.now_ms, metrics=names)
    found = visit.shop.service.report(query)
    return [told(name, found.total.figures[name], found.currency, placement="") for name in names]


def speeds(site: Site) -> list[Speed]:
    """How the requests that matter were answered since the start."""
    rows = []
    for route, name in _HOT.items():
        buckets = site.metrics.latency(route)
        total = sum(buckets)
        if not total:
            continue
        failed = sum(count for (asked, _, status), count in site.metrics.requests.items() if asked == route and status >= 500)
        usual, slow = (quantile(buckets, share) for share in (0.5, 0.99))
        rows.append(Speed(name, number(total), usual, slow, percent(1 - failed / total), alarm=failed > 0))
    return rows


def quantile(buckets: Sequence[int], share: float) -> str:
    """Below which edge of the histogram a share of the requests lie, in words.

    >>> quantile([0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 0.5).replace("\u202f", " ")
    'within 2.50 ms'
    """
    wanted, so_far = share * sum(buckets), 0
    edges = []
    for count in buckets:
        so_far += count
        edges.append(so_far)
    at = bisect_left(edges, wanted)
    return f"within {duration(1000 * BUCKETS_S[at])}" if at < len(BUCKETS_S) else f"over {duration(1000 * BUCKETS_S[-1])}"


def refused(site: Site) -> list[tuple[str, str, str]]:
    """Requests that were turned away since the start: what was asked for, why, how often."""
    merged: Counter[tuple[str, int]] = Counter()
    for (route, _, status), count in site.metrics.requests.items():
        if status >= 400:
            merged[route, status] += count
    return [(route, _STATUS.get(status, f"status {status}"), number(count)) for (route, status), count in merged.most_common(10)]


_STATUS = {
    400: "not readable as JSON", 401: "without a key that works", 403: "with a key that may not", 404: "names nothing known",
    409: "something is missing for it", 413: "too large", 422: "contents that cannot be used", 429: "too many tries",
    500: "failed here", 503: "too busy",
}  # fmt: skip

ADDRESSES = (Address("/console/health", health),)
