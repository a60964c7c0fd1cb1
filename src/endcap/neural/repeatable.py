"""Torch that does the same again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

_ALONE = threading.Lock()


@contextmanager
def repeatable(rng: np.random.Generator) -> Iterator[None]:
    """Inside, torch draws from the seed that ``rng`` gives, on one thread, with algorithms that always sum in one order.

    Equal seeds give equal numbers, bit for bit, on one machine. What the caller had set is restored. The settings hold for the
    whole process: one network learns at a time, others wait.
    """
    with _ALONE, _restored(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**62)))
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        yield


@contextmanager
def _restored() -> Iterator[None]:
    """Afterwards the settings are what they were."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)
