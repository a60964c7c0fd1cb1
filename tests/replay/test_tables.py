from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from endcap.core.time import to_ms
from endcap.errors import BadFile
from endcap.replay.tables import data_file, header, instants, read_lines, read_table, the_data_file

CSV = b"order_id,item_id\n0001,a\n0001,b\n"
MORNING = to_ms(datetime(2011, 12, 9, 8, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", CSV),
        ("t.csv.gz", gzip.compress(CSV)),
        ("t.csv", CSV.replace(b",", b";")),
        ("t.tsv", CSV.replace(b",", b"\t")),
        ("t.jsonl", b'{"order_id": "0001", "item_id": "a"}\n{"order_id": "0001", "item_id": "b"}\n'),
    ],
)
def test_tables_are_read_whatever_their_form(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert read_table(path).rows() == [("0001", "a"), ("0001", "b")]
    assert header(path) == ["order_id", "item_id"]
    assert data_file(tmp_path) == path


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"order_id": [7], "item_id": ["a"]}).write_parquet(path)
    assert read_table(path).rows() == [(7, "a")]


def test_a_folder_of_several_files_has_no_one_data_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    (tmp_path / "b.csv").touch()
    assert data_file(tmp_path) is None
    with pytest.raises(BadFile, match="name the file itself"):
        the_data_file(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b broken", b"\x00\xff\x00"])
def test_a_broken_file_is_named_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.csv.gz"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=r"broken\.csv\.gz cannot be read"):
        read_table(path)


def test_lines_of_a_missing_file_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="give a readable file"):
        read_lines(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    "text",
    [
        "2011-12-09 08:30:00", "2011-12-09T08:30:00", "2011-12-09T08:30:00Z", "2011-12-09T09:30:00+01:00",
        "2011-12-09T08:30:00.000Z", "2011-12-09 08:30", "12/9/2011 8:30", "2011-12-09 08:30:00 +0000", str(MORNING),
        str(MORNING // 1000),
    ],
)  # fmt: skip
def test_times_are_read_in_the_forms_that_shops_export(text: str) -> None:
    assert instants(pl.Series([text])).to_list() == [MORNING]


def test_days_written_as_numbers_are_days() -> None:
    assert instants(pl.Series(["20111209"])).to_list() == [to_ms(datetime(2011, 12, 9, tzinfo=UTC))]


def test_datetimes_and_numbers_keep_their_meaning() -> None:
    assert instants(pl.Series([datetime(2011, 12, 9, 8, 30, tzinfo=UTC)])).to_list() == [MORNING]
    assert instants(pl.Series([MORNING // 1000])).to_list() == [MORNING]


def test_what_is_no_time_is_nothing() -> None:
    assert instants(pl.Series(["2011-12-09 08:30:00", "yesterday"])).to_list() == [MORNING, None]
