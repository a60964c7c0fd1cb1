"""The shopper's cart, kept in a cookie: what is in it, how many, and which answer of the engine each item came from."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Annotated

import msgspec
from msgspec import Meta

MAX_LINES = 16
"""More would not fit into the 4 kB that browsers keep of a cookie."""

MAX_QUANTITY = 20
_Text = Annotated[str, Meta(min_length=1, max_length=128)]


class Credit(msgspec.Struct, frozen=True, array_like=True):
    """The answer that led to an item, as the script in the page hands it over."""

    recommendation_id: _Text
    placement: _Text
    position: Annotated[int, Meta(ge=0, le=10_000)]


class CartLine(msgspec.Struct, frozen=True, array_like=True):
    """An item in the cart."""

    item_id: _Text
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
    credit: Credit | None = None


class Cart(msgspec.Struct, frozen=True, array_like=True):
    """All lines, in the order in which they were added. Every change is another cart.

    >>> cart = Cart().add("mug").add("mug", 2).add("pot")
    >>> [(line.item_id, line.quantity) for line in cart.lines], cart.count
    ([('mug', 3), ('pot', 1)], 4)
    >>> Cart.from_cookie(cart.to_cookie()) == cart
    True
    """

    lines: Annotated[tuple[CartLine, ...], Meta(max_length=MAX_LINES)] = ()

    @classmethod
    def from_cookie(cls, cookie: str | None) -> Cart:
        """The cart that :meth:`to_cookie` wrote; an empty one where the cookie is missing or was tampered with."""
        try:
            return msgspec.json.decode(urlsafe_b64decode(cookie or ""), type=cls)
        except (msgspec.DecodeError, Base64Error, UnicodeDecodeError, ValueError):
            return cls()

    def to_cookie(self) -> str:
        """The cart as text that fits into a cookie."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode()

    @property
    def count(self) -> int:
        """How many pieces are in the cart."""
        return sum(line.quantity for line in self.lines)

    def add(self, item_id: str, quantity: int = 1, credit: Credit | None = None) -> Cart:
        """With so many more of an item, one at least; a full cart stays as it is."""
        quantity = max(quantity, 1)
        for line in self.lines:
            if line.item_id == item_id:
                return self._with(item_id, line.quantity + quantity, credit or line.credit)
        if len(self.lines) >= MAX_LINES:
            return self
        return Cart((*self.lines, CartLine(item_id, min(quantity, MAX_QUANTITY), credit)))

    def set(self, item_id: str, quantity: int) -> Cart:
        """With exactly so many of an item that is in it; none takes it out."""
        if quantity < 1:
            return Cart(tuple(line for line in self.lines if line.item_id != item_id))
        return self._with(item_id, quantity, None)

    def _with(self, item_id: str, quantity: int, credit: Credit | None) -> Cart:
        return Cart(
            tuple(
                CartLine(item_id, min(quantity, MAX_QUANTITY), credit or line.credit) if line.item_id == item_id else line
                for line in self.lines
            )
        )
