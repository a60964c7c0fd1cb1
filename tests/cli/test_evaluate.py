from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from endcap import cli
from endcap.errors import BadFile, EndcapError
from tests.replay.worlds import themed, write_orders, write_sessions

VISITS = themed(400, size=4)
ASKED = [(visit[:at], visit[at]) for visit in themed(20, size=4, seed=1) for at in (3, 2, 1)]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, ["evaluate", *map(str, arguments)])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENDCAP_HOME", str(tmp_path / "home"))
    return tmp_path


def checked(done: Result) -> dict[str, object]:
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert isinstance(report, dict)
    assert list(report) == ["task", "dataset", "protocol", "rows"]
    for row in report["rows"]:
        assert list(row) == ["name", "metrics", "fit_seconds", "peak_mb", "query_us_p50", "query_us_p99"]
        assert {"hit_rate@10", "mrr@20", "ndcg@10", "coverage@10"} <= set(row["metrics"])
        assert all(list(one) == ["value", "low", "high"] for one in row["metrics"].values())
    return report


def names(report: dict[str, object]) -> list[str]:
    rows = report["rows"]
    assert isinstance(rows, list)
    return [row["name"] for row in rows]


def test_baskets_as_json_and_a_look_at_the_test_part_is_recorded(shop: Path) -> None:
    data = write_orders(shop / "gifts.csv", themed(900))
    report = checked(run("basket", "--data", data, "--json"))
    assert (report["task"], report["dataset"]) == ("basket", "gifts")
    assert {"popularity", "co_purchase", "endcap"} <= set(names(report))
    looks = [json.loads(line) for line in (shop / "home" / "benchmarks" / "test_looks.jsonl").read_text().splitlines()]
    assert len(looks) == 1
    assert looks[0]["rows"] == names(report)
    assert list(looks[0]["sha256"]) == ["gifts.csv"]


def test_a_validation_run_records_no_look(shop: Path) -> None:
    data = write_orders(shop / "gifts.csv", themed(400))
    checked(run("basket", "--data", data, "--part", "validation", "--json"))
    assert not (shop / "benchmarks").exists()


def test_the_same_seed_gives_the_same_figures(shop: Path) -> None:
    data = write_orders(shop / "gifts.csv", themed(400))
    reports = [checked(run("basket", "--data", data, "--part", "validation", "--json", "--seed", "4")) for _ in range(2)]
    metrics = [[(row["name"], row["metrics"]) for row in report["rows"]] for report in reports]  # type: ignore[attr-defined]
    assert metrics[0] == metrics[1]


def test_sessions_as_json(shop: Path) -> None:
    write_sessions(shop / "train.csv", shop / "test.jsonl", VISITS, ASKED)
    report = checked(run("session", "--train", shop / "train.csv", "--test", shop / "test.jsonl", "--json"))
    assert report["task"] == "session"
    assert {"popularity", "endcap"} <= set(names(report))


def test_text_shows_every_row_and_the_gain_over_popularity(shop: Path) -> None:
    data = write_orders(shop / "gifts.csv", themed(1_500))
    done = run("basket", "--data", data, "--part", "validation")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    heading = next(line for line in lines if line.startswith("method"))
    assert "hit_rate@10" in heading
    assert "peak MiB" in heading
    for name in ("popularity", "co_purchase", "endcap"):
        assert any(line.startswith(f"{name} ") and "±" in line for line in lines)
    assert any(line.startswith("endcap − popularity: hit_rate@10 +") for line in lines)
    assert any(line.startswith("sequential_rules is left out: not made for this task") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "missing.csv"), "missing.csv does not exist"),
        (("--data", "colours.csv"), "the layout of colours.csv is not recognised"),
        (("--data", "colours.csv", "--layout", "orders"), "no column for the order_id"),
        (("--data", "colours.csv", "--layout", "ordres"), "did you mean orders"),
        (("--data", "colours.csv", "--layout", "diginetica"), "holds sessions, not orders"),
        (("--data", "empty.csv"), "empty.csv cannot be read"),
    ],
)
def test_data_that_cannot_be_used_is_one_sentence(shop: Path, arguments: tuple[str, ...], message: str) -> None:
    (shop / "colours.csv").write_text("colour,size\nred,1\n")
    (shop / "empty.csv").touch()
    done = run("basket", *arguments)
    assert done.exit_code == 1
    assert isinstance(done.exception, EndcapError)
    assert message in done.exception.sentence


def test_a_prefix_file_without_lists_is_named(shop: Path) -> None:
    write_sessions(shop / "train.csv", shop / "test.jsonl", VISITS, ASKED)
    (shop / "bad.jsonl").write_text('{"prefix": "a", "target": "b"}\n')
    done = run("session", "--train", shop / "train.csv", "--test", shop / "bad.jsonl")
    assert isinstance(done.exception, BadFile)
    assert "prefix is no list" in done.exception.sentence
