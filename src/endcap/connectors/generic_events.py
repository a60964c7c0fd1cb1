"""Events of any shop or tracker as a table: one row an event, or one row a product of an order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from endcap.connectors.base import (
    BATCH_EVENTS,
    MAX_PIECES,
    ROW,
    Batch,
    EventConnector,
    Field,
    Reading,
    Source,
    Unsound,
    in_parts,
    money_text,
    parse_number,
    squashed,
)
from endcap.core.events import EVENT_TYPES, Event, Line

_SYNONYMS = {
    "view": ("views", "viewed", "pageview", "productview", "productviewed", "viewitem", "itemview", "detail", "pv"),
    "click": ("clicks", "clicked", "productclicked", "select", "selectitem"),
    "search": ("searches", "searched", "productssearched", "viewsearchresults"),
    "add_to_cart": ("addcart", "addedtocart", "productadded", "cart", "cartadd", "addtobasket", "basket"),
    "remove_from_cart": ("removecart", "removedfromcart", "productremoved", "cartremove", "removefrombasket"),
    "begin_checkout": ("checkout", "checkoutstarted", "initiatecheckout"),
    "purchase": ("purchases", "purchased", "buy", "bought", "transaction", "order", "ordered", "ordercompleted", "sale"),
    "refund": ("refunds", "refunded", "orderrefunded", "return", "returned", "cancellation"),
    "rating": ("rate", "rated", "review", "productreviewed"),
}
"""What trackers and published data sets call the types of events: Google Analytics 4, Segment, RetailRocket and others."""

TYPES = {word: name for name, words in _SYNONYMS.items() for word in words} | {squashed(name): name for name in EVENT_TYPES}
"""The type that each word stands for; words are compared by their letters and digits, in lower case."""

_ORDERS = frozenset({"purchase", "refund"})
_SURELY, _PERHAPS = 500, 25  # a file of order lines has a fitness of 30, one of products 20
_NUMBERS = frozenset({"quantity", "price", "rating", "position"})
_LINE = ("item_id", "quantity", "price")


class GenericEvents(EventConnector, frozen=True, kw_only=True):
    """Rows of a purchase with the same order id become one event; columns that are no field of an event become its context.

    An event without an id of its own gets one made from its content, so the same row twice counts once.
    """

    label: ClassVar[str] = "events"
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "type", ("type", "event_type", "event", "event_name", "action", "behavior", "behaviour", "activity"), required=True
        ),
        Field(
            "at", ("at", "timestamp", "event_time", "time", "datetime", "date_time", "created_at", "date", "ts"), required=True
        ),
        Field("event_id", ("event_id", "id", "uuid")),
        Field("user_id", ("user_id", "visitor_id", "visitor", "customer_id", "client_id", "user", "customer", "member_id")),
        Field("session_id", ("session_id", "session", "user_session", "visit_id")),
        Field("item_id", ("item_id", "sku", "product_id", "item", "product", "stock_code", "article_id")),
        Field("quantity", ("quantity", "qty")),
        Field("price", ("price", "unit_price")),
        Field("currency", ("currency", "currency_code")),
        Field("order_id", ("order_id", "transaction_id", "order_number")),
        Field("query", ("query", "search_query", "search_term", "keyword")),
        Field("rating", ("rating", "stars", "score")),
        Field("recommendation_id", ("recommendation_id",)),
        Field("placement", ("placement",)),
        Field("position", ("position",)),
    )

    def fitness(self, source: Source, mapping: Mapping[str, str]) -> int:
        """Whether the rows have a type that is one of events; a ``type`` of sales and returns alone is rather one of orders."""
        if not super().fitness(source, mapping):
            return 0
        types = {TYPES.get(squashed(one)) for one in source.sample[mapping["type"]].drop_nulls()} - {None}
        if not types:
            return 0
        return _SURELY if types - _ORDERS or squashed(mapping["type"]) != "type" else _PERHAPS

    def read(self, reading: Reading) -> Iterator[Batch]:
        """The events, in the order of time."""
        table = reading.source.table
        day_first, notes = self.day_first(table.frame[reading.mapping["at"]])
        reader = self.reader(reading.now_ms, day_first=day_first)
        rejects, merged = list(table.rejects), 0
        single: dict[str, Event] = {}
        orders: dict[tuple[str, str], list[Event]] = {}
        for row in table.frame.iter_rows(named=True):
            try:
                event = reader.event(self._json(row, reading.mapping))
            except Unsound as unsound:
                rejects.append(unsound.reject(row[ROW], reading.column(unsound.field)))
                continue
            if event.type in _ORDERS and event.order_id is not None:
                orders.setdefault((event.type, event.order_id), []).append(event)
            elif event.event_id in single:
                merged += 1
            else:
                single[event.event_id] = event
        joined = [one for key, events in orders.items() for one in _joined(key, events, "event_id" in reading.mapping)]
        merged += sum(map(len, orders.values())) - sum(len(one.lines) for one in joined)
        events = sorted([*single.values(), *joined], key=lambda event: event.at_ms)
        accepted = table.frame.height - merged - (len(rejects) - len(table.rejects))
        yield Batch(rejects=rejects, accepted=accepted, merged=merged, notes=notes)
        for start in range(0, len(events), BATCH_EVENTS):
            part = events[start : start + BATCH_EVENTS]
            yield Batch(events=part, share=(start + len(part)) / len(events))

    def _json(self, row: Mapping[str, Any], mapping: Mapping[str, str]) -> bytes:
        """The row as an event in Endcap's own format."""
        taken = {*mapping.values(), ROW}
        found: dict[str, Any] = {name: row[column] for name, column in mapping.items() if row[column] is not None}
        found["type"] = TYPES.get(squashed(found.get("type", "")), found.get("type"))
        for name in _NUMBERS & found.keys():
            number = parse_number(found[name])
            if number is None:
                raise Unsound(f"bad_{name}", name, found[name])
            found[name] = msgspec.Raw((money_text(number) or found[name]).encode())
        if found["type"] in _ORDERS:
            found["items"] = [{name: found.pop(name) for name in _LINE if name in found}]
        if "price" in mapping:
            found.setdefault("currency", self.currency)
        others = {name: value for name, value in row.items() if name not in taken and value is not None}
        return msgspec.json.encode({**found, "context": others} if others else found)


def _joined(key: tuple[str, str], events: list[Event], has_ids: bool) -> Iterator[Event]:
    """The rows of one order as one event, or more where it has too many lines; a product at one price becomes one line."""
    lines: dict[tuple[str, Decimal | None], Line] = {}
    for line in (line for event in events for line in event.lines):
        known = lines.get((line.item_id, line.price))
        total = min(line.quantity + (known.quantity if known else 0), MAX_PIECES)
        lines[line.item_id, line.price] = msgspec.structs.replace(line, quantity=total)
    first = min(events, key=lambda event: event.at_ms)
    event_id = first.event_id if has_ids else f"{'order' if key[0] == 'purchase' else 'refund'}:{key[1]}"
    for part_id, items in in_parts(event_id, list(lines.values())):
        yield msgspec.structs.replace(first, event_id=part_id, items=items)
