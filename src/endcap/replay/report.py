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
    microseconds of a single answer. ``peer`` marks another library. ``slices`` holds the metrics of some of the queries: of those
    whose target was acted on in the training part (warm), or not (cold).
    """

    name: str
    metrics: dict[str, Estimate]
    fit_seconds: float
    peak_mb: float
    query_us_p50: float
    query_us_p99: float
    peer: bool = False
    slices: dict[str, dict[str, float]] = {}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How much more ``row`` reaches than ``against`` on the same queries, by metric.

    ``p`` is the probability, by metric, of a difference at least as large where there is none; where several rows are compared
    with the same one, it is adjusted for that (Holm).
    """

    row: str
    against: str
    metrics: dict[str, Estimate]
    p: dict[str, float]


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What validation chose for a row."""

    row: str
    options: dict[str, object]
    asking: dict[str, object]
    score: float
    trials: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one evaluation, as ``--json`` prints them.

    ``strongest`` names the row, Endcap's own apart, that every other one is compared with in ``differences``. ``sizes`` counts
    the queries, of all and of each slice. ``left_out`` says what was not tried, and why.
    """

    task: str
    dataset: str
    protocol: str
    rows: list[Row]
    portion: str = "test"
    strongest: str = ""
    sizes: dict[str, int] = {}
    differences: list[Difference] = []
    chosen: list[Chosen] = []
    left_out: dict[str, str] = {}


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
