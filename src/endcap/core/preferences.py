"""What a shopper said about themselves: tastes, and how far recommendations may go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from endcap.core.catalog import Item

Term = Annotated[str, Meta(min_length=1, max_length=128)]
Wish = Literal["personal", "impersonal", "none"]


class Preferences(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The newest of what a person stated.

    ``likes`` and ``dislikes`` are words that a product may bear: a category of its path, a tag, its brand or the value of an
    attribute, whatever their case. ``recommendations`` is how far Endcap may go: ``personal``, ``impersonal`` (nothing that the
    person did is used) or ``none``. ``name`` is what the shop may greet the person with.
    """

    likes: Annotated[tuple[Term, ...], Meta(max_length=100)] = ()
    dislikes: Annotated[tuple[Term, ...], Meta(max_length=100)] = ()
    recommendations: Wish = "personal"
    name: Annotated[str, Meta(max_length=128)] | None = None


UNSTATED = Preferences()
"""Of somebody who never said anything."""


def folded(terms: Iterable[str]) -> frozenset[str]:
    """Terms as they are compared: case and the space around them do not matter.

    >>> sorted(folded([" Oak", "OAK", "Garden"]))
    ['garden', 'oak']
    """
    return frozenset(term.strip().casefold() for term in terms)


def bears(item: Item, terms: frozenset[str]) -> bool:
    """Whether a product bears one of these :func:`folded` terms: in its category path, tags, brand or attribute values.

    >>> bears(Item(item_id="1", title="Chair", category=("Garden", "Chairs"), attributes={"wood": "Oak"}), folded(["oak"]))
    True
    """
    words = (*item.category, *item.tags, *item.attributes.values(), item.brand or "")
    return any(word.strip().casefold() in terms for word in words)
