from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from endcap.core.events import Event, Line, encode_event
from endcap.core.time import DAY_MS
from endcap.errors import StoreError
from endcap.stores.archive import SCHEMA, read_rows, write_day
from endcap.testing.samples import AT_MS, full_event, view

DAY = AT_MS // DAY_MS


def test_each_field_has_a_typed_column(tmp_path: Path) -> None:
    rating = Event(event_id="r", type="rating", at=AT_MS, item_id="mug", rating=4, price=Decimal("0.12345678"), position=0)
    rows = [(5, encode_event(full_event("o"))), (6, encode_event(rating))]
    file = write_day(tmp_path, DAY, rows)
    assert (file.name[:11], file.rows, file.first_seq, file.last_seq, file.last_at_ms) == ("2011-03-13-", 2, 5, 6, AT_MS)
    frame = pl.read_parquet(tmp_path / file.name)
    assert frame.schema == SCHEMA
    first, second = frame.sort("seq").to_dicts()
    assert first["items"] == [
        {"item_id": "mug", "quantity": 2, "price": Decimal("2.55")},
        {"item_id": "Töpfe 😀", "quantity": 1, "price": None},
    ]
    assert (first["price"], first["user_id"], first["rating"]) == (Decimal("5.10"), "u'1\"", None)
    assert (second["price"], second["rating"], second["position"], second["items"]) == (Decimal("0.123457"), 4.0, 0, None)
    assert read_rows(tmp_path, [file], 0, 9, 9) == rows


def test_the_highest_price_fits(tmp_path: Path) -> None:
    dear = Event(
        event_id="d", type="purchase", at=AT_MS, items=(Line(item_id="a", price=Decimal("1E+12")),), price=Decimal(10) ** 12
    )
    file = write_day(tmp_path, DAY, [(1, encode_event(dear))])
    assert pl.read_parquet(tmp_path / file.name)["price"].to_list() == [Decimal(10) ** 12]


def test_a_day_is_sorted_by_user_and_time(tmp_path: Path) -> None:
    events = [Event(event_id=str(n), type="view", at=AT_MS - n, user_id=f"u{n % 3}", item_id="a") for n in range(9)]
    file = write_day(tmp_path, DAY, [(n + 1, encode_event(event)) for n, event in enumerate(events)])
    order = pl.read_parquet(tmp_path / file.name).select("user_id", "at").rows()
    assert order == sorted(order)


def test_rows_come_in_log_order_whatever_file_they_are_in(tmp_path: Path) -> None:
    rows = [(seq, encode_event(view(seq))) for seq in range(1, 301)]
    shuffled = random.Random(1).sample(rows, len(rows))
    files = [write_day(tmp_path, DAY + part, shuffled[part::7]) for part in range(7)]
    assert read_rows(tmp_path, files, 0, 300, 1_000) == rows
    assert read_rows(tmp_path, files, 20, 100, 1_000) == rows[20:100]
    assert read_rows(tmp_path, files, 20, 300, 33) == rows[20:53]
    assert read_rows(tmp_path, [], 0, 300, 10) == []


@pytest.mark.parametrize("content", [None, b"", b"PAR1 is not enough"])
def test_a_file_that_is_gone_or_broken_is_an_error_of_the_store(tmp_path: Path, content: bytes | None) -> None:
    file = write_day(tmp_path, DAY, [(1, encode_event(view(1)))])
    (tmp_path / file.name).unlink()
    if content is not None:
        (tmp_path / file.name).write_bytes(content)
    with pytest.raises(StoreError, match=file.name):
        read_rows(tmp_path, [file], 0, 1, 1)
