from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from endcap.errors import BadInput
from tests.experiments.people import people

UNITS = people([0, 1, 1], [1.0, 2.0, 3.0], segment=[0, -1, 1])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("values", np.zeros((2, 3))),
        ("before", np.zeros((3, 2))),
        ("exposed_ms", np.zeros(2, np.int64)),
        ("segment", np.array([0, 0, 2], np.int32)),
        ("arm", np.array([0, 0, 2], np.int32)),
        ("arm", np.array([0, 0, -1], np.int32)),
    ],
)
def test_arrays_that_do_not_fit_are_refused_by_name(field: str, value: np.ndarray) -> None:
    with pytest.raises(BadInput) as caught:
        replace(UNITS, **{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field
    assert caught.value.remedy


def test_a_part_of_the_units_keeps_every_arm() -> None:
    part = UNITS.where(UNITS.after("orders") < 2.5)
    assert len(part) == 2
    assert part.counts().tolist() == [1, 1]
    assert part.where(np.zeros(2, dtype=np.bool_)).counts().tolist() == [0, 0]
