"""Reading sums by the names of their components."""

from __future__ import annotations

from collections.abc import Sequence

from endcap.errors import UnknownName
from endcap.measurement.components import NUMBER
from endcap.stores.measures import Cells, Grain, Measures


def read_cells(measures: Measures, grain: Grain, since_ms: int, until_ms: int, components: Sequence[str]) -> Cells:
    """The sums of the hours or UTC days that begin in ``[since_ms, until_ms)``, a column a component in the order given.

    Raises UnknownName for what is no component.
    """
    return measures.cells(grain, since_ms, until_ms, numbers(components))


def numbers(components: Sequence[str]) -> list[int]:
    """The numbers of components. Raises UnknownName.

    >>> numbers(["answers"])
    [0]
    """
    unknown = [name for name in components if name not in NUMBER]
    if unknown:
        raise UnknownName(
            f"no component is named {unknown[0]!r}",
            field="component",
            value=unknown[0],
            remedy="see docs/reference/metrics.md",
        )
    return [NUMBER[name] for name in components]
