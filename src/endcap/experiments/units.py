"""Who took part in an experiment, and what each of them did before and after it touched them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from endcap.errors import BadInput


@dataclass(frozen=True, slots=True)
class Units:
    """The units of one experiment: persons or sessions, one a row, each counted from its first exposure.

    ``names`` are the k components that are summed a unit (money in minor units); ``values`` has their totals after the unit's
    first exposure, until the experiment's end, and ``before`` the same totals in the 28 days before it, both float64[n, k].
    ``arms`` starts with the control; ``arm`` int32[n] points into it. ``exposed_ms`` int64[n] is when the unit first met the
    experiment. ``segment`` int32[n] points into ``segments``, or is -1 for a unit of none. Raises BadInput for arrays that do
    not fit together.

    >>> units = Units(
    ...     names=("orders",), arms=("control", "new"), arm=np.array([0, 1, 1], np.int32), exposed_ms=np.zeros(3, np.int64),
    ...     values=np.array([[1.0], [0.0], [2.0]]), before=np.zeros((3, 1)), segment=np.full(3, -1, np.int32), segments=(),
    ... )
    >>> units.counts().tolist(), units.after("orders").tolist()
    ([1, 2], [1.0, 0.0, 2.0])
    """

    names: tuple[str, ...]
    arms: tuple[str, ...]
    arm: NDArray[np.int32]
    exposed_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    before: NDArray[np.float64]
    segment: NDArray[np.int32]
    segments: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.arm)
        for field, array in (("values", self.values), ("before", self.before)):
            if array.shape != (n, len(self.names)):
                _refuse(field, array.shape, f"give one row a unit and one column a name: ({n}, {len(self.names)})")
        for field, index in (("exposed_ms", self.exposed_ms), ("segment", self.segment)):
            if index.shape != (n,):
                _refuse(field, index.shape, f"give one number a unit: ({n},)")
        if n and not (self.arm.min() >= 0 and self.arm.max() < len(self.arms)):
            _refuse("arm", int(self.arm.max()), f"point into the {len(self.arms)} arms, from 0")
        if n and not (self.segment.min() >= -1 and self.segment.max() < len(self.segments)):
            _refuse("segment", int(self.segment.max()), f"point into the {len(self.segments)} segments, or -1 for none")

    def __len__(self) -> int:
        return len(self.arm)

    def counts(self) -> NDArray[np.int64]:
        """How many units each arm has; int64[arms]."""
        return np.bincount(self.arm, minlength=len(self.arms)).astype(np.int64)

    def after(self, name: str) -> NDArray[np.float64]:
        """What each unit did of one component after its exposure; float64[n]. Raises BadInput for a name it does not have."""
        return self.values[:, self._column(name)]

    def earlier(self, name: str) -> NDArray[np.float64]:
        """What each unit did of one component in the 28 days before; float64[n]. Raises BadInput for a name it does not have."""
        return self.before[:, self._column(name)]

    def where(self, kept: NDArray[np.bool_]) -> Units:
        """The units of a mask bool[n], with all arms and segments still named."""
        return Units(
            names=self.names,
            arms=self.arms,
            arm=self.arm[kept],
            exposed_ms=self.exposed_ms[kept],
            values=self.values[kept],
            before=self.before[kept],
            segment=self.segment[kept],
            segments=self.segments,
        )

    def _column(self, name: str) -> int:
        if name not in self.names:
            _refuse("component", name, f"use one of {', '.join(self.names) or 'none: the units hold no components'}")
        return self.names.index(name)


def _refuse(field: str, value: object, remedy: str) -> None:
    raise BadInput(f"{field} is {value!r}", field=field, value=value, remedy=remedy)
