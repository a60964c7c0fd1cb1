"""The forms that data for evaluation comes in, one a file; the file's name is what ``--layout`` takes."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from endcap import registry
from endcap.errors import BadFile, BadOption
from endcap.replay.layouts.base import BundleLayout, HistoryLayout, Layout, OrderLayout, SessionLayout

L = TypeVar("L", bound=Layout)

HOLDS: dict[type[Layout], str] = {
    OrderLayout: "orders", HistoryLayout: "people's acts", BundleLayout: "sets of items", SessionLayout: "sessions",
}  # fmt: skip
"""What each kind of layout holds, in words."""


def find_layout(kind: type[L], path: Path, name: str | None) -> L:
    """The layout of a file or folder: the named one, or the most particular one of its kind that recognises the data.

    Raises UnknownName, BadOption where the named layout holds something else, or BadFile where none recognises the data.
    """
    if name is not None:
        return named_layout(kind, name)
    layouts = [registry.build("layouts", one) for one in _names(kind)]
    found = [one for one in layouts if isinstance(one, kind) and one.recognises(path)]
    if not found:
        raise BadFile(
            f"the layout of {path} is not recognised", field="data", value=str(path),
            remedy=f"give a file of {HOLDS[kind]}, or name its layout with --layout, one of {', '.join(_names(kind))}",
        )  # fmt: skip
    # The most particular layout first: a general one recognises what a particular one would read better.
    return min(found, key=lambda one: one.generality)


def named_layout(kind: type[L], name: str) -> L:
    """The layout that answers to a name. Raises UnknownName, or BadOption where it holds something else."""
    found = registry.build("layouts", _file_name(name))
    if not isinstance(found, kind):
        holds = next((words for one, words in HOLDS.items() if isinstance(found, one)), "something else")
        raise BadOption(
            f"layout {name} holds {holds}, not {HOLDS[kind]}", field="layout", value=name,
            remedy=f"name one of {', '.join(_names(kind))}, or evaluate a task on {holds}",
        )  # fmt: skip
    return found


def order_layout(path: Path, name: str | None) -> OrderLayout:
    """The layout of a file or folder of orders: see :func:`find_layout`."""
    return find_layout(OrderLayout, path, name)


def history_layout(path: Path, name: str | None) -> HistoryLayout | OrderLayout:
    """The layout of a file or folder of people's acts, or of orders, which are acts too: see :func:`find_layout`.

    Where several recognise the data, one made for that very data set comes first, then one of acts: it sees more than orders.
    """
    if name is not None:
        named = registry.build("layouts", _file_name(name))
        return named if isinstance(named, OrderLayout) else named_layout(HistoryLayout, name)
    known = [*_names(HistoryLayout), *_names(OrderLayout)]
    layouts = [registry.build("layouts", one) for one in known]
    found = [one for one in layouts if isinstance(one, HistoryLayout | OrderLayout) and one.recognises(path)]
    if not found:
        raise BadFile(
            f"the layout of {path} is not recognised", field="data", value=str(path),
            remedy=f"give a table with columns user_id, item_id, event and timestamp, or name its layout with --layout, one of "
            f"{', '.join(known)}",
        )  # fmt: skip
    return min(found, key=lambda one: (one.generality > 0, isinstance(one, OrderLayout), one.generality))


def session_layout(name: str | None) -> SessionLayout:
    """The layout of a pair of session files: see :func:`named_layout`."""
    return named_layout(SessionLayout, name or _names(SessionLayout)[0])


def _names(kind: type[Layout]) -> list[str]:
    return [name for name in registry.names("layouts") if issubclass(registry.find("layouts", name), kind)]


def _file_name(name: str) -> str:
    """The file that answers to a name or to the name of a public data set."""
    for one in registry.names("layouts"):
        layout = registry.find("layouts", one)
        if issubclass(layout, Layout) and name in layout.also_called:
            return one
    return name
