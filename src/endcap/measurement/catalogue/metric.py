"""What a metric of the catalogue is."""

from __future__ import annotations

from typing import Literal

import msgspec

from endcap.measurement.formulas import Formula

Unit = Literal["share", "change", "multiple", "money", "count", "number", "ms"]
"""``share`` 0.12 is 12 %; ``change`` 0.12 is 12 % more; ``multiple`` 8.2 is 8.2 times; ``money`` is in the major unit."""

Direction = Literal["up", "down", "none"]
Role = Literal["goal", "guard_rail", "context"]
Interval = Literal["cases", "days", "people", "holdout", "none"]

ASSUMPTIONS: dict[Interval, str] = {
    "cases": "Wilson's interval; of a change the log method of Katz. Every case counts as independent of the others, which "
    "cases of one person are not quite: it is a little too narrow where few people make most of them.",
    "days": "Delta method over days (hours where fewer than seven days are asked for): days count as independent of each "
    "other, people and cases of one day need not be.",
    "people": "Delta method over 64 groups of people, drawn by hash: people count as independent of each other, what one "
    "person does on different days need not be. Where a device or a segment is asked for, over days.",
    "holdout": "The logarithm of the ratio of the holdout's two arms, with the error over 64 groups of people and one relative "
    "spread for both arms: people count as independent of each other and as different from each other in either arm.",
    "none": "No interval: it counts what happened, and estimates nothing.",
}  # fmt: skip
"""How an interval is made, and what it takes for granted."""


class Benchmark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is usual and what to aim for, of the whole shop or of some ``placements``."""

    label: str
    placements: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    target: float | None = None


class Metric(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One metric: what it means, how it is computed, which way is better, and what can be said of it.

    ``task`` narrows it to shelves of one kind. ``least`` is how much the divisor must come to before there is a value. With
    ``of_shop`` the divisor is the whole shop's, whatever placement or shelf is looked at. ``needs`` says what a shop must do for
    it, where that is more than to install the script.
    """

    name: str
    title: str
    sentence: str
    formula: Formula
    unit: Unit
    direction: Direction = "up"
    role: Role = "context"
    interval: Interval = "none"
    task: Literal["upsell", "cross_sell"] | None = None
    least: int = 1
    of_shop: bool = False
    needs: str = ""
    benchmarks: tuple[Benchmark, ...] = ()
