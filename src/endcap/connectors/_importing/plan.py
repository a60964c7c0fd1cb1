"""What a file is and which of its columns is what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from endcap import registry
from endcap.connectors.base import Connector, Dates, Kind, Source, open_source
from endcap.connectors.base.cells import parse_number, parse_time
from endcap.connectors.base.connector import DEFAULT_CURRENCY, squashed
from endcap.errors import BadFile, BadOption


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


def plan(path: Path, options: ImportOptions) -> Plan:
    """Open a file and find out what it is.

    Raises BadFile where it cannot be read, or where no layout or more than one fits; BadOption for an option that no
    connector takes.
    """
    source = open_source(path)
    overrides = _overrides(source, options.columns)
    connectors = _candidates(options)
    fits: list[tuple[int, Plan]] = []
    for connector in connectors:
        known = {name: column for name, column in overrides.items() if any(field.name == name for field in connector.fields)}
        mapping = connector.map_columns(source, known)
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
    _check_overrides(chosen[0], overrides)
    missing = chosen[0].connector.missing(chosen[0].mapping)
    if missing:
        raise _missing(source, missing)
    return chosen[0]


def _candidates(options: ImportOptions) -> list[Connector]:
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
    """The columns that were named by hand, as the file writes them."""
    found = {}
    for name, column in columns.items():
        same = [one for one in source.columns if one == column]
        same = same or [one for one in source.columns if squashed(one) == squashed(column)]
        if not same:
            raise BadFile(
                f"{source.name} has no column {column!r} to take for {name}; its columns are {_listed(source.columns)}",
                field=name, value=column, remedy=f"correct --map {name}=COLUMN",
            )  # fmt: skip
        found[name] = same[0]
    return found


def _check_overrides(chosen: Plan, overrides: Mapping[str, str]) -> None:
    known = [field.name for field in chosen.connector.fields]
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

    def lacks(connector: Connector) -> list[str]:
        known = {name: column for name, column in overrides.items() if any(field.name == name for field in connector.fields)}
        return connector.missing(connector.map_columns(source, known))

    general = [connector for connector in connectors if not connector.marks] or list(connectors)
    nearest = min(general, key=lambda connector: len(lacks(connector)) / sum(field.required for field in connector.fields))
    return _missing(source, lacks(nearest), nearest.kind)


def _missing(source: Source, fields: Sequence[str], kind: str | None = None) -> BadFile:
    what = f"{source.name} cannot be told to be orders, products or events; read as {kind} it" if kind else source.name
    return BadFile(
        f"{what} has no column for {' and '.join(fields)}; its columns are {_listed(source.columns)}",
        field=fields[0] if fields else "layout", value=source.columns,
        remedy=" ".join(["name it with", *(f"--map {name}=COLUMN" for name in fields)]),
    )  # fmt: skip


def _listed(columns: Sequence[str], most: int = 30) -> str:
    shown = ", ".join(column[:40] for column in columns[:most])
    return shown + (f" and {len(columns) - most} more" if len(columns) > most else "")
