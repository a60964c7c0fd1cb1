"""How far the preparation got."""

from __future__ import annotations

from pathlib import Path

import pytest

from endcap.demo.state import Prepared, is_demo_home, load_prepared
from endcap.errors import BadInput


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    assert load_prepared(tmp_path) is None
    assert not is_demo_home(tmp_path)
    prepared = Prepared(seed=1, end_ms=2, done=("generate",), browser_key="k")
    prepared.save(tmp_path / "new" / "home")
    assert load_prepared(tmp_path / "new" / "home") == prepared
    assert is_demo_home(tmp_path / "new" / "home")


def test_a_damaged_file_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match="start again with --reset"):
        load_prepared(tmp_path)
