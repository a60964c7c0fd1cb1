"""What algorithms, rules and other named parts have in common: they are their options."""

from __future__ import annotations

import hashlib
from typing import Any, get_type_hints

import msgspec

from endcap.errors import BadOption


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen set of options with something to do. The name of a part is the name of its file.

    msgspec checks bounds when it decodes; a part checks them for Python callers too, so no route makes an unsound one.
    """

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self), include_extras=True)
        for name in self.__struct_fields__:
            value = getattr(self, name)
            try:
                msgspec.convert(msgspec.to_builtins(value), hints[name])
            except msgspec.ValidationError as error:
                raise BadOption(
                    f"{type(self).__name__}: {name} is {value!r}: {error}",
                    field=name,
                    value=value,
                    remedy=f"choose another {name}",
                ) from error

    def options(self) -> dict[str, Any]:
        """All options with their values, as plain data."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    def digest(self) -> str:
        """Twelve hexadecimal digits that change with any option."""
        encoded = msgspec.json.encode(self, order="deterministic")
        return hashlib.sha256(type(self).__name__.encode() + encoded).hexdigest()[:12]
