"""Every registered rule does what a rule must do."""

from __future__ import annotations

import pytest

from endcap import registry
from endcap.ranking.rules.base import Rule
from endcap.testing.rules import RuleContract


class TestEveryRule(RuleContract):
    @pytest.fixture(params=registry.names("rules"))
    def rule(self, request: pytest.FixtureRequest) -> type[Rule]:
        found = registry.find("rules", request.param)
        assert issubclass(found, Rule)
        return found
