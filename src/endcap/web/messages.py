"""What the HTTP interface says, beside the words of :mod:`endcap.core`."""

from __future__ import annotations

from typing import Any

import msgspec

from endcap.core.placement import Placement
from endcap.core.request import RecommendRequest
from endcap.ingest.parse import Reject


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong: a stable ``code``, a sentence, and where it can be said the field, the value and the remedy."""

    code: str
    message: str
    field: str | None = None
    value: Any = None
    remedy: str | None = None


class ErrorAnswer(msgspec.Struct, frozen=True):
    """Every error has this form."""

    error: Fault


class EventsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch of events. Accepted ones are on disk; duplicates were there before; quarantined ones bear the id
    of another event."""

    accepted: int
    duplicates: int
    quarantined: int
    rejected: list[Reject]


class ItemsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch of items; ``changed`` counts those that are new or differ from what was known."""

    accepted: int
    changed: int
    rejected: list[Reject]


class Deleted(msgspec.Struct, frozen=True):
    """What was taken out."""

    deleted: str


class RecordedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as it was given. ``at`` is epoch milliseconds; ``request`` and ``response`` are the JSON of that moment."""

    recommendation_id: str
    at: int
    request: msgspec.Raw
    response: msgspec.Raw


class Placements(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Placements in full."""

    placements: tuple[Placement, ...]


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules that act on every placement of the shop: each a table with a ``name`` of its own, the ``rule``, and the
    options of that rule, as in ``{"name": "no_gift_cards", "rule": "exclude_items", "item_ids": ["gift-card"]}``."""

    rules: tuple[dict[str, Any], ...]


class RuleQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as in :class:`Rules`, and the request whose answer it is tried on; without one, all that can be shown now."""

    rule: dict[str, Any]
    request: RecommendRequest | None = None


class RulePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would do beside those that hold, whatever its dates and its audience: how many products it would keep out and
    move up or down, which it would pin, and how many of a group it would let through. ``examples`` are ids of products it is
    about."""

    rule: str
    label: str
    kept_out: int
    moved_up: int
    moved_down: int
    pinned: list[str]
    at_most: int | None
    examples: list[str]


class ShopReadiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a shop answers, from which bundle, and what it lacks."""

    shop: str
    bundle: str | None
    degraded: list[str]


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server can answer."""

    ready: bool
    shops: list[ShopReadiness]


class Health(msgspec.Struct, frozen=True):
    """That the process is alive."""

    status: str
