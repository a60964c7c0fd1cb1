"""The units of an experiment with what they did, as an analysis takes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from endcap.core.experiment import Experiment
from endcap.experiments.units import Units
from endcap.measurement.cells import numbers
from endcap.measurement.components import COMPONENTS
from endcap.stores.measures import Measures

PER_UNIT: tuple[str, ...] = tuple(one.name for one in COMPONENTS if one.per_unit)
"""The components that are kept for every unit."""


def units_of(measures: Measures, experiment: Experiment, components: Sequence[str] = PER_UNIT) -> Units:
    """The units of the experiment's newest run, with their sums of ``components`` after they first met it, until it ended, and in
    the 28 days before. The arms are in the experiment's order, control first; a unit whose arm the experiment no longer has is
    left out.

    Memory 16 bytes a unit and component: name the components that are needed. Raises UnknownName for what is no component.
    """
    columns = measures.units(experiment.salt, numbers(components))
    arms = tuple(arm.name for arm in experiment.every_arm)
    place = np.array([arms.index(name) if name in arms else -1 for name in columns.arms], dtype=np.int32)
    arm = place[columns.arm]
    kept = arm >= 0
    return Units(
        names=tuple(components),
        arms=arms,
        arm=arm[kept],
        exposed_ms=columns.exposed_ms[kept],
        values=columns.after[kept].astype(np.float64),
        before=columns.before[kept].astype(np.float64),
        segment=columns.segment[kept],
        segments=columns.segments,
    )
