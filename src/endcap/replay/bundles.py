"""Sets of items that people put together by hand, and the visits that they were put together from."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from endcap.core.catalog import Item


@dataclass(frozen=True, slots=True)
class Bundles:
    """Sets, and what is known beside them.

    ``members`` has a row a member: ``bundle``, ``item`` and ``group``, all String; the sets of one group came from one visit and
    are never parted. ``visits`` has ``group``, ``item`` (String) and ``at_ms`` (Int64), one row an act, in time order; it may be
    empty. ``products`` are all items that may be asked for.
    """

    members: pl.DataFrame
    visits: pl.DataFrame
    products: tuple[Item, ...]
