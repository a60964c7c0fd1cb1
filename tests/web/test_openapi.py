"""The committed description is the one that the code gives, and the server does what it says, whatever is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from endcap.web.application import OPERATIONS
from endcap.web.openapi import rendered
from tests.web.served import serving, view

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.json"
DOCUMENT: dict[str, Any] = msgspec.json.decode(rendered(OPERATIONS))

schema = schemathesis.openapi.from_dict(DOCUMENT)


def test_the_committed_description_is_what_the_code_says() -> None:
    assert COMMITTED.read_bytes() == rendered(OPERATIONS), "run make docs"


def test_the_server_gives_the_same_description() -> None:
    with serving() as served:
        assert served.client.get("/openapi.json").json() == DOCUMENT


def test_every_operation_is_described_with_its_errors() -> None:
    for operation in OPERATIONS:
        described = DOCUMENT["paths"][operation.path][operation.method.lower()]
        assert described["summary"]
        assert ("401" in described["responses"]) == bool(operation.keys)


@pytest.fixture(scope="module")
def client() -> Any:
    with serving() as served:
        served.client.headers["authorization"] = f"Bearer {served.key['admin']}"
        yield served.client


@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_the_answer_is_one_that_was_described(case: Any, client: TestClient) -> None:
    # Headers that it makes up would replace the key, and the answer to an unknown key is always the same.
    headers = {name: value for name, value in (case.headers or {}).items() if name.lower() != "authorization"}
    content = b"" if case.body is schemathesis.core.NOT_SET else msgspec.json.encode(case.body)
    response = client.request(case.method, case.formatted_path, headers=headers, content=content)
    described = DOCUMENT["paths"][case.operation.path].get(case.method.lower())
    if described is None:
        assert response.status_code in {204, 405}
        return
    described = described["responses"]
    assert str(response.status_code) in described, response.text
    if response.headers["content-type"] == "application/json":
        form = described[str(response.status_code)]["content"]["application/json"]["schema"]
        jsonschema_rs.validate({**form, "components": DOCUMENT["components"]}, response.json())


POSTS = [one.path for one in OPERATIONS if one.method == "POST"]
SEEDS = [
    msgspec.json.encode(one)
    for one in (
        [view(), view("e2", price=1.5)],
        {"placement": "product", "cart": ["mug"]},
        {"item_id": "a", "title": "A", "price": "1"},
    )
]


@given(
    path=st.sampled_from(POSTS),
    seed=st.sampled_from(SEEDS),
    at=st.integers(0, 200),
    cut=st.integers(0, 8),
    new=st.binary(max_size=8),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_bytes_are_never_a_5xx(client: TestClient, path: str, seed: bytes, at: int, cut: int, new: bytes) -> None:
    at = at % (len(seed) + 1)
    response = client.post(path, content=seed[:at] + new + seed[at + cut :])
    assert response.status_code < 500, response.text
    if response.status_code >= 400 and "error" in response.json():
        assert response.json()["error"]["message"]
