"""What a connector is: a frozen set of options that knows one layout and reads files that have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from msgspec import Meta

from endcap.connectors.base.batch import Batch
from endcap.connectors.base.cells import is_day_first, may_be_day_first
from endcap.connectors.base.source import Source
from endcap.connectors.base.table import REPEATED
from endcap.core.events import Currency
from endcap.core.part import Part
from endcap.core.time import DAY_MS
from endcap.errors import BadOption

Kind = Literal["products", "orders", "events"]
Dates = Literal["auto", "day-first", "month-first"]

DEFAULT_CURRENCY = "EUR"
DEFAULT_TIMEZONE = "UTC"
MAX_AHEAD_MS = DAY_MS
"""How far ahead of the machine's clock a time may lie: one mistyped year would move the end of the log there."""


@dataclass(frozen=True, slots=True)
class Field:
    """Something a connector looks for, and the names its column goes by, the best first.

    Names are compared by their letters and digits alone, in lower case.
    """

    name: str
    columns: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One file being read: the source, the column taken for each field, and the machine's time in milliseconds."""

    source: Source
    mapping: Mapping[str, str]
    now_ms: int

    def column(self, field: str) -> str:
        """The file's name of a field's column, or the field's own where the file has none."""
        return self.mapping.get(field, field)


class Connector(Part, frozen=True, kw_only=True):
    """Reads files of one layout; a file in this folder defines one subclass, and its name is the layout's name.

    ``currency`` holds for amounts whose row names none, ``timezone`` for times without an offset, ``dates`` says how dates
    such as 3/4/2026 are meant. The class states:

    - ``kind``: what its files hold;
    - ``label``: what a person calls the layout;
    - ``fields``: what it looks for;
    - ``marks``: column names that together tell this layout from all others; a layout without marks is recognised by its
      required fields.
    """

    kind: ClassVar[Kind]
    label: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    marks: ClassVar[tuple[str, ...]] = ()

    currency: Currency = DEFAULT_CURRENCY
    timezone: Annotated[str, Meta(min_length=1, max_length=64)] = DEFAULT_TIMEZONE
    dates: Dates = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise BadOption(
                f"timezone is {self.timezone!r}, which is not in the tz database", field="timezone", value=self.timezone,
                remedy="give a name such as Europe/Berlin or UTC",
            ) from error  # fmt: skip

    def fitness(self, source: Source, mapping: Mapping[str, str]) -> int:
        """How surely a file has this layout, 0 for not at all; a layout with all its marks outdoes those without."""
        present = {squashed(column) for column in source.columns}
        if self.marks:
            return 100 * len(self.marks) if all(squashed(mark) in present for mark in self.marks) else 0
        required = [field.name for field in self.fields if field.required]
        return 10 * len(required) if all(name in mapping for name in required) else 0

    def read(self, reading: Reading) -> Iterator[Batch]:
        """The file's events and items. Raises BadFile where it cannot be read."""
        raise NotImplementedError

    def map_columns(self, source: Source, overrides: Mapping[str, str]) -> dict[str, list[str]]:
        """The file's columns for each field that has one: more than one where they fit equally well. ``overrides`` come first."""
        present: dict[str, list[str]] = {}
        for column in source.columns:
            present.setdefault(squashed(column), []).append(column)
        found: dict[str, list[str]] = {}
        for field in self.fields:
            names = map(squashed, (*field.columns, field.name))
            columns = (
                [overrides[field.name]]
                if field.name in overrides
                else next((present[one] for one in names if one in present), [])
            )
            if columns:
                found[field.name] = columns
        return found

    def day_first(self, cells: pl.Series) -> tuple[bool, list[str]]:
        """Whether the dates of a column have the day before the month, and a note where that had to be assumed."""
        if self.dates != "auto":
            return self.dates == "day-first", []
        distinct = cells.drop_nulls().unique().to_list()
        decided = is_day_first(distinct)
        if decided is None and may_be_day_first(distinct):
            return False, ["dates such as 3/4/2026 are read with the month first; --dates day-first changes that"]
        return bool(decided), []

    def missing(self, mapping: Mapping[str, str]) -> list[str]:
        """The required fields that have no column."""
        return [field.name for field in self.fields if field.required and field.name not in mapping]


def squashed(column: str) -> str:
    """A column's name as names are compared: its letters and digits, in lower case; a column that came again is the same.

    >>> squashed("Lineitem quantity") == squashed("lineitem_quantity")
    True
    """
    return "".join(letter for letter in REPEATED.sub("", column).lower() if letter.isalnum())
