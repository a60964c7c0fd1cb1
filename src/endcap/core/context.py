"""Where and when a request is made, beyond who makes it."""

from __future__ import annotations

from typing import Literal

import msgspec

Hemisphere = Literal["north", "south"]


class Context(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What is known of the moment; nothing where it is not.

    ``language`` is a tag such as ``de`` or ``de-AT``, ``hour`` the local hour of the day, ``session_age_s`` how long the visit
    has lasted, ``path`` the newest searches and categories that were looked at, newest first.
    """

    device: str | None = None
    language: str | None = None
    country: str | None = None
    hemisphere: Hemisphere = "north"
    hour: int | None = None
    session_age_s: float = 0.0
    path: tuple[str, ...] = ()


NOWHERE = Context()
"""A request of which nothing else is known."""
