"""The reference page on evaluation names everything there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from endcap import registry
from endcap.replay.layouts.base import OrderLayout, SessionLayout

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "evaluation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["metrics", "layouts"])
def test_every_metric_and_layout_has_its_line(kind: str) -> None:
    for name in registry.names(kind):
        assert f"| `{name}` |" in PAGE, f"{kind}: {name} is not on the page"


def test_further_names_of_layouts_are_told() -> None:
    for name in registry.names("layouts"):
        layout = registry.find("layouts", name)
        assert issubclass(layout, OrderLayout | SessionLayout)
        assert all(f"`{other}`" in PAGE for other in layout.also_called)
