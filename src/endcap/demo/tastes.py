"""What a visitor says of themselves: the answers of the quiz, kept in a cookie and told to Endcap."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping

import msgspec

from endcap.core.events import Event
from endcap.core.ids import new_id
from endcap.core.preferences import UNSTATED, Preferences, Wish
from endcap.demo.visitor import Visitor

COOKIE = "larkfield_tastes"
WISHES: Mapping[Wish, str] = {
    "personal": "Go by what I look at, buy and say here",
    "impersonal": "Show what is popular and what goes together, but leave me out of it",
    "none": "No recommendations",
}
"""How far recommendations may go, in words for the visitor."""


def from_form(form: Mapping[str, str], known: frozenset[str]) -> Preferences:
    """The answers of the quiz: a field ``like:NAME`` or ``dislike:NAME`` for each ticked category that is ``known``.

    >>> from_form({"like:Sleeping": "on", "dislike:Pantry": "on", "like:Caviar": "on"}, frozenset({"Sleeping", "Pantry"}))
    Preferences(likes=('Sleeping',), dislikes=('Pantry',), recommendations='personal', name=None)
    """
    wish: Wish = next((one for one in WISHES if one == form.get("recommendations")), "personal")
    return Preferences(
        likes=_ticked(form, "like:", known), dislikes=_ticked(form, "dislike:", known), recommendations=wish,
        name=form.get("name", "").strip()[:40] or None,
    )  # fmt: skip


def to_cookie(preferences: Preferences) -> str:
    """The answers as text that fits into a cookie."""
    return urlsafe_b64encode(msgspec.json.encode(preferences)).decode()


def from_cookie(cookie: str | None) -> Preferences:
    """What :func:`to_cookie` wrote; nothing stated where the cookie is missing or was tampered with.

    >>> said = Preferences(likes=("Sleeping",), recommendations="impersonal")
    >>> from_cookie(to_cookie(said)) == said, from_cookie("forged") == UNSTATED
    (True, True)
    """
    try:
        return msgspec.json.decode(urlsafe_b64decode(cookie or ""), type=Preferences)
    except (msgspec.DecodeError, Base64Error, UnicodeDecodeError, ValueError):
        return UNSTATED


def stating(visitor: Visitor, preferences: Preferences, now_ms: int) -> Event:
    """The answers as the event that tells Endcap. Every field is sent, so that what was taken back is forgotten too."""
    context = {name: getattr(preferences, name) for name in Preferences.__struct_fields__}
    return Event(
        event_id=new_id(now_ms), type="preference", at=now_ms, session_id=visitor.session_id, context=context,
        user_id=visitor.persona.user_id if visitor.persona else None,
    )  # fmt: skip


def _ticked(form: Mapping[str, str], prefix: str, known: frozenset[str]) -> tuple[str, ...]:
    return tuple(name.removeprefix(prefix) for name in form if name.startswith(prefix) and name.removeprefix(prefix) in known)
