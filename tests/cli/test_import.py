from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from endcap.core.events import decode_event
from endcap.stores import sqlite

KEYS = [
    "lines", "accepted", "rejected", "merged", "events", "duplicates", "orders", "refunds", "customers", "guests", "products",
    "first_at", "last_at", "seconds",
]  # fmt: skip
ORDERS = "order_id,sku,date,qty,price,customer_id\n" + "".join(
    f"{n // 4},A{n % 50},2026-01-{1 + n // 4_000:02d} 10:00,1,2.50,c{n % 99}\n" for n in range(100_000)
)


def endcap(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "endcap", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=os.environ | {"COLUMNS": "200"})
    assert not check or done.returncode == 0, done.stderr
    return done


def summary_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_json_has_the_promised_keys_and_the_log_has_the_events(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("order_id,sku,date,price\n1,A,2026-01-01,3\n2,B,2026-01-02,0\n")
    summary = summary_of(endcap("import", file, "--shop", "s", "--home", tmp_path / "home", "--json"))
    assert list(summary)[: len(KEYS)] == KEYS
    assert (summary["lines"], summary["accepted"], summary["rejected"], summary["events"]) == (2, 1, 1, 1)
    assert summary["rejects_file"] == str(tmp_path / "home/shops/s/imports/orders.csv.rejects.csv")
    assert Path(summary["rejects_file"]).read_text() == "file,row,column,reason,value\norders.csv,3,price,zero_price,0\n"
    exported = endcap("export", "events", "--shop", "s", "--home", tmp_path / "home").stdout
    assert [decode_event(line.encode()).event_id for line in exported.splitlines()] == ["order:1"]


def test_text_says_what_was_taken_for_what(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("Order No,sku,date,price\n1,A,2026-01-01,3\n1,A,2026-01-01,0\n")
    out = endcap("import", file, "--shop", "s", "--home", tmp_path / "home").stdout
    assert "orders.csv: orders in the layout generic_orders, csv" in out
    assert "order_id ← Order No, item_id ← sku, at ← date, price ← price" in out
    assert "rejected: 1 × zero_price" in out
    assert "--currency changes that" in out


def test_help_defines_every_word_of_the_summary() -> None:
    text = endcap("import", "--help").stdout
    for key in [*KEYS, "quarantined"]:
        assert re.search(rf"\b{key}: \w", text), key
    for flag in ("--kind", "--layout", "--map", "--currency", "--timezone", "--dates", "--rejects", "--json", "--home"):
        assert flag in text


def test_a_broken_file_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv.gz"
    file.write_bytes(b"\x1f\x8b\x08\x00broken")
    done = endcap("import", file, "--shop", "s", "--home", tmp_path / "home", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("endcap: ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "home").exists()
    for arguments in (["--map", "sku"], ["--shop", "Not A Shop"]):
        done = endcap("import", file, "--shop", "s", "--home", tmp_path / "home", *arguments, check=False)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1


def test_kill_9_in_the_middle_is_harmless(tmp_path: Path) -> None:
    """Killed again and again at random moments, it still ends with every event exactly once."""
    file = tmp_path / "orders.csv"
    file.write_text(ORDERS)
    home = tmp_path / "home"
    command = [sys.executable, "-m", "endcap", "import", str(file), "--shop", "s", "--home", str(home), "--json"]
    dice = random.Random(5)
    partial = 0
    for turn in range(6):
        seen = count(home)
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while child.poll() is None and count(home) == seen and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(dice.random() * 0.15 if turn else 0)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        partial += 0 < count(home) < 25_000
    assert partial > 0, "no kill came in the middle"
    last = summary_of(endcap(*command[3:]))
    assert last["events"] + last["duplicates"] == last["orders"] == 25_000
    assert last["quarantined"] == 0
    exported = endcap("export", "events", "--shop", "s", "--home", home).stdout.splitlines()
    undisturbed = tmp_path / "undisturbed"
    endcap("import", file, "--shop", "s", "--home", undisturbed)
    assert exported == endcap("export", "events", "--shop", "s", "--home", undisturbed).stdout.splitlines()
    assert [one.name for one in (home / "shops/s/imports").iterdir()] == [".lock"]


def test_two_imports_at_once_into_one_shop_take_turns(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(ORDERS + "1,A,2026-01-01,0,1,c\n")
    command = [sys.executable, "-m", "endcap", "import", str(file), "--shop", "s", "--home", str(tmp_path / "home"), "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    summaries = []
    for child in both:
        out, error = child.communicate(timeout=300)
        assert child.returncode == 0, error
        summaries.append(json.loads(out))
    assert sum(one["events"] for one in summaries) == sum(one["duplicates"] for one in summaries) == 25_000
    assert all(Path(one["rejects_file"]).exists() for one in summaries)


def count(home: Path) -> int:
    """How many events the shop has by now."""
    if not (home / "shops/s/shop.sqlite").exists():
        return 0
    opened = sqlite.open_home(home)
    try:
        return opened.open("s").log.count() if "s" in opened.shops() else 0
    finally:
        opened.close()


def test_a_path_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("order_id,item_id,date\n1,a,2026-01-01\n")
    calls: tuple[list[str | Path], ...] = (
        ["import", file, "--shop", "s", "--home", file],
        ["demo", "--port", "0", "--home", file],
    )
    for arguments in calls:
        done = endcap(*arguments, check=False)
        assert done.returncode != 0
        assert re.fullmatch(r"endcap: .*file\.csv.* cannot be used .*\n", done.stderr)
