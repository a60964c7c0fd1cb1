from __future__ import annotations

from endcap.connectors.base import ROW
from endcap.connectors.base.table import csv_table, jsonl_table


def test_stray_quotes_and_rows_of_another_length_are_met() -> None:
    table = csv_table(b'sku,name\nA,5" nail\nB,x,y\nC\nD,fine\n', "f")
    assert table.frame.rows() == [(2, "A", '5" nail'), (5, "D", "fine")]
    assert [(one.row, one.reason, one.value) for one in table.rejects] == [
        (3, "bad_row", "3 cells where the header has 2"),
        (4, "bad_row", "1 cells where the header has 2"),
    ]


def test_cells_over_several_lines_count_as_one_row() -> None:
    table = csv_table(b'sku,name\nA,"two\nlines"\nB,x\n', "f")
    assert table.frame.rows() == [(2, "A", "two\nlines"), (3, "B", "x")]


def test_empty_rows_and_words_for_nothing_are_nothing() -> None:
    table = csv_table(b"sku,name\nA,NaN\n,\n  ,null\nB, x \n", "f")
    assert table.frame.rows() == [(2, "A", None), (5, "B", "x")]


def test_a_name_that_comes_again_and_one_that_is_missing() -> None:
    assert csv_table(b"sku,sku,\nA,B,C\n", "f").frame.columns == [ROW, "sku", "sku (again, column 2)", "column 3"]


def test_an_order_with_its_lines_in_a_list_gives_a_row_for_each() -> None:
    line = b'{"id":7,"price":9,"items":[{"sku":"A","price":4},{"sku":"B","price":5}]}'
    assert jsonl_table([(1, line)]).frame.rows(named=True) == [
        {ROW: 1, "id": "7", "order_price": "9", "sku": "A", "price": "4"},
        {ROW: 1, "id": "7", "order_price": "9", "sku": "B", "price": "5"},
    ]


def test_a_line_that_is_no_object_is_rejected() -> None:
    table = jsonl_table([(1, b'{"sku":"A"}'), (2, b'{"sku"'), (3, b"[1]")])
    assert table.frame.height == 1
    assert [(one.row, one.reason) for one in table.rejects] == [(2, "bad_json"), (3, "bad_json")]
