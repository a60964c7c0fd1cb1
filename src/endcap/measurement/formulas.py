"""How a metric is computed, as data over components: what the documentation prints is what is evaluated.

A component is a sum that hours, shelves and people add up to (:mod:`endcap.measurement.components`). A formula adds components
up with a sign, divides two such sums, or compares two such quotients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

Sum = dict[str, int]
"""Components and how often each counts: ``{"revenue": 1, "refunds": -1}`` is what was earned less what was given back."""


class Total(msgspec.Struct, frozen=True, tag="total"):
    """A sum of components."""

    of: Sum


class Ratio(msgspec.Struct, frozen=True, tag="ratio"):
    """One sum divided by another, ``times`` a number."""

    over: Sum
    under: Sum
    times: float = 1.0


class Quantile(msgspec.Struct, frozen=True, tag="quantile"):
    """The value that a share ``at`` of the cases stays at or below, from a histogram.

    ``buckets`` are the components that count the cases above the edge before and up to ``edges``; the last bucket has no edge.
    Between two edges cases are taken as evenly spread.
    """

    at: float
    edges: tuple[float, ...]
    buckets: tuple[str, ...]


class Change(msgspec.Struct, frozen=True, tag="change"):
    """How much one ratio differs from another, as a share of the other."""

    of: Ratio
    base: Ratio


class Lift(msgspec.Struct, frozen=True, tag="lift"):
    """A ratio among people who see recommendations against the same among those held out.

    ``relative``: the difference as a share of the held-out people's; otherwise the difference for all who see recommendations
    together: what would not be there without them.
    """

    of: Ratio
    relative: bool


Formula = Total | Ratio | Quantile | Change | Lift


def total(of: Sum, sums: Mapping[str, float]) -> float:
    """What a sum of components comes to; a component that is not there is 0.

    >>> total({"revenue": 1, "refunds": -1}, {"revenue": 500, "refunds": 120})
    380
    """
    return sum(times * sums.get(component, 0) for component, times in of.items())


def components(formula: Formula) -> Iterator[str]:
    """The names of all components in a formula, those that occur twice twice."""
    match formula:
        case Total(of):
            yield from of
        case Ratio(over, under):
            yield from over
            yield from under
        case Quantile(_, _, buckets):
            yield from buckets
        case Change(of, base):
            yield from components(of)
            yield from components(base)
        case Lift(of):
            yield from components(of)


def written(formula: Formula) -> str:
    """The formula as a person reads it.

    >>> written(Ratio({"revenue_direct": 1, "returned_direct": -1}, {"shelf_impressions": 1}, 1000))
    '1000 × (revenue_direct − returned_direct) ÷ shelf_impressions'
    """
    match formula:
        case Total(of):
            return _added(of)
        case Ratio(over, under, times):
            return (f"{times:g} × " if times != 1 else "") + f"{_inside(over)} ÷ {_inside(under)}"
        case Quantile(at, edges, buckets):
            return f"{at:.0%} quantile of {len(buckets)} buckets: {buckets[0]} (up to {edges[0]:g}) … {buckets[-1]}"
        case Change(of, base):
            return f"({written(of)}) ÷ ({written(base)}) − 1"
        case Lift(of, relative):
            return f"{written(of)}: recommended {'÷ held out − 1' if relative else '− held out, × all who were recommended to'}"


def _added(of: Sum) -> str:
    text = ""
    for component, times in of.items():
        sign = "−" if times < 0 else "+"
        count = "" if abs(times) == 1 else f"{abs(times)} × "
        text += f" {sign} {count}{component}" if text else ("−" if times < 0 else "") + count + component
    return text


def _inside(of: Sum) -> str:
    return f"({_added(of)})" if len(of) > 1 else _added(of)
