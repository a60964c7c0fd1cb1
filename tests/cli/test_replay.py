"""``endcap replay`` over answers that a server put on record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from endcap.app import ShopService
from endcap.cli import app
from endcap.core.basis import encode_basis
from endcap.core.request import RecommendRequest
from endcap.core.time import SystemClock
from endcap.stores import sqlite
from endcap.stores.ports import Decision
from tests.serving.shop import IDS, product
from tests.test_app import publish


@pytest.fixture
def home(tmp_path: Path) -> Path:
    opened = sqlite.open_home(tmp_path)
    stores = opened.open("gifts", create=True)
    stores.catalog.put([product(one) for one in IDS])
    publish(stores, "lamp")
    service = ShopService(stores, SystemClock())
    for number in range(20):
        request = RecommendRequest(placement="home", session_id=f"s{number}")
        answer, basis = service.recommend(request)
        encoded = msgspec.json.Encoder(decimal_format="number").encode(answer), encode_basis(basis)
        stores.decisions.append([Decision(answer.recommendation_id, 0, msgspec.json.encode(request), *encoded)])
    opened.close()
    return tmp_path


def replayed(home: Path, *words: str, exit_code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["replay", "--shop", "gifts", "--home", str(home), *words], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return result.stdout


def test_what_was_answered_is_answered_again(home: Path) -> None:
    assert "20 of 20 answers came out the same" in replayed(home)
    assert json.loads(replayed(home, "--json")) == {"answers": 20, "same": 20, "others": []}
    assert json.loads(replayed(home, "--json", "--most", "5"))["answers"] == 5
    assert json.loads(replayed(home, "--json", "--hours", "0"))["answers"] == 0


def test_a_product_that_sold_out_since_is_named_as_the_reason(home: Path) -> None:
    opened = sqlite.open_home(home)
    opened.open("gifts").catalog.put([product("lamp", stock=0)])
    opened.close()
    assert "0 of 20 answers came out the same" in replayed(home)
    assert {tuple(one["why"]) for one in json.loads(replayed(home, "--json"))["others"]} == {("the catalogue has changed since",)}


def test_an_answer_that_nothing_explains_is_an_error(home: Path) -> None:
    opened = sqlite.open_home(home)
    stores = opened.open("gifts")
    first = stores.decisions.read()[0]
    stores.decisions.prune(1)
    response = first.response.replace(b'"position":0', b'"position":7')
    stores.decisions.append([Decision(first.recommendation_id, 1, first.request, response, first.basis)])
    opened.close()
    assert "nothing is known to have changed" in replayed(home, exit_code=1)
