from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from endcap.cli.export import app
from endcap.core.catalog import Item, decode_item
from endcap.core.events import Event, Line, decode_event
from endcap.errors import UnknownName
from endcap.stores import sqlite

EVENTS = [Event(event_id=f"e{n:05d}", type="view", at=1_700_000_000_000 - n, item_id="A") for n in range(12_000)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    opened = sqlite.open_home(tmp_path / "home")
    stores = opened.open("s", create=True)
    stores.log.append(EVENTS)
    stores.catalog.put([Item(item_id="B", title="Bowl"), Item(item_id="A", title="Äpfel")])
    opened.close()
    return tmp_path / "home"


def test_events_come_out_in_log_order(home: Path) -> None:
    done = CliRunner().invoke(app, ["events", "--shop", "s", "--home", str(home)])
    assert done.exit_code == 0
    assert [decode_event(line.encode()) for line in done.output.splitlines()] == EVENTS


def test_items_come_out_in_the_order_of_first_appearance(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "items.jsonl"
    done = CliRunner().invoke(app, ["items", "--shop", "s", "--home", str(home), "--out", str(out)])
    assert (done.exit_code, done.output) == (0, "")
    assert [decode_item(line).title for line in out.read_bytes().splitlines()] == ["Bowl", "Äpfel"]
    assert not out.with_name("items.jsonl.part").exists()


def test_an_unknown_shop_is_named(home: Path) -> None:
    command = typer.main.get_command(app)
    with pytest.raises(UnknownName, match="choose one of s"):
        command.main(["events", "--shop", "x", "--home", str(home)], standalone_mode=False)


def test_lines_of_an_order_have_their_quantity_even_where_it_is_one(tmp_path: Path) -> None:
    lines = (Line(item_id="A", price=Decimal("2.5")), Line(item_id="B", quantity=3))
    order = Event(event_id="o", type="purchase", at=1_700_000_000_000, items=lines)
    opened = sqlite.open_home(tmp_path / "home")
    opened.open("s", create=True).log.append([order])
    opened.close()
    out = CliRunner().invoke(app, ["events", "--shop", "s", "--home", str(tmp_path / "home")]).output
    assert '"items":[{"item_id":"A","quantity":1,"price":2.5},{"item_id":"B","quantity":3}]' in out
    assert decode_event(out.encode()) == order
