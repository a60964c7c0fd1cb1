from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from endcap import cli
from endcap.errors import BadFile, EndcapError, UnknownName
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


LISTS = frozenset({"hit_rate@10", "mrr@20", "ndcg@10", "coverage@10"})


def checked(done: Result, expected: frozenset[str] = LISTS) -> dict[str, object]:
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert isinstance(report, dict)
    assert list(report)[:4] == ["task", "dataset", "protocol", "rows"]
    assert {"portion", "strongest", "sizes", "differences", "chosen", "left_out"} <= set(report)
    for row in report["rows"]:
        assert list(row)[:6] == ["name", "metrics", "fit_seconds", "peak_mb", "query_us_p50", "query_us_p99"]
        assert expected <= set(row["metrics"])
        assert all(list(one) == ["value", "low", "high"] for one in row["metrics"].values())
    return report


def names(report: dict[str, object]) -> list[str]:
    rows = report["rows"]
    assert isinstance(rows, list)
    return [row["name"] for row in rows]


def test_baskets_as_json_and_a_look_at_the_test_part_is_recorded(shop: Path) -> None:
    data = write_orders(shop / "gifts.csv", themed(400))
    report = checked(run("basket", "--data", data, "--json"))
    assert (report["task"], report["dataset"]) == ("basket", "gifts")
    assert {"popularity", "endcap"} <= set(names(report))
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


def test_a_folder_of_sessions_and_prefixes_is_recognised(shop: Path) -> None:
    folder = shop / "visits"
    folder.mkdir()
    write_sessions(folder / "train_sessions.csv", folder / "test_prefixes.jsonl", VISITS, ASKED)
    report = checked(run("session", "--data", folder, "--only", "popularity", "--json"))
    assert report["dataset"] == "visits"
    assert str(report["protocol"]).startswith("the given train and test files")


def test_text_shows_every_row_and_the_gain_over_popularity(shop: Path) -> None:
    data = write_orders(shop / "gifts.csv", themed(500))
    done = run("basket", "--data", data, "--part", "validation")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    heading = next(line for line in lines if line.startswith("method"))
    assert "hit_rate@10" in heading
    assert "peak MiB" in heading
    for name in ("popularity", "endcap"):
        assert any(line.startswith(f"{name} ") and "±" in line for line in lines)
    assert any(line.startswith("endcap − ") and "hit_rate@10 +" in line for line in lines)
    assert any(re.match(r"left out: .*sequential_rules.*: not made for this task \(session", line) for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "missing.csv"), "missing.csv does not exist"),
        (("--data", "colours.csv"), "the layout of colours.csv is not recognised"),
        (("--data", "colours.csv", "--layout", "orders"), "no column for the order_id"),
        (("--data", "colours.csv", "--layout", "ordres"), "did you mean orders"),
        (("--data", "colours.csv", "--layout", "diginetica"), "holds sessions, not orders"),
        ((), "no data are named"),
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


