"""From the values of many methods on the same queries to rows, intervals and paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.measurement.metrics.base import Figure
from endcap.replay.bootstrap import Floats, cluster_bootstrap, interval
from endcap.replay.held_out import Window
from endcap.replay.report import Difference, Estimate, Row

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Measured:
    """One method: one value a query for each metric, float64 (n_queries,), what its fit cost and what an answer takes."""

    name: str
    values: Mapping[str, Floats]
    fit_seconds: float
    peak_mb: float
    micros: tuple[float, float]
    peer: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows of a table, the row that the others are compared with, and the paired differences."""

    rows: list[Row]
    strongest: str
    differences: list[Difference]


def compare(
    measured: Sequence[Measured], figures: Mapping[str, Figure], window: Window, *, baseline: str, ours: str, primary: str
) -> Comparison:
    """Rows with intervals; every row against ``baseline`` and against the strongest row.

    The strongest row is the best by the ``primary`` metric, ``ours`` apart. All rows share the draws of the bootstrap, so that
    differences are paired.
    """
    table = _Table(measured, figures, window)
    others = [one for one in measured if one.name != ours] or list(measured)
    sign = 1 if figures[primary].higher_is_better else -1
    strongest = max(others, key=lambda one: sign * table.mean(one.name, primary)).name
    differences = []
    for against in dict.fromkeys((baseline, strongest)):
        if against in table.columns:
            differences += table.differences(against)
    return Comparison([table.row(one) for one in measured], strongest, differences)


def slices(window: Window) -> dict[str, NDArray[np.bool_]]:
    """The queries whose first target was acted on in the training part, and those whose was not, where there are both."""
    held_out = window.held_out
    counts = np.bincount(window.train.interactions.items, minlength=window.train.n_items + 1)
    first = held_out.targets[held_out.target_starts[:-1]]
    cold = counts[first] == 0  # -1 is an item that the training part does not know: the last count, which is 0
    return {"warm": ~cold, "cold": cold} if cold.any() and not cold.all() else {}


class _Table:
    """Means and drawn means of every metric of every method."""

    def __init__(self, measured: Sequence[Measured], figures: Mapping[str, Figure], window: Window) -> None:
        self._figures = figures
        self.columns = {one.name: slice(at * len(figures), (at + 1) * len(figures)) for at, one in enumerate(measured)}
        self._values = np.stack([one.values[name] for one in measured for name in figures], axis=1)
        weights = window.held_out.weights
        self._slices = slices(window)
        self._means = self._of_mean(np.average(self._values, axis=0, weights=weights))
        self._drawn = self._of_mean(self._draw(window, weights))

    def _draw(self, window: Window, weights: Floats) -> Floats:
        """The drawn means of all columns; a share of what the queries bring is one of what the drawn ones bring."""
        gains, clusters = window.held_out.target_values, window.held_out.clusters
        if not any(figure.for_gains for figure in self._figures.values()) or gains is None or not gains.any():
            return cluster_bootstrap(self._values, clusters, weights=weights)
        brought = gains.astype(np.float64) / gains.mean(dtype=np.float64)
        drawn = cluster_bootstrap(np.column_stack([self._values, brought]), clusters, weights=weights)
        drawn, total = drawn[:, :-1], drawn[:, -1:]
        for at, figure in enumerate(self._figures.values()):
            if figure.for_gains:
                drawn[:, at :: len(self._figures)] /= np.maximum(total, np.finfo(np.float64).tiny)
        return drawn

    def mean(self, row: str, metric: str) -> float:
        """The figure of a row."""
        return float(self._means[self.columns[row]][list(self._figures).index(metric)])

    def row(self, one: Measured) -> Row:
        """The row of a method."""
        at = self.columns[one.name]
        return Row(
            name=one.name,
            metrics=self._estimates(self._means[at], self._drawn[:, at]),
            fit_seconds=round(one.fit_seconds, 3),
            peak_mb=round(one.peak_mb, 1),
            query_us_p50=round(one.micros[0], 1),
            query_us_p99=round(one.micros[1], 1),
            peer=one.peer,
            slices={name: self._slice(at, chosen) for name, chosen in self._slices.items()},
        )

    def differences(self, against: str) -> list[Difference]:
        """The paired differences of all other rows to one, with p-values that allow for how many they are."""
        other = self.columns[against]
        rows = [name for name in self.columns if name != against]
        drawn = {name: self._drawn[:, self.columns[name]] - self._drawn[:, other] for name in rows}
        p = holm(np.stack([two_sided(drawn[name]) for name in rows])) if rows else np.empty((0, 0))
        return [
            Difference(
                row=name, against=against, p=dict(zip(self._figures, np.round(p[at], _DIGITS).tolist(), strict=True)),
                metrics=self._estimates(self._means[self.columns[name]] - self._means[other], drawn[name]),
            )
            for at, name in enumerate(rows)
        ]  # fmt: skip

    def _estimates(self, mean: Floats, draws: Floats) -> dict[str, Estimate]:
        # Rounded, so that where all queries agree the interval is the value, whatever the order of addition.
        return {
            name: Estimate(*(round(one, _DIGITS) for one in (float(mean[at]), *interval(draws[:, at]))))
            for at, name in enumerate(self._figures)
        }

    def _slice(self, columns: slice, chosen: NDArray[np.bool_]) -> dict[str, float]:
        means = self._values[chosen, columns].mean(axis=0)
        figures = [(at, name, one) for at, (name, one) in enumerate(self._figures.items()) if one.of_parts]
        return {name: round(float(one.of_mean(means[at])), _DIGITS) for at, name, one in figures}

    def _of_mean(self, means: Floats) -> Floats:
        """The figures that belong to means, one column each."""
        whole = means.copy()
        for at, figure in enumerate(self._figures.values()):
            whole[..., at :: len(self._figures)] = figure.of_mean(means[..., at :: len(self._figures)])
        return whole


def two_sided(drawn: Floats) -> Floats:
    """How probable drawn differences as far from 0 are where there is no difference, by column: twice the smaller tail.

    ``drawn`` float64 (draws, n). Source: Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 4.2.

    >>> two_sided(np.array([[1.0], [2.0], [3.0]])).tolist()
    [0.5]
    """
    n = len(drawn)
    tail = np.minimum((drawn <= 0).sum(axis=0), (drawn >= 0).sum(axis=0))
    p: Floats = np.minimum(2 * (tail + 1) / (n + 1), 1.0)
    return p


def holm(p: Floats) -> Floats:
    """p-values of several comparisons, adjusted so that the chance of any false alarm among them stays what it says.

    ``p`` float64 (n_comparisons, n_metrics); each column is a family. Source: Holm, "A simple sequentially rejective multiple
    test procedure", Scandinavian Journal of Statistics 1979.

    >>> holm(np.array([[0.01], [0.04], [0.03]])).round(2).tolist()
    [[0.03], [0.06], [0.06]]
    """
    order = np.argsort(p, axis=0, kind="stable")
    steps = np.arange(len(p), 0, -1)[:, None]
    adjusted = np.minimum(np.maximum.accumulate(np.take_along_axis(p, order, axis=0) * steps, axis=0), 1.0)
    found = np.empty_like(p)
    np.put_along_axis(found, order, adjusted, axis=0)
    return found
