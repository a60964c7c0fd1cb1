"""A shop whose log holds clicks, filled by the day file where appending every event would take longer than training."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from endcap.bench.clicks import TOPIC_SIZE, Clicks
from endcap.core.catalog import Item
from endcap.core.events import KIND, Event, Line, encode_event
from endcap.core.time import DAY_MS
from endcap.errors import EndcapError
from endcap.stores.archive import write_day
from endcap.stores.durable import flush
from endcap.stores.history import ArchivingLog, Row
from endcap.stores.ports import ShopStores

HOT_DAYS = 3
"""How many of the newest days are rows of the log and not yet archived, as ``endcap compact`` leaves it."""

_PURCHASE = KIND["purchase"]
_TYPES = {number: name for name, number in KIND.items()}
_SYLLABLES = ["ba", "do", "ki", "lu", "me", "no", "pa", "ri", "so", "tu", "va", "ze", "fo", "gi", "ha", "mu"]
_BATCH = 5_000

Prices = list[Decimal | None]


def item_id(row: int) -> str:
    """The id of a product of the shop."""
    return f"item-{row:06d}"


def session_id(visit: int) -> str:
    """The id of a visit's session."""
    return f"session-{visit:07d}"


def fill(stores: ShopStores, made: Clicks) -> None:
    """Put the products into the catalogue and the clicks into the log, which must be empty.

    Whole days go into the archive as compaction would have left them, without the register of ids that appending keeps; the
    newest :data:`HOT_DAYS` are appended. Time about 20 µs an event.
    """
    log = stores.log
    if not isinstance(log, ArchivingLog) or log.last_seq():
        raise EndcapError("clicks go into an empty log that archives", remedy="use a new home")
    range_of_products = products(made.n_items)
    stores.catalog.put(range_of_products)
    prices = [one.price for one in range_of_products]
    days = made.at_ms // DAY_MS
    hot_from = int(np.searchsorted(days, days[-1] - HOT_DAYS + 1))
    log.archive_folder.mkdir(parents=True, exist_ok=True)
    files = []
    for day in np.unique(days[:hot_from]).tolist():
        first, end = np.searchsorted(days, (day, day + 1)).tolist()
        files.append(write_day(log.archive_folder, day, list(_rows(made, first, end, prices))))
    flush(log.archive_folder)
    log.record_archive(files, hot_from)
    for first in range(hot_from, len(made), _BATCH):
        stores.log.append(list(_events(made, first, min(first + _BATCH, len(made)), prices)))


def products(n_items: int, *, seed: int = 0) -> list[Item]:
    """Products with made-up words, categories, brands and prices, by row."""
    rng = np.random.default_rng(seed)
    cents = (np.exp(rng.normal(7.5, 0.9, n_items)).astype(np.int64) + 1).tolist()
    brands = rng.integers(0, max(n_items // 50, 1), n_items).tolist()
    words = rng.integers(0, 400, (n_items, 2)).tolist()
    return [_product(row, Decimal(cents[row]) / 100, brands[row], words[row]) for row in range(n_items)]


def _product(row: int, price: Decimal, brand: int, words: list[int]) -> Item:
    topic = _word(row // TOPIC_SIZE)
    title = " ".join((_word(brand + 5_000), topic, *(_word(one + 70_000) for one in words), str(row % TOPIC_SIZE)))
    return Item(
        item_id=item_id(row), title=title, category=(f"department {row // TOPIC_SIZE // 20}", f"{topic} range"), price=price,
        currency="EUR", brand=_word(brand + 5_000).title(), url=f"/p/{row}", image_url=f"/img/{row}.svg", stock=9,
    )  # fmt: skip


def _word(number: int) -> str:
    """A word of its own for every number.

    >>> _word(0), _word(17)
    ('baba', 'dodo')
    """
    syllables: list[str] = []
    while number or len(syllables) < 2:
        syllables.append(_SYLLABLES[number % 16])
        number //= 16
    return "".join(syllables)


def _rows(made: Clicks, first: int, end: int, prices: Prices) -> Iterator[Row]:
    for seq, event in enumerate(_events(made, first, end, prices), start=first + 1):
        yield seq, encode_event(event)


def _events(made: Clicks, first: int, end: int, prices: Prices) -> Iterator[Event]:
    columns = (one[first:end].tolist() for one in (made.at_ms, made.visit, made.user, made.item, made.kind))
    starts = made.line_starts[first : end + 1].tolist()
    for at, (at_ms, visit, user, item, kind) in enumerate(zip(*columns, strict=True)):
        user_id = f"user-{user:06d}" if user >= 0 else None
        event_id, session = f"{first + at:026d}", session_id(visit)
        if kind != _PURCHASE:
            yield Event(
                event_id=event_id, type=_TYPES[kind], at=at_ms, user_id=user_id, session_id=session,  # type: ignore[arg-type]
                item_id=item_id(item),
            )  # fmt: skip
            continue
        rows = dict.fromkeys(made.line_items[starts[at] : starts[at + 1]].tolist())
        lines = tuple(Line(item_id=item_id(row), price=prices[row]) for row in rows)
        yield Event(
            event_id=event_id, type="purchase", at=at_ms, user_id=user_id, session_id=session, items=lines, currency="EUR",
            order_id=f"order-{event_id}",
        )  # fmt: skip
