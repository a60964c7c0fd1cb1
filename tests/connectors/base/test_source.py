from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from endcap.connectors.base import ROW, open_source
from endcap.errors import BadFile

CSV = "sku,name\nA,Café\nB,Tea\n"


def write(folder: Path, content: bytes, name: str = "f") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    ("content", "note"),
    [
        (CSV.encode(), None),
        (b"\xef\xbb\xbf" + CSV.encode(), None),
        (CSV.encode("cp1252"), "f is not UTF-8, so it is read as Windows-1252"),
        (CSV.encode("utf-16"), "f is UTF-16"),
        (CSV.replace("\n", "\r\n").encode(), None),
        (CSV.replace(",", ";").encode(), None),
        (CSV.replace(",", "\t").encode(), None),
        (CSV.replace(",", "|").encode(), None),
        (b"sep=;\n" + CSV.replace(",", ";").encode(), None),
    ],
)
def test_csv_of_every_kind_reads_the_same(tmp_path: Path, content: bytes, note: str | None, zipped: bool) -> None:
    source = open_source(write(tmp_path, gzip.compress(content) if zipped else content))
    assert source.format == "csv"
    assert source.columns == ["sku", "name"]
    assert source.table.frame.rows() == [(2, "A", "Café"), (3, "B", "Tea")]
    assert source.notes == ([note] if note else [])


def test_jsonl_and_parquet_are_told_by_their_content(tmp_path: Path) -> None:
    lines = open_source(write(tmp_path, b'{"sku":"A","n":2}\n\n{"sku":"B","tags":["x"]}\n', "a.csv"))
    assert lines.format == "jsonl"
    assert lines.table.frame.rows(named=True) == [
        {ROW: 1, "sku": "A", "n": "2", "tags": None},
        {ROW: 3, "sku": "B", "n": None, "tags": '["x"]'},
    ]
    frame = pl.DataFrame({"sku": ["A"], "at": [1.5], "tags": [["x", "y"]]})
    frame.write_parquet(tmp_path / "b.csv")
    parquet = open_source(tmp_path / "b.csv")
    assert parquet.format == "parquet"
    assert parquet.table.frame.rows(named=True) == [{ROW: 1, "sku": "A", "at": "1.5", "tags": '["x","y"]'}]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (gzip.compress(CSV.encode() * 999)[:-9], "cut off or damaged"),
        (b"\x1f\x8bnonsense", "cut off or damaged"),
        (b"PK\x03\x04 whatever", "Excel workbook"),
        (b'[{"sku":"A"}]', "one JSON array"),
        (bytes(range(256)), "not a text file"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence) as caught:
        open_source(write(tmp_path, content))
    assert "\n" not in caught.value.sentence


@pytest.mark.parametrize("content", [b"sku,name\n", b"PAR1 but no parquet"])
def test_a_table_without_rows_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    source = open_source(write(tmp_path, content))
    with pytest.raises(BadFile):
        _ = source.table


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        open_source(tmp_path / "none.csv")
