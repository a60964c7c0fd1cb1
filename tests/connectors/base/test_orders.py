from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from endcap.connectors.base import OrderConnector, Reading, open_source

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "import.md"


def test_the_connector_of_the_how_to_page_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert code is not None
    module = ModuleType("till_rolls")
    monkeypatch.setitem(sys.modules, "till_rolls", module)
    exec(code[1], vars(module))
    connector = module.TillRolls(currency="EUR")
    assert isinstance(connector, OrderConnector)

    path = tmp_path / "rolls.csv"
    path.write_text("Bon;Artikel;Kasse;Zeit;Menge;Preis\n1;A;3;04.03.2026 10:00;2;1,50\n1;A;3;04.03.2026 10:00;1;1,50\n")
    source = open_source(path)
    mapping = {name: columns[0] for name, columns in connector.map_columns(source, {}).items()}
    assert connector.fitness(source, mapping) > 0
    assert connector.missing(mapping) == []
    counts, batch = connector.read(Reading(source, mapping, now_ms=1_800_000_000_000))
    assert (counts.accepted, counts.merged) == (1, 1)
    assert [(line.item_id, line.quantity, str(line.price)) for event in batch.events for line in event.lines] == [("A", 3, "1.5")]
    assert batch.share == 1.0
