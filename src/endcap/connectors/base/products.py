"""Products: rows of text become items of the catalogue."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec

from endcap.connectors.base.batch import BATCH_EVENTS, Batch, Reject
from endcap.connectors.base.cells import (
    parse_flag,
    parse_list,
    parse_number,
    parse_time,
    uses_decimal_comma,
)
from endcap.connectors.base.connector import Connector, Kind, Reading
from endcap.connectors.base.table import ROW
from endcap.core.catalog import Item
from endcap.core.ids import MAX_ID
from endcap.errors import EndcapError

_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_SHOWN = 80
_MAX_TEXT = 512
_MAX_ATTRIBUTES = 100
_MAX_PATH = 10
_MONEY = frozenset({"price", "list_price", "cost"})
_TIMES = frozenset({"available_from", "available_until"})


@dataclass(frozen=True, slots=True)
class Cells:
    """One row: its number, the text of each of the item's fields that has one, and what else is known of the product."""

    row: int
    text: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str | None:
        return self.text.get(name)

    def having(self, attributes: dict[str, str] | None = None, **text: str | None) -> Cells:
        """The row with other text; nothing takes a field away."""
        merged = {name: value for name, value in {**self.text, **text}.items() if value}
        return replace(self, text=merged, attributes=self.attributes if attributes is None else attributes)


class ProductConnector(Connector, frozen=True, kw_only=True):
    """Reads products. A layout states its columns, and overrides :meth:`prepare` where its rows are not yet items.

    The fields are those of :class:`endcap.core.catalog.Item`, and whatever ``prepare`` makes them from. Where
    ``keeps_other_columns`` holds, columns that are no field become attributes.
    """

    kind: ClassVar[Kind] = "products"
    keeps_other_columns: ClassVar[bool] = False

    def read(self, reading: Reading) -> Iterator[Batch]:
        """The file's items. A product that comes again replaces the earlier one."""
        table = reading.source.table
        rows = self._cells(reading)
        prepared = self.prepare(rows)
        texts = _Texts(ZoneInfo(self.timezone), self.dates == "day-first", self.currency, _decimal_comma(prepared))
        items: dict[str, Item] = {}
        rejects = list(table.rejects)
        for cells in prepared:
            try:
                item = texts.item(cells)
            except _Refused as refused:
                column = reading.column(refused.field)
                rejects.append(Reject(row=cells.row, column=column, reason=refused.reason, value=refused.value[:_SHOWN]))
            else:
                items[item.item_id] = item
        refused_rows = len(rejects) - len(table.rejects)
        found = list(items.values())
        yield Batch(rejects=rejects, accepted=len(found), merged=len(rows) - refused_rows - len(found))
        for start in range(0, len(found), BATCH_EVENTS):
            part = found[start : start + BATCH_EVENTS]
            yield Batch(items=part, share=(start + len(part)) / len(found))

    def prepare(self, rows: list[Cells]) -> list[Cells]:
        """The rows as items, text under the names of the item's fields; rows that only add to another are left out."""
        return rows

    def _cells(self, reading: Reading) -> list[Cells]:
        frame, names = reading.source.table.frame, {column: name for name, column in reading.mapping.items()}
        rows = []
        for row in frame.iter_rows(named=True):
            number = row.pop(ROW)
            text = {name: row[column] for column, name in names.items() if row[column] is not None}
            others = {name: value[:_MAX_TEXT] for name, value in row.items() if name not in names and value is not None}
            rows.append(Cells(number, text, others if self.keeps_other_columns else {}))
        return rows


def plain_text(markup: str) -> str:
    """The words of an HTML text.

    >>> plain_text("<p>Red &amp; <b>round</b></p>")
    'Red & round'
    """
    return re.sub(r"\s+", " ", html.unescape(_TAG.sub(" ", markup))).strip()


class _Refused(Exception):
    def __init__(self, reason: str, field: str, value: str = "") -> None:
        self.reason, self.field, self.value = reason, field, value


@dataclass(frozen=True, slots=True)
class _Texts:
    """Turns text into what an item's fields hold."""

    zone: ZoneInfo
    day_first: bool
    currency: str
    decimal_comma: bool

    def item(self, cells: Cells) -> Item:
        for name in ("item_id", "title"):
            if not cells[name]:
                raise _Refused(f"missing_{name}", name)
        if len(cells.text["item_id"]) > MAX_ID:
            raise _Refused("long_id", "item_id", cells.text["item_id"])
        values: dict[str, Any] = {name: self._value(name, text) for name, text in cells.text.items() if name in _ITEM_FIELDS}
        values["currency"] = (cells["currency"] or self.currency).upper()
        if cells.attributes:
            values["attributes"] = dict(list({**values.get("attributes", {}), **cells.attributes}.items())[:_MAX_ATTRIBUTES])
        try:
            return msgspec.convert(values, Item)
        except msgspec.ValidationError as error:
            found = re.search(r"\$\.(\w+)", str(error))
            name = found[1] if found else "item_id"
            raise _Refused(f"bad_{name}", name, cells[name] or "") from error
        except EndcapError as error:
            name = error.field or "item_id"
            raise _Refused(f"bad_{name}", name, cells[name] or "") from error

    def _value(self, name: str, text: str) -> object:
        found: object = text
        if name in _MONEY:
            found = parse_number(text, decimal_comma=self.decimal_comma)
        elif name in _LISTS:
            found = _LISTS[name](text)
        elif name in _TIMES:
            found = parse_time(text, self.zone, day_first=self.day_first)
        elif name in _READERS:
            found = _READERS[name](text)
        if found is None:
            raise _Refused(f"bad_{name}", name, text)
        return found


def _whole(text: str) -> int | None:
    number = parse_number(text)
    return int(number) if number is not None and number == int(number) else None


def _stock(text: str) -> int | None:
    count = _whole(text)
    # Shops that sell beyond their stock write it as a negative number: there is none left.
    return None if count is None else max(count, 0)


def _attributes(text: str) -> dict[str, str] | None:
    try:
        found = msgspec.json.decode(text, type=dict[str, str | int | float | bool | None])
    except msgspec.MsgspecError:
        return None
    return {name: str(value)[:_MAX_TEXT] for name, value in found.items() if value is not None}


_LISTS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "category": lambda text: parse_list(text, ">|")[:_MAX_PATH],
    "tags": lambda text: parse_list(text, ",;|"),
    "seasons": lambda text: parse_list(text.lower(), ",;|"),
    "accessory_of": lambda text: parse_list(text, ",;|"),
}
_READERS: dict[str, Callable[[str], object]] = {
    "title": lambda text: re.sub(r"\s+", " ", text)[:_MAX_TEXT],
    "description": lambda text: plain_text(text)[:20_000],
    "stock": _stock,
    "replenish_days": _whole,
    "hidden": parse_flag,
    "attributes": _attributes,
}
_ITEM_FIELDS = frozenset(Item.__struct_fields__)


def _decimal_comma(rows: list[Cells]) -> bool:
    return uses_decimal_comma({cells[name] for cells in rows for name in _MONEY})


def price_and_list_price(price: str | None, reference: str | None) -> tuple[str | None, str | None]:
    """The price, and the price it is reduced from where that is higher."""
    now, before = (parse_number(text) if text else None for text in (price, reference))
    return price, reference if before is not None and before > (now if now is not None else Decimal(0)) else None
