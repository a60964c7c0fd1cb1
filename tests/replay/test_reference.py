"""The reference page on evaluation names everything there is."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from endcap import registry
from endcap.core.choice import Task
from endcap.replay.layouts.base import Layout
from endcap.replay.peers.base import Peer

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "evaluation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["metrics", "layouts", "peers"])
def test_every_metric_layout_and_peer_has_its_line(kind: str) -> None:
    for name in registry.names(kind):
        assert f"| `{name}` |" in PAGE, f"{kind}: {name} is not on the page"


def test_further_names_of_layouts_are_told() -> None:
    for name in registry.names("layouts"):
        layout = registry.find("layouts", name)
        assert issubclass(layout, Layout)
        assert all(f"`{other}`" in PAGE for other in layout.also_called)


@pytest.mark.parametrize("task", get_args(Task))
def test_every_task_has_its_line(task: str) -> None:
    assert f"| `{task}` |" in PAGE


def test_what_pip_installs_for_peers_is_on_the_page() -> None:
    packages = {kind.package for name in registry.names("peers") if issubclass(kind := registry.find("peers", name), Peer)}
    assert all(package in PAGE.lower() for package in packages)
