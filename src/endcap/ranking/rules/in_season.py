"""Keeps out what is sold in other seasons than this one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from endcap.core.catalog import Season
from endcap.core.context import Hemisphere
from endcap.core.query import Query, Rows
from endcap.ranking.columns import Columns, Mask
from endcap.ranking.rules.base import ItemView, ProductRule

_SEASONS: tuple[Season, ...] = ("winter", "spring", "summer", "autumn")
_MONTHS = 12


class InSeason(ProductRule, frozen=True, kw_only=True):
    """Keeps out items whose ``seasons`` are others than the shopper's; an item without seasons is always in season.

    Seasons are the meteorological ones, winter from December to February in the north and from June to August in the south, by
    the date in UTC.
    """

    label: ClassVar[str] = "not in season"

    def moment(self, query: Query) -> Season:
        """The season where the shopper is."""
        return season_at(query.now_ms, query.context.hemisphere)

    def matches(self, columns: Columns, rows: Rows, moment: Season) -> Mask:
        """Whether each row is of other seasons only."""
        return columns.coded("seasons").where(rows, lambda seasons: moment not in seasons)

    def removes(self, query: Query, items: ItemView) -> Mask:
        """The rows of other seasons."""
        return self.matching(query, items)


def season_at(at_ms: int, hemisphere: Hemisphere) -> Season:
    """The season of an instant.

    >>> season_at(0, "north"), season_at(0, "south")
    ('winter', 'summer')
    """
    month = datetime.fromtimestamp(at_ms / 1000, UTC).month
    shifted = month if hemisphere == "north" else month + _MONTHS // 2
    return _SEASONS[shifted % _MONTHS // 3]
