from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from endcap.neural.repeatable import repeatable


def drawn(seed: int) -> list[float]:
    with repeatable(np.random.default_rng(seed)):
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        found: list[float] = torch.rand(3).tolist()
    return found


def test_a_seed_gives_the_same_numbers_whatever_was_drawn_before() -> None:
    first = drawn(1)
    torch.rand(5)
    assert drawn(1) == first
    assert drawn(2) != first


def test_threads_take_turns() -> None:
    alone = [drawn(seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(drawn, range(8))) == alone


def test_the_settings_and_the_numbers_of_the_caller_are_left_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(2).tolist()
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.manual_seed(7)
    drawn(3)
    assert torch.rand(2).tolist() == expected
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == (threads, strict)
