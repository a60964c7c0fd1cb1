"""What serving is asked and what it answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from endcap.core.events import MAX_MONEY, Id
from endcap.core.layout import Layout
from endcap.errors import BadInput

LARGEST_COUNT = 2_147_483_647
"""Whatever list length a client may mean by "all": it is clamped, not refused. What is larger is a mistake."""


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Narrows an answer. Lists mean "any of"; prices are in the shop's currency, major unit, both ends included."""

    categories: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    not_categories: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    brands: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    price_min: Annotated[Decimal, Meta()] | None = None
    price_max: Annotated[Decimal, Meta()] | None = None

    def __post_init__(self) -> None:
        for name in ("price_min", "price_max"):
            amount = getattr(self, name)
            if amount is not None and not (amount.is_finite() and 0 <= amount <= MAX_MONEY):
                raise BadInput(
                    f"{name} is {amount}", field=f"filters.{name}", value=str(amount), remedy="send a decimal from 0 to 10^12"
                )


class RecommendRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A shelf is asked for.

    ``item_id`` is the product on the page, ``cart`` the products in the cart. ``count`` above the placement's maximum is
    clamped and said in ``notes``. ``shelf`` asks for one shelf of the placement alone. An unknown user, session or item is a
    normal request. ``explain`` asks for the trace of the answer, ``why_not`` for what kept one product out of it.
    """

    placement: Id
    shelf: Id | None = None
    user_id: Id | None = None
    session_id: Id | None = None
    item_id: Id | None = None
    cart: Annotated[tuple[Id, ...], Meta(max_length=200)] = ()
    count: Annotated[int, Meta(ge=1, le=LARGEST_COUNT)] | None = None
    exclude: Annotated[tuple[Id, ...], Meta(max_length=1_000)] = ()
    filters: Filters | None = None
    context: dict[str, Any] | None = None
    explain: bool = False
    why_not: Id | None = None


class PageRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several shelves of one page, in order; no item appears twice on it."""

    requests: Annotated[tuple[RecommendRequest, ...], Meta(min_length=1, max_length=20)]


class Reason(msgspec.Struct, frozen=True):
    """Why an item is shown: a stable ``code``, and a sentence a shopper may read."""

    code: str
    text: str


class Recommendation(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One slot of an answer. ``score`` is comparable inside its shelf only; ``propensity`` is the chance of this item in
    this slot given the slots above it; ``source`` is the name of what proposed it. Where two arms of an experiment are
    interleaved, ``arm`` is the one that put it there."""

    item_id: str
    position: int
    score: float
    price: Decimal | None
    reason: Reason
    shelf: str
    source: str = ""
    arm: str = ""
    propensity: float = 1.0
    title: str | None = None
    currency: str | None = None
    list_price: Decimal | None = None
    url: str | None = None
    image_url: str | None = None


class ShelfTitle(msgspec.Struct, frozen=True, omit_defaults=True):
    """A shelf of the answer, the heading to show above it, and the per cent off for whoever takes an item of it as well."""

    name: str
    title: str
    bundle_discount: float | None = None


class SourceTrace(msgspec.Struct, kw_only=True):
    """What one source contributed to a shelf: how many candidates, asked with which items."""

    name: str
    weight: float
    asked_with: list[str]
    candidates: int


class ItemTrace(msgspec.Struct, kw_only=True):
    """How one item came to its score and its place.

    ``sources`` has the part that each gave, ``facts`` what it knows about the pair, ``features`` what those that mattered most to
    a ranker added to its worth, ``rules`` the factors, places and bounds that rules gave, ``passed_over`` what its score was
    multiplied with for having been seen and ignored. ``chosen_by`` is ``rank``, ``exploration`` or the source that was drawn,
    ``propensity`` the chance of it.
    """

    item_id: str
    score: float
    sources: dict[str, float]
    facts: dict[str, float]
    rules: dict[str, float] = {}
    features: dict[str, float] = {}
    passed_over: float = 1.0
    propensity: float = 1.0
    chosen_by: str = "rank"


class ShelfTrace(msgspec.Struct, kw_only=True):
    """Everything that happened while one shelf was filled."""

    shelf: str
    sources: list[SourceTrace]
    removed: dict[str, int]
    fallback: str | None
    items: list[ItemTrace]
    candidates: int = 0
    micros: float = 0.0


class WhyNot(msgspec.Struct, kw_only=True):
    """What kept a product out of an answer: for the answer as a whole, or on each of its shelves by name."""

    item_id: str
    verdict: str
    shelves: dict[str, str] = {}


class Explanation(msgspec.Struct, kw_only=True):
    """The whole trace of an answer.

    ``segments`` are those that the shopper is in, ``allowance`` says how much more the shopper may be shown, and the numbers
    behind it; ``trials`` what rules that are dry runs would have done.
    """

    history: list[str]
    shelves: list[ShelfTrace]
    micros: float
    segments: list[str] = []
    allowance: str = ""
    trials: list[str] = []
    why_not: WhyNot | msgspec.UnsetType = msgspec.UNSET


class RecommendResponse(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The answer. ``bundle`` is the version that answered (``null`` before the first training); ``degraded`` names what was
    missing or skipped, ``notes`` what was changed about the request.

    ``arms`` are those that this shopper is in, by the name of each experiment that is about the placement, and ``layout`` is how
    the widget shows the answer where they say so; both are left out where there is none.
    """

    recommendation_id: str
    placement: str
    bundle: str | None
    items: list[Recommendation]
    shelves: list[ShelfTitle]
    degraded: list[str]
    notes: list[str]
    arms: dict[str, str] = {}
    layout: Layout | None = None
    explanation: Explanation | msgspec.UnsetType | None = msgspec.UNSET


class PageResponse(msgspec.Struct, kw_only=True):
    """The answers of one page, in the order of the requests."""

    answers: list[RecommendResponse]
