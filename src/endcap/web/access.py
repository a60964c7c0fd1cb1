"""Who asks, and what they may do. The shop is the key's, whatever a body says."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from endcap.core.events import Event
from endcap.errors import BadInput, Forbidden, Unauthorized
from endcap.stores.ports import KeyInfo, KeyKind, Keys
from endcap.web.limits import MAX_CACHED_KEYS, MAX_KEY_CHARACTERS

BROWSER_EVENTS = frozenset({
    "view", "click", "search", "add_to_cart", "remove_from_cart", "begin_checkout", "rating", "impression", "dismiss",
    "own", "preference", "consent", "survey", "usage",
})  # fmt: skip
"""What a browser key may report: what a shopper does in the page. Orders, returns and who somebody is come from the server."""

_HOW = "send the header Authorization: Bearer KEY; endcap keys create --shop SHOP --kind server makes a key"


class KeyRing:
    """The keys of an installation, remembered until :meth:`refresh` sees that some changed."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._version = -1
        self._known: dict[str, KeyInfo | None] = {}
        self._origins: frozenset[str] = frozenset()
        self._any_origin = False
        self.refresh()

    def refresh(self) -> None:
        """Take changes of the keys into account."""
        version = self._keys.version()
        if version == self._version:
            return
        browser = [info for info in self._keys.list() if info.kind == "browser"]
        self._any_origin = any(not info.origins for info in browser)
        self._origins = frozenset(origin for info in browser for origin in info.origins)
        self._known = {}
        self._version = version

    def welcomes(self, origin: str) -> bool:
        """Whether any browser key may be used by pages of this origin."""
        return self._any_origin or origin in self._origins

    def identify(self, key: str | None) -> KeyInfo:
        """What a key stands for. Raises Unauthorized."""
        if key is None:
            raise Unauthorized("the request carries no key", field="Authorization", remedy=_HOW)
        known = self._known
        info = known.get(key)
        if info is None:
            if key not in known and len(key) <= MAX_KEY_CHARACTERS:
                if len(known) >= MAX_CACHED_KEYS:
                    known.clear()
                info = known[key] = self._keys.lookup(key)
            if info is None:
                raise Unauthorized("the key is not known, or was revoked", field="Authorization", remedy=_HOW)
        return info


def admit(info: KeyInfo, kinds: Collection[KeyKind], origin: str | None) -> None:
    """Refuse a key of the wrong kind, or a browser key used by a page it is not bound to. Raises Forbidden."""
    if info.kind not in kinds:
        wanted = " or ".join(kinds)
        raise Forbidden(
            f"a {info.kind} key may not do this", field="Authorization", value=info.kind, remedy=f"use the shop's {wanted} key"
        )
    if info.origins and origin not in info.origins:
        raise Forbidden(
            f"this key is bound to {', '.join(info.origins)}", field="Origin", value=origin,
            remedy="use it in pages of that origin, or make a key for this one with endcap keys create --origin",
        )  # fmt: skip


def permit_from_browser(event: Event) -> None:
    """Refuse an event that a browser may not report. Raises Forbidden."""
    if event.type not in BROWSER_EVENTS:
        raise Forbidden(
            f"a browser key may not send {event.type} events", field="type", value=event.type,
            remedy="send them from your server with a server key",
        )  # fmt: skip
    if event.user_id is not None:
        raise Forbidden(
            "a browser key may not speak for a user", field="user_id", value=None,
            remedy="send session_id alone; an identify event from your server says whose session it is",
        )  # fmt: skip


def check_explain(info: KeyInfo, *, explain: bool) -> None:
    """Refuse the trace of an answer, which tells of the shop's weights and of a person's history, to a browser key."""
    if explain and info.kind == "browser":
        raise Forbidden("a browser key may not ask for explanations", field="explain", value=True, remedy="ask with a server key")


def bearer(value: bytes | None) -> str | None:
    """The key in an Authorization header, nothing where there is none. Raises Unauthorized for another scheme."""
    if value is None:
        return None
    scheme, _, key = value.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Unauthorized("the Authorization header is not a bearer key", field="Authorization", remedy=_HOW)
    return key.strip()


def check_origin(origin: str) -> str:
    """The origin itself, where it is one as browsers send it. Raises BadInput.

    >>> check_origin("https://shop.example")
    'https://shop.example'
    """
    parts = urlsplit(origin)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or origin != f"{parts.scheme}://{parts.netloc}".lower()
        or "@" in origin
    ):
        raise BadInput(
            f"{origin!r} is no origin", field="origin", value=origin,
            remedy="write scheme, host and port alone, in lower case: https://shop.example",
        )  # fmt: skip
    return origin
