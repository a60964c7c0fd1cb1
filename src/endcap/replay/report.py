"""What an evaluation says, as structs."""

from __future__ import annotations

import msgspec


class Estimate(msgspec.Struct, frozen=True):
    """A metric and its 95 % interval."""

    value: float
    low: float
    high: float


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One method: its metrics by ``name@k``, and what it cost.

    ``fit_seconds`` is the fit alone, ``peak_mb`` the most memory that its process held, in MiB; ``query_us_*`` are
    microseconds of a single answer.
    """

    name: str
    metrics: dict[str, Estimate]
    fit_seconds: float
    peak_mb: float
    query_us_p50: float
    query_us_p99: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one evaluation, as ``--json`` prints them."""

    task: str
    dataset: str
    protocol: str
    rows: list[Row]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How much more ``row`` reaches than ``against`` on the same queries, by metric."""

    row: str
    against: str
    metrics: dict[str, Estimate]


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What validation chose for a row."""

    row: str
    options: dict[str, object]
    asking: dict[str, object]
    score: float
    trials: int


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """A report, and what a reader needs to judge it: sizes, settings, paired differences, and what was left out and why."""

    report: Report
    portion: str
    n_items: int
    n_queries: int
    n_clusters: int
    chosen: list[Chosen]
    differences: list[Difference]
    left_out: dict[str, str]
