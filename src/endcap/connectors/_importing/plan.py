"""What a file is and which of its columns is what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from endcap import registry
from endcap.connectors.base import (
    DEFAULT_CURRENCY,
    Connector,
    Dates,
    Kind,
    Source,
    open_source,
    parse_number,
    parse_time,
    squashed,
)
from endcap.errors import BadFile, BadOption

_ENOUGH_TO_GUESS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What the caller knows better than the files tell. ``columns`` maps fields to column names.

    Where ``currency`` or ``timezone`` is not given, the layout's own holds.
    """

    kind: Kind | None = None
    layout: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    timezone: str | None = None
    dates: Dates = "auto"


@dataclass(frozen=True, slots=True)
class Plan:
    """How one file will be read: by which connector, and which column it takes for which field."""

    source: Source
    connector: Connector
    mapping: Mapping[str, str]
    currency_given: bool

    @property
    def layout(self) -> str:
        """The name of the connector."""
        return registry.name_of(self.connector)

    @property
    def notes(self) -> list[str]:
        """What was assumed about the file that only a person can know better."""
        amounts = not {"price", "line_total", "packed"}.isdisjoint(self.mapping)
        if amounts and not self.currency_given and "currency" not in self.mapping and self.connector.currency == DEFAULT_CURRENCY:
            return [
                f"{self.source.name} names no currency, so its amounts are taken as {DEFAULT_CURRENCY}; --currency changes that"
            ]
        return []


def plans(paths: Sequence[Path], options: ImportOptions) -> list[Plan]:
    """Open files and find out what they are.

    Raises BadFile where one cannot be read, or where no layout or more than one fits; BadOption for an option that no
    connector takes.
    """
    connectors = _candidates(options)
    sources = [open_source(path) for path in paths]
    _check_columns(sources, options.columns)
    return [_plan(source, connectors, options) for source in sources]


def _plan(source: Source, connectors: Sequence[Connector], options: ImportOptions) -> Plan:
    overrides = _overrides(source, options.columns)
    fits: list[tuple[int, Plan]] = []
    for connector in connectors:
        mapping = _mapping(connector, source, overrides)
        fitness = connector.fitness(source, mapping)
        if options.layout is not None or (fitness and not connector.missing(mapping)):
            fits.append((fitness, Plan(source, connector, mapping, options.currency is not None)))
    if not fits:
        raise _unrecognised(source, connectors, overrides)
    best = max(fitness for fitness, _ in fits)
    chosen = [one for fitness, one in fits if fitness == best]
    if len(chosen) > 1:
        names = " and ".join(one.layout for one in chosen)
        raise BadFile(f"{source.name} could be {names}", field="layout", value=names, remedy="choose one with --layout")
    _check(chosen[0], overrides)
    return chosen[0]


def _candidates(options: ImportOptions) -> list[Connector]:
    if options.currency is not None and not re.fullmatch("[A-Z]{3}", options.currency):
        raise BadOption(
            f"currency is {options.currency!r}",
            field="currency",
            value=options.currency,
            remedy="give an ISO 4217 code such as EUR",
        )
    given = {"currency": options.currency, "timezone": options.timezone, "dates": options.dates}
    settings = {name: value for name, value in given.items() if value is not None}
    layouts = (options.layout,) if options.layout is not None else registry.names("connectors")
    found: list[Connector] = []
    for name in layouts:
        connector = registry.build("connectors", name, settings)
        assert isinstance(connector, Connector)
        if options.kind in {None, connector.kind}:
            found.append(connector)
    if not found:
        raise BadOption(
            f"the layout {options.layout} does not hold {options.kind}", field="kind", value=options.kind,
            remedy="leave out --kind or --layout",
        )  # fmt: skip
    return found


def _overrides(source: Source, columns: Mapping[str, str]) -> dict[str, str]:
    """The columns of this file that were named by hand, as the file writes them."""
    found = {}
    for name, column in columns.items():
        same = [one for one in source.columns if one == column]
        same = same or [one for one in source.columns if squashed(one) == squashed(column)]
        if same:
            found[name] = same[0]
    return found


def _check_columns(sources: Sequence[Source], columns: Mapping[str, str]) -> None:
    """Refuse a column named by hand that no file has; of several files, some may do without it."""
    for name, column in columns.items():
        if not any(_overrides(source, {name: column}) for source in sources):
            source = sources[0]
            raise BadFile(
                f"{source.name} has no column {column!r} to take for {name}; its columns are {_listed(source.columns)}",
                field=name,
                value=column,
                remedy=f"correct --map {name}=COLUMN",
            )


def _mapping(connector: Connector, source: Source, overrides: Mapping[str, str]) -> dict[str, str]:
    return {name: columns[0] for name, columns in connector.map_columns(source, overrides).items()}


def _check(chosen: Plan, overrides: Mapping[str, str]) -> None:
    """Refuse a plan that lacks a column, or has two for one field, or that was told of a field it does not have."""
    known = [field.name for field in chosen.connector.fields]
    missing = chosen.connector.missing(chosen.mapping)
    if missing:
        raise _missing(chosen.source, missing)
    for name, columns in chosen.connector.map_columns(chosen.source, overrides).items():
        if len(columns) > 1:
            raise BadFile(
                f"{chosen.source.name}: {' and '.join(map(repr, columns))} could both be {name}",
                field=name,
                value=columns,
                remedy=f"choose one with --map {name}=COLUMN",
            )
    for name in overrides:
        if name not in known:
            raise BadOption(
                f"{chosen.layout} has no field {name!r} to map", field=name, value=overrides[name],
                remedy=f"choose one of {', '.join(known)}",
            )  # fmt: skip


def _unrecognised(source: Source, connectors: Sequence[Connector], overrides: Mapping[str, str]) -> BadFile:
    if any(parse_number(column) is not None or parse_time(column, UTC) is not None for column in source.columns):
        return BadFile(
            f"{source.name} has no header: its first row is {_listed(source.columns)}", field="header", value=source.columns,
            remedy="add a row with the names of the columns",
        )  # fmt: skip

    general = [connector for connector in connectors if not connector.marks] or list(connectors)
    tried = [(connector, _mapping(connector, source, overrides)) for connector in general]
    nearest, mapping = max(tried, key=lambda pair: (-len(pair[0].missing(pair[1])), len(pair[1])))
    if len(mapping) < _ENOUGH_TO_GUESS:
        return BadFile(
            f"{source.name} has no layout that is known; its columns are {_listed(source.columns)}",
            field="columns",
            value=source.columns,
            remedy="say what it holds with --kind and which column is which with --map FIELD=COLUMN",
        )
    return _missing(source, nearest.missing(mapping), f" (read as {nearest.kind})")


def _missing(source: Source, fields: Sequence[str], read_as: str = "") -> BadFile:
    return BadFile(
        f"{source.name}{read_as} has no column for {' and '.join(fields)}; its columns are {_listed(source.columns)}",
        field=fields[0],
        value=source.columns,
        remedy=" ".join(["name it with", *(f"--map {name}=COLUMN" for name in fields)]),
    )


def _listed(columns: Sequence[str], most: int = 30) -> str:
    shown = ", ".join(column[:40] for column in columns[:most])
    return shown + (f" and {len(columns) - most} more" if len(columns) > most else "")
