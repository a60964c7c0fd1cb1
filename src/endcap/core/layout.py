"""How the widget shows an answer where an experiment says otherwise than the page."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Word = Annotated[str, Meta(min_length=1, max_length=200)]


class Layout(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What stands in for the attributes of the page's own ``<endcap-shelf>``; what is not set stays as the page has it.

    ``display`` is a row that scrolls, a grid, or a carousel that turns a page every ``turn_ms``; ``columns`` is how many stand
    side by side. ``position`` names the element of the page, by its ``data-endcap-spot``, that the shelf moves into. It comes
    ``delay_ms`` after the answer, or, ``when`` it is ``leaving``, as the shopper leaves the page. ``add`` words its button,
    ``discount`` how a bundle's discount is told; ``own`` is for whatever the shop's own pages do.
    """

    display: Literal["scroll", "grid", "carousel"] | None = None
    columns: Annotated[int, Meta(ge=1, le=12)] | None = None
    turn_ms: Annotated[int, Meta(ge=1_000, le=60_000)] | None = None
    position: Word | None = None
    delay_ms: Annotated[int, Meta(ge=0, le=60_000)] | None = None
    when: Literal["now", "leaving"] | None = None
    add: Word | None = None
    discount: Word | None = None
    own: Annotated[dict[str, Word], Meta(max_length=20)] = {}

    def over(self, other: Layout) -> Layout:
        """Both as one, this one's word counting where both speak.

        >>> Layout(columns=2).over(Layout(display="grid", columns=4))
        Layout(display='grid', columns=2, turn_ms=None, position=None, delay_ms=None, when=None, add=None, discount=None, own={})
        """
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        return msgspec.structs.replace(other, **{**said, "own": {**other.own, **self.own}})

    def fields(self) -> frozenset[str]:
        """The names of what is set, those of ``own`` among them."""
        return frozenset(msgspec.to_builtins(self).keys() - {"own"} | self.own.keys())
