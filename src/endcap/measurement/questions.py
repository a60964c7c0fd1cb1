"""What a report is asked and what it answers: the same bodies serve HTTP, the command line, the console and exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from endcap.core.events import LATEST_MS
from endcap.errors import BadInput
from endcap.measurement.calendar import Comparison, Step
from endcap.measurement.figures import Figure

Dimension = Literal["placement", "shelf", "source", "arm", "device", "segment"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
PLACES: tuple[Dimension, ...] = ("placement", "shelf", "source")
"""The dimensions that say where something was shown; what is of the whole shop has none of them."""

Instant = Annotated[int, Meta(ge=0, le=LATEST_MS)]


class ReportQuery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What happened from ``since_ms`` until before ``until_ms`` (milliseconds since 1970), one row for each value of ``by`` and
    each ``step`` of the shop's calendar.

    ``where`` keeps one value of a dimension; ``metrics`` are names of the catalogue, all of them where none is named. With
    ``compare`` every row also has the figures of the period before, or of the same days a year before.
    """

    since_ms: Instant
    until_ms: Instant
    by: tuple[Dimension, ...] = ()
    step: Step | None = None
    where: Mapping[Dimension, str] = {}
    metrics: Annotated[tuple[str, ...], Meta(max_length=200)] = ()
    compare: Comparison | None = None

    def __post_init__(self) -> None:
        if self.until_ms <= self.since_ms:
            raise BadInput(
                f"until_ms is {self.until_ms}, not after since_ms {self.since_ms}", field="until_ms", value=self.until_ms,
                remedy="send an end after the beginning",
            )  # fmt: skip


class ReportRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row: the values of the dimensions, the beginning of its step, the sums of all components that its metrics need, in
    whole numbers (money in minor units), and the figures by metric; ``compared`` has those of the other period."""

    key: dict[Dimension, str] = {}
    at_ms: int | None = None
    sums: dict[str, int] = {}
    figures: dict[str, Figure] = {}
    compared: dict[str, Figure] = {}


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rows in the order of their keys and times, and the ``total`` of the whole period, which is no mean of the rows: it is
    computed from the sums.

    Events up to ``measured_until`` in the log are counted. ``currency`` is that of all money, ``zone`` the time zone of the
    steps. ``compared_since_ms`` and ``compared_until_ms`` bound the other period, where one was asked for.
    """

    query: ReportQuery
    rows: tuple[ReportRow, ...]
    total: ReportRow
    measured_until: int
    currency: str | None = None
    zone: str = "UTC"
    compared_since_ms: int | None = None
    compared_until_ms: int | None = None
    notes: tuple[str, ...] = ()
