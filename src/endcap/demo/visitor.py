"""Who is at the till: a session, a cart, and for those who signed in a customer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from endcap.core.experiment import HOLDOUT
from endcap.core.ids import new_id
from endcap.demo.cart import Cart
from endcap.experiments.assignment import Salted
from endcap.kernels.hashing import BUCKETS

SESSION_COOKIE, CART_COOKIE, CUSTOMER_COOKIE = "larkfield_session", "larkfield_cart", "larkfield_customer"
_DAY_S = 86_400


class Persona(msgspec.Struct, frozen=True, kw_only=True):
    """A customer of the synthetic shop whom a visitor of the demo may be: the user id, a first name, what they are into."""

    user_id: str
    name: str
    likes: str


@dataclass(slots=True)
class Visitor:
    """The person behind a request. Changes are kept by :meth:`remember`."""

    session_id: str
    cart: Cart
    persona: Persona | None = None
    is_new: bool = field(default=False)

    @classmethod
    def of(cls, request: Request, personas: tuple[Persona, ...], now_ms: int) -> Visitor:
        """Read from the request's cookies; what they lack or forge is made anew."""
        cookies = request.cookies
        known = re.fullmatch(r"[0-9A-Z]{26}", cookies.get(SESSION_COOKIE, ""))
        session_id = known.group() if known else _new_session(now_ms)
        persona = next((one for one in personas if one.user_id == cookies.get(CUSTOMER_COOKIE)), None)
        return cls(session_id, Cart.from_cookie(cookies.get(CART_COOKIE)), persona, is_new=known is None)

    def remember(self, response: Response) -> None:
        """Set the cookies; none of them is readable by scripts."""
        values = {
            SESSION_COOKIE: self.session_id,
            CART_COOKIE: self.cart.to_cookie(),
            CUSTOMER_COOKIE: self.persona.user_id if self.persona else "",
        }
        for name, value in values.items():
            response.set_cookie(name, value, max_age=7 * _DAY_S if value else 0, httponly=True, samesite="lax")


def is_never_held_out(unit: str) -> bool:
    """Whether somebody of this id sees recommendations however large the holdout is: who tries the demo wants to see some."""
    return Salted.of(HOLDOUT).bucket(unit.encode()) < BUCKETS // 2


def _new_session(now_ms: int) -> str:
    return next(one for one in iter(lambda: new_id(now_ms), "") if is_never_held_out(one))
