"""Every registered algorithm does what an algorithm must do."""

from __future__ import annotations

import pytest

from endcap import registry
from endcap.algorithms.base import Algorithm
from endcap.testing.algorithms import AlgorithmContract


class TestEveryAlgorithm(AlgorithmContract):
    @pytest.fixture(params=registry.names("algorithms"))
    def algorithm(self, request: pytest.FixtureRequest) -> type[Algorithm]:
        found = registry.find("algorithms", request.param)
        assert issubclass(found, Algorithm)
        return found
