"""The draws: same seed, same numbers; each distribution is what it says."""

from __future__ import annotations

import math

from endcap.synthetic.dice import Dice

N = 20_000


def test_equal_seeds_draw_equal_numbers_and_others_do_not() -> None:
    first, second, other = Dice(5, 1), Dice(5, 1), Dice(5, 2)
    one = [first.uniform() for _ in range(70_000)]
    assert one == [second.uniform() for _ in range(70_000)]
    assert one[:10] != [other.uniform() for _ in range(10)]


def test_weighted_follows_the_weights_and_never_takes_a_zero() -> None:
    dice = Dice(1)
    draws = [dice.weighted((1, 0, 3)) for _ in range(N)]
    assert set(draws) == {0, 2}
    assert abs(draws.count(2) / N - 0.75) < 0.02


def test_geometric_has_its_mean() -> None:
    dice = Dice(2)
    assert abs(sum(dice.geometric(1.6) for _ in range(N)) / N - 1.6) < 0.08


def test_spread_is_log_normal_around_one() -> None:
    dice = Dice(3)
    logs = [math.log(dice.spread(0.5)) for _ in range(N)]
    mean = sum(logs) / N
    assert abs(mean) < 0.02
    assert abs(math.sqrt(sum((x - mean) ** 2 for x in logs) / N) - 0.5) < 0.02


def test_sample_gives_different_integers() -> None:
    dice = Dice(4)
    assert sorted(dice.sample(5, 5)) == [0, 1, 2, 3, 4]
    assert len(set(dice.sample(100, 10))) == 10
    assert dice.sample(3, 9) != []
