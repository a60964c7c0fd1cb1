"""The forms that a body may have, as types for the OpenAPI document."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from endcap.core.catalog import Item
from endcap.core.events import Event
from endcap.core.placement import Placement
from endcap.ingest.parse import MAX_BATCH

Batch = Meta(max_length=MAX_BATCH)


class Events(msgspec.Struct, forbid_unknown_fields=True):
    """A batch of events."""

    events: Annotated[list[Event], Batch]


class Items(msgspec.Struct, forbid_unknown_fields=True):
    """A batch of items."""

    items: Annotated[list[Item], Batch]


class PlacementList(msgspec.Struct, forbid_unknown_fields=True):
    """Placements to put."""

    placements: list[Placement]


EventBatch = (Event, Annotated[list[Event], Batch], Events)
ItemBatch = (Item, Annotated[list[Item], Batch], Items)
"""A body takes any one of these forms."""
