"""Finds parts by file name or entry point.

A folder of Endcap holds one kind of part, one file each; the file's name is the part's name, and the file defines exactly
one public class of that kind. Packages from elsewhere add parts through the entry-point group ``endcap.<kind>``, for
instance ``endcap.algorithms``. No list of names is written anywhere, but for the files that import a package which is not
installed with Endcap: where it is missing, they are not offered.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any, TypeVar

import msgspec

from endcap.core.part import Part
from endcap.errors import BadOption, EndcapError, UnknownName

PACKAGES = {
    "algorithms": "endcap.algorithms",
    "rules": "endcap.ranking.rules",
    "connectors": "endcap.connectors",
    "metrics": "endcap.measurement.metrics",
    "layouts": "endcap.replay.layouts",
    "peers": "endcap.replay.peers",
}
"""Where each kind of part lives; ``base`` and names with a leading underscore are not parts."""

EXTRAS = {"neural": ("torch", {"algorithms": ("gru4rec", "neural_cf", "sasrec", "two_tower", "wide_and_deep")})}
"""What ``pip install 'endcap[...]'`` adds: the package, and by kind the files that import it."""

P = TypeVar("P", bound=Part)


@cache
def names(kind: str) -> tuple[str, ...]:
    """The names of all parts of a kind that can be used, sorted. Nothing is imported to find them but the folder."""
    package = importlib.import_module(PACKAGES[kind])
    files = {module.name for module in pkgutil.iter_modules(package.__path__) if not _is_private(module.name)}
    return tuple(sorted((files - lacking(kind).keys()) | set(_plugins(kind))))


def lacking(kind: str) -> dict[str, str]:
    """The parts that cannot be used since a package is missing, and the extra of Endcap that installs it."""
    missing = {extra: parts for extra, (package, parts) in EXTRAS.items() if find_spec(package) is None}
    return {name: extra for extra, parts in missing.items() for name in parts.get(kind, ())}


def of_extra(kind: str, extra: str) -> tuple[str, ...]:
    """The parts of a kind that an extra adds, whether it is installed or not.

    Raises UnknownName where there is no such extra.
    """
    if extra not in EXTRAS:
        raise UnknownName(f"no extra is named {extra!r}", field="extra", value=extra, remedy=f"choose one of {', '.join(EXTRAS)}")
    return EXTRAS[extra][1].get(kind, ())


def by_themselves(kind: str, also: Collection[str] = ()) -> list[str]:
    """The names of a kind without those of extras, but for what ``also`` names: importing a large package takes seconds."""
    extra = {name for one in EXTRAS for name in of_extra(kind, one)}
    return [name for name in names(kind) if name not in extra or name in also]


@cache
def find(kind: str, name: str) -> type[Part]:
    """The class behind a name.

    Raises UnknownName, with the nearest names, where nothing answers to it, or with what to install where it lacks a package;
    EndcapError where the file, or the entry point of a package from elsewhere, gives no part.
    """
    if name in lacking(kind):
        raise UnknownName(
            f"{kind} {name} needs a package that is not installed", field=kind, value=name,
            remedy=f"pip install 'endcap[{lacking(kind)[name]}]'",
        )  # fmt: skip
    if name not in names(kind):
        near = get_close_matches(name, names(kind), n=1)
        remedy = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(names(kind))}"
        raise UnknownName(f"no {kind} is named {name!r}", field=kind, value=name, remedy=remedy)
    plugin = _plugins(kind).get(name)
    if plugin is not None:
        return _loaded(kind, plugin)
    module = importlib.import_module(f"{PACKAGES[kind]}.{name}")
    own = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]
    parts = [value for value in own if issubclass(value, Part) and not value.__name__.startswith("_")]
    if len(parts) != 1:
        raise EndcapError(f"{module.__name__} defines {len(parts)} parts; it must define one")
    return parts[0]


def build(kind: str, name: str, options: Mapping[str, Any] | None = None) -> Part:
    """The part with these options.

    Raises UnknownName for a name, BadOption for an option, that does not exist or cannot take its value.
    """
    part = find(kind, name)
    try:
        return msgspec.convert(dict(options or {}), part)
    except msgspec.ValidationError as error:
        raise BadOption(f"{kind} {name}: {error}", field=name, value=options, remedy="correct the option") from error


def name_of(part: Part | type[Part]) -> str:
    """The name that a part is registered under."""
    part_class = part if isinstance(part, type) else type(part)
    return part_class.__module__.rsplit(".", 1)[-1]


def _is_private(name: str) -> bool:
    return name == "base" or name.startswith("_")


def _loaded(kind: str, point: EntryPoint) -> type[Part]:
    """The class that an entry point names. Every verb that looks for parts comes by here, so it says whose fault it is."""
    source = f"{kind} {point.name}, the entry point {point.value}"
    package = point.dist.name if point.dist else "its package"
    try:
        found = point.load()
    except (ImportError, AttributeError) as error:
        raise EndcapError(f"{source} cannot be imported: {error}", remedy=f"correct {package}, or uninstall it") from error
    if not (isinstance(found, type) and issubclass(found, Part)):
        remedy = f"in {package}, write the module, a colon and the name of the class"
        raise EndcapError(f"{source}, is no part of Endcap", remedy=remedy)
    return found


@cache
def _plugins(kind: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"endcap.{kind}")}
