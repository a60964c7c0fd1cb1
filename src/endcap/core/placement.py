"""A named spot in the shop, as data: which shelves it has and what fills them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from endcap.core.choice import Task
from endcap.errors import BadOption

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Share = Annotated[float, Meta(ge=0, le=1)]
QueryWith = Literal["anchor", "cart", "history", "visit", "bought", "everything", "nothing"]

_MIN_COUNT = 4


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One artifact that proposes items, and how much it counts.

    ``ask`` says which items it is asked with: the ``anchor`` (the product of the page), the ``cart``, the ``history`` (what
    the shopper did last, newest first), the ``visit`` (the anchor, then the history), what they ``bought`` and kept, newest
    first, or ``everything`` together; a source of item scores is asked with ``nothing``. ``same_category`` narrows an item-score
    source to the category of what it is asked with.
    """

    artifact: Name
    weight: Annotated[float, Meta(ge=0, le=1_000)] = 1.0
    ask: QueryWith = "everything"
    same_category: bool = False


class Learned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What training chooses for a shelf: the task that the shelf serves, and what its sources are asked with."""

    task: Task
    ask: QueryWith = "everything"


class Wording(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A heading in one language. ``personal`` is used instead of ``title`` where all its words in braces are known.

    These are ``{item}``, the product that most of the shelf goes back to, ``{category}``, the category that the shopper looks at
    most, and ``{name}``, what the shopper wants to be called.
    """

    title: Title
    personal: Title | None = None


class Diversity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How varied a shelf is.

    ``dial`` goes from 0, the best first whatever they are, to 1, as unlike each other as can be. A shelf shows
    ``min_categories`` and, with ``price_tiers``, budget, mid and premium products, as far as its candidates have them; what the
    page shows already counts. Source of the methods: Chen et al. 2018 (greedy MAP inference of determinantal point processes);
    Carbonell and Goldstein 1998 (maximal marginal relevance).
    """

    method: Literal["dpp", "mmr", "none"] = "dpp"
    dial: Share = 0.3
    min_categories: Annotated[int, Meta(ge=0, le=20)] = 0
    price_tiers: bool = False


class Exploration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How often a slot is given to chance, so that what nobody knows yet can be learnt.

    With chance ``epsilon`` a slot takes any of the candidates that may stand there; ``new_share`` of these draws are among the
    new products alone. With ``thompson`` each slot asks one source, drawn by the chance that its proposals are taken most, none
    below ``floor``.
    """

    epsilon: Share = 0.0
    new_share: Share = 0.0
    thompson: bool = False
    floor: Annotated[float, Meta(ge=0, le=0.5)] = 0.05


class Shelf(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One row of products. Fewer than ``min_count`` from the sources are topped up from ``fallback``, and that is said.

    A shelf that is ``learned`` asks the sources that training chose for the task, blended or ranked as it chose, and its own
    ``sources`` as long as nothing was chosen. With ``one_per_family`` a shelf shows one variant of a product at most, and none of
    the product on the page; with ``unseen`` nothing that the shopper looked at lately. Its ``rules`` hold on this shelf alone,
    beside those of the placement. ``personal`` is a heading as in :class:`Wording`, ``wordings`` has the headings of other
    languages. Who buys an item of this shelf with what led there gets ``bundle_discount`` per cent off both: the shop's checkout
    does it, the answer says it. ``reason`` is the code of why its items are there, where its rules say more than its sources do.
    ``diversity`` and ``exploration`` stand in for the placement's.
    """

    name: Name
    title: Title
    personal: Title | None = None
    wordings: Annotated[dict[str, Wording], Meta(max_length=50)] = {}
    sources: Annotated[tuple[Source, ...], Meta(min_length=1, max_length=20)]
    min_count: Annotated[int, Meta(ge=0, le=100)] = _MIN_COUNT
    max_count: Annotated[int, Meta(ge=1, le=100)] = 8
    fallback: tuple[Source, ...] = ()
    one_per_family: bool = True
    unseen: bool = False
    rules: Annotated[tuple[dict[str, Any], ...], Meta(max_length=10)] = ()
    learned: Learned | None = None
    reason: Name | None = None
    bundle_discount: Annotated[float, Meta(gt=0, lt=100)] | None = None
    diversity: Diversity | None = None
    exploration: Exploration | None = None

    def __post_init__(self) -> None:
        if self.min_count > self.max_count:
            raise BadOption(
                f"min_count is {self.min_count}, above max_count {self.max_count}", field="min_count", value=self.min_count,
                remedy=f"send a min_count of at most {self.max_count}, or raise max_count; where none is sent, min_count is "
                f"{_MIN_COUNT}",
            )  # fmt: skip


class Placement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A spot with its shelves in order, and the rules that hold on all of them.

    A rule is written as a table with its ``rule`` name and its options. ``max_count`` bounds the whole answer. With ``capped``
    a shopper who has seen enough for now is shown less, down to the shelves' minimum counts, then nothing.
    """

    name: Name
    description: Annotated[str, Meta(max_length=500)] = ""
    shelves: Annotated[tuple[Shelf, ...], Meta(min_length=1, max_length=20)]
    rules: Annotated[tuple[dict[str, Any], ...], Meta(max_length=100)] = ()
    max_count: Annotated[int, Meta(ge=1, le=100)] = 8
    diversity: Diversity = Diversity()
    exploration: Exploration = Exploration()
    capped: bool = True
