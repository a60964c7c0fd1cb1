from __future__ import annotations

import pytest

from endcap.algorithms.popularity import Popularity
from endcap.errors import BadOption
from endcap.testing.algorithms import fit_example


def test_kinds_weigh_differently() -> None:
    assert fit_example(Popularity(weights={"view": 2.0}), "2000-01-01 mug", kind="view").scores.tolist() == [2.0]
    assert fit_example(Popularity(weights={"view": 2.0}), "2000-01-01 mug").scores.tolist() == [0.0]


@pytest.mark.parametrize("options", [{"half_life_days": 0.0}, {"weights": {"view": -1.0}}, {"weights": {"gaze": 1.0}}])
def test_unsound_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadOption):
        Popularity(**options)  # type: ignore[arg-type]


def test_best_sellers_of_long_ago_are_not_forgotten_when_one_new_act_comes() -> None:
    old = ["1990-02-01 tea mug", "1990-02-02 tea mug", "1990-02-03 mug"]
    scores = fit_example(Popularity(half_life_days=1.0), *old, "2020-01-01 jam").scores.tolist()
    tea, mug, jam = scores
    assert 0 < tea < mug < jam
