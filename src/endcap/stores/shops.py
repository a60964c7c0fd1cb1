"""The names of shops."""

from __future__ import annotations

import re

from endcap.errors import BadInput, UnknownName

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def check_shop(shop: str) -> str:
    """The name itself, where a shop can be called so. Raises BadInput.

    >>> check_shop("gifts")
    'gifts'
    """
    if not _NAME.fullmatch(shop):
        raise BadInput(
            f"{shop!r} cannot be the name of a shop",
            field="shop",
            value=shop,
            remedy="use 1 to 64 of the characters a-z, 0-9, _ and -, a letter first",
        )
    return shop


def unknown_shop(shop: str, known: list[str]) -> UnknownName:
    """The error for a shop that does not exist."""
    remedy = f"choose one of {', '.join(known)}" if known else "import its data or create a key for it first"
    return UnknownName(f"no shop is named {shop!r}", field="shop", value=shop, remedy=remedy)
