"""The forms that data for evaluation comes in, one a file; the file's name is what ``--layout`` takes."""

from __future__ import annotations

from pathlib import Path

from endcap import registry
from endcap.errors import BadFile, BadOption
from endcap.replay.layouts.base import OrderLayout, SessionLayout


def order_layout(path: Path, name: str | None) -> OrderLayout:
    """The layout of a file or folder of orders: the named one, or the first that recognises it.

    Raises UnknownName, BadOption where the named layout holds no orders, or BadFile where none recognises the data.
    """
    if name is not None:
        named = registry.build("layouts", _file_name(name))
        if not isinstance(named, OrderLayout):
            raise BadOption(
                f"layout {name} holds sessions, not orders", field="layout", value=name, remedy="use endcap evaluate session"
            )
        return named
    layouts = [registry.build("layouts", one) for one in registry.names("layouts")]
    # The most particular layout first: a general one recognises what a particular one would read better.
    found = [one for one in layouts if isinstance(one, OrderLayout) and one.recognises(path)]
    if not found:
        raise BadFile(
            f"the layout of {path} is not recognised", field="data", value=str(path),
            remedy=f"name it with --layout, one of {', '.join(_names(OrderLayout))}",
        )  # fmt: skip
    return min(found, key=lambda one: one.generality)


def session_layout(name: str | None) -> SessionLayout:
    """The layout of a pair of session files. Raises UnknownName or, where the named layout holds orders, BadOption."""
    known = _names(SessionLayout)
    found = registry.build("layouts", _file_name(name) if name is not None else known[0])
    if not isinstance(found, SessionLayout):
        raise BadOption(
            f"layout {name} holds orders, not sessions", field="layout", value=name, remedy="use endcap evaluate basket"
        )
    return found


def _names(kind: type[OrderLayout | SessionLayout]) -> list[str]:
    return [name for name in registry.names("layouts") if issubclass(registry.find("layouts", name), kind)]


def _file_name(name: str) -> str:
    """The file that answers to a name or to the name of a public data set."""
    for one in registry.names("layouts"):
        layout = registry.find("layouts", one)
        if issubclass(layout, OrderLayout | SessionLayout) and name in layout.also_called:
            return one
    return name
