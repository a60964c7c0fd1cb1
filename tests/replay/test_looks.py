from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import endcap
from endcap.core.time import FixedClock
from endcap.errors import StoreError
from endcap.replay.looks import checkout, commit, record

METRICS = {"popularity": {"hit_rate@10": 0.25}, "endcap": {"hit_rate@10": 0.5}}


def look(data: Path) -> Path:
    return record(FixedClock(0), task="basket", dataset="gifts", files=[data], metrics=METRICS, seed=1, home=data.parent)


def test_outside_a_checkout_every_look_adds_a_line_to_the_journal_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    data = tmp_path / "orders.csv"
    data.write_bytes(b"order_id,item_id\n")
    journal = look(data)
    assert look(data) == journal == tmp_path / "benchmarks" / "test_looks.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert len(lines) == 2
    assert lines[0] == {
        "time": "1970-01-01T00:00:00Z",
        "task": "basket",
        "dataset": "gifts",
        "sha256": {"orders.csv": hashlib.sha256(b"order_id,item_id\n").hexdigest()},
        "rows": ["popularity", "endcap"],
        "metrics": METRICS,
        "seed": 1,
        "commit": commit(),
    }


def test_inside_a_source_checkout_the_journal_is_the_checkouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "src" / "endcap"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(package)
    data = tmp_path / "orders.csv"
    data.touch()
    assert look(data) == tmp_path / "benchmarks" / "test_looks.jsonl"


def test_the_checkout_is_found_from_anywhere_inside_it() -> None:
    root = checkout(Path(endcap.__file__).parent)
    assert root is None or (root / "pyproject.toml").is_file()
    assert checkout(Path("/")) is None


def test_a_journal_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "orders.csv"
    data.touch()
    (tmp_path / "benchmarks").touch()  # a file where the folder should be
    with pytest.raises(StoreError, match="--part validation"):
        look(data)
