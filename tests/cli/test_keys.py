"""``endcap keys``: made, listed, revoked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from endcap.cli import app
from endcap.errors import BadInput, UnknownName
from endcap.stores import sqlite


def run(home: Path, *words: str) -> Any:
    result = CliRunner().invoke(app, ["keys", *words, "--home", str(home), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_key_is_made_with_its_shop_listed_and_revoked(tmp_path: Path) -> None:
    key = run(tmp_path, "create", "--shop", "gifts", "--kind", "browser", "--origin", "https://gifts.example")["key"]
    run(tmp_path, "create", "--shop", "toys", "--kind", "admin")
    home = sqlite.open_home(tmp_path)
    assert home.shops() == ["gifts", "toys"]
    info = home.keys.lookup(key)
    assert info is not None
    assert (info.shop, info.kind, info.origins) == ("gifts", "browser", ("https://gifts.example",))
    listed = run(tmp_path, "list", "--shop", "gifts")["keys"]
    assert [one["fingerprint"] for one in listed] == [info.fingerprint]
    assert key not in json.dumps(listed)
    assert run(tmp_path, "revoke", info.fingerprint) == {"revoked": info.fingerprint}
    assert home.keys.lookup(key) is None
    home.close()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("create", "--shop", "gifts", "--kind", "browser", "--origin", "gifts.example"), BadInput),
        (("create", "--shop", "gifts", "--kind", "server", "--origin", "https://gifts.example"), BadInput),
        (("create", "--shop", "Not A Shop", "--kind", "server"), BadInput),
        (("revoke", "nothing"), UnknownName),
    ],
)
def test_what_cannot_be_done_says_what_to_do(tmp_path: Path, words: tuple[str, ...], error: type[BadInput]) -> None:
    with pytest.raises(error) as refused:
        CliRunner().invoke(app, ["keys", *words, "--home", str(tmp_path)], catch_exceptions=False)
    assert refused.value.remedy