def write_events(path: Path, n_people: int = 60) -> Path:
    """One visit an hour: somebody looks through a theme, buys from it, and rates the first item by its theme."""
    lines = ["timestamp,user_id,item_id,event,rating"]
    for number, visit in enumerate(themed(n_people * 3, themes=6, items=6, size=4, seed=2)):
        at, person = 1_600_000_000 + 3_600 * number, f"p{number % n_people}"
        lines += [
            f"{at + 60 * place},{person},{item},{'purchase' if place == 3 else 'view'}," for place, item in enumerate(visit)
        ]
        lines.append(f"{at + 300},{person},{visit[0]},rating,{1 + int(visit[0][1]) % 5}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("task", ["purchase", "topn", "session"])
def test_acts_in_a_table_answer_several_tasks(shop: Path, task: str) -> None:
    data = write_events(shop / "events.csv")
    report = checked(run(task, "--data", data, "--part", "validation", "--json"))
    assert report["task"] == task
    assert report["portion"] == "validation"
    assert {"popularity", "popular, 7 days"} <= set(names(report))


def test_ratings_have_errors_and_no_lists(shop: Path) -> None:
    data = write_events(shop / "events.csv")
    report = checked(run("ratings", "--data", data, "--part", "validation", "--json"), frozenset({"rmse", "mae"}))
    assert {"item mean", "biases"} <= set(names(report))
    text = run("ratings", "--data", data, "--part", "validation")
    assert "rmse" in text.stdout


def write_upgrades(path: Path) -> Path:
    """One visit an hour: somebody looks at two items of one of four categories and buys the next dearer one of its six."""
    steps, needs = ("plain", "fine", "stout", "royal", "grand", "deluxe"), ("mug", "lamp", "chair", "knife")
    lines = ["timestamp,user_id,item_id,event,price,category,title"]
    for number in range(400):
        need, at = number % 4, 1_600_000_000 + 3_600 * number
        for place, (step, event) in enumerate([((number + 3) % 5, "view"), (number % 5, "view"), (number % 5 + 1, "purchase")]):
            name = f"{steps[step]} {needs[need]}"
            lines.append(f"{at + 60 * place},p{number % 90},{name},{event},{10 * 1.2**step:.2f},{needs[need]},{name}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_upsells_are_answered_by_the_shelf_that_ships_for_them(shop: Path) -> None:
    data = write_upgrades(shop / "events.csv")
    asked = ("upsell", "--data", data, "--part", "validation", "--only", "upgrades", "--only", "endcap")
    report = checked(run(*asked, "--json"), frozenset({"hit_rate@10", "revenue_weighted_hit@10"}))
    assert names(report) == ["popularity", "upgrades", "popular, 7 days", "endcap"]
    for row in report["rows"]:  # type: ignore[attr-defined]
        assert 0 <= row["metrics"]["revenue_weighted_hit@10"]["high"] <= 1
    alone, shown = (row["metrics"]["mrr@10"]["value"] for row in report["rows"] if row["name"] in {"upgrades", "endcap"})  # type: ignore[attr-defined]
    assert shown == alone > 0.2
    assert "rwh is revenue_weighted_hit." in run(*asked[:-2]).stdout


def test_a_shop_of_ones_own_is_cut_by_time(shop: Path) -> None:
    data = write_events(shop / "events.csv")
    done = CliRunner().invoke(cli.app, ["import", str(data), "--shop", "mine"])
    assert done.exit_code == 0, done.output
    report = checked(run("purchase", "--shop", "mine", "--part", "validation", "--json"))
    assert report["dataset"] == "mine"
    looked = checked(run("purchase", "--shop", "mine", "--json"))
    looks = (shop / "home" / "benchmarks" / "test_looks.jsonl").read_text().splitlines()
    assert json.loads(looks[-1])["dataset"] == looked["dataset"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("purchase", "--data", "events.csv", "--shop", "mine"), "both --data and --shop are given"),
        (("session", "--train", "events.csv"), "--test is missing"),
        (("upsell", "--data", "events.csv"), "hold no visits that look at one product and buy a dearer one"),
        (("topn", "--data", "events.csv", "--layout", "diginetica"), "holds sessions, not people's acts"),
        (("complement", "--data", "events.csv"), "not recognised"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(shop: Path, arguments: tuple[str, ...], message: str) -> None:
    write_events(shop / "events.csv")
    done = run(*arguments)
    assert isinstance(done.exception, EndcapError)
    assert message in done.exception.sentence


def test_only_the_rows_asked_for(shop: Path) -> None:
    data = write_orders(shop / "gifts.csv", themed(1_400))
    asked = ("--only", "co_purchase", "--only", "implicit_bm25")
    report = checked(run("basket", "--data", data, "--part", "validation", "--json", *asked))
    assert names(report) == ["popularity", "co_purchase", "popular, 7 days", "implicit_bm25"]
    assert report["left_out"] == {}


def test_rows_that_do_not_exist_are_told_before_data_are_read(shop: Path) -> None:
    for task in ("basket", "session", "complement", "topn"):
        done = run(task, "--data", shop / "missing.csv", "--only", "co_purchases")
        assert isinstance(done.exception, UnknownName)
        assert "no row is named 'co_purchases'; did you mean co_purchase?" in done.exception.sentence
    done = run("basket", "--data", shop / "missing.csv", "--with", "neutral")
    assert isinstance(done.exception, UnknownName)
    assert "neither an algorithm nor an extra is named 'neutral'; choose among neural" in done.exception.sentence


def test_peers_are_marked(shop: Path) -> None:
    data = write_orders(shop / "gifts.csv", themed(400))
    done = run("basket", "--data", data, "--part", "validation", "--peers")
    assert done.exit_code == 0, done.output
    assert any(line.startswith("implicit_bm25 *") for line in done.stdout.splitlines())
    assert "* is another library" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 150
