"""Keys: none, unknown, of the wrong kind, revoked; and origins of pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from endcap.errors import BadInput
from endcap.web.access import check_origin
from endcap.web.application import OPERATIONS
from endcap.web.operations import Operation
from tests.web.served import ORIGIN, Served, serving, view

GUARDED = [one for one in OPERATIONS if one.keys]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def path(operation: Operation) -> str:
    return operation.path.replace("{", "").replace("}", "")


@pytest.mark.parametrize("operation", GUARDED, ids=lambda one: one.name)
def test_without_a_key_and_with_an_unknown_one_it_is_401(served: Served, operation: Operation) -> None:
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic YTpi"}, {"authorization": "Bearer"}):
        answer = served.client.request(operation.method, path(operation), headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "nonsense" not in answer.text


@pytest.mark.parametrize("operation", GUARDED, ids=lambda one: one.name)
def test_a_key_of_another_kind_is_403_and_the_right_kind_is_named(served: Served, operation: Operation) -> None:
    for kind in ("browser", "server", "admin"):
        answer = served.client.request(operation.method, path(operation), headers=served.authorization(kind))
        assert (answer.status_code == 403) == (kind not in operation.keys)
        if answer.status_code == 403:
            assert operation.keys[0] in answer.json()["error"]["remedy"]


def test_a_revoked_key_stops_and_a_new_one_works_within_a_second() -> None:
    with serving() as served:
        served.post("/v1/events", view())
        info = next(one for one in served.keys.list() if one.kind == "server")
        served.keys.revoke(info.fingerprint)
        served.client.portal.call(served.site.refresh)  # type: ignore[union-attr]
        assert served.post("/v1/events", view("e2")).status_code == 401
        served.key["server"] = served.keys.create("gifts", "server")
        assert served.post("/v1/events", view("e2")).status_code == 202


def test_pages_of_a_welcome_origin_may_ask_and_read() -> None:
    with serving() as served:
        for info in served.keys.list():
            if info.kind == "browser" and not info.origins:
                served.keys.revoke(info.fingerprint)
        served.client.portal.call(served.site.refresh)  # type: ignore[union-attr]
        ask = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
        welcome = served.client.options("/v1/events", headers={"origin": ORIGIN, **ask})
        assert welcome.status_code == 204
        assert welcome.headers["access-control-allow-origin"] == ORIGIN
        assert "POST" in welcome.headers["access-control-allow-methods"]
        assert "authorization" in welcome.headers["access-control-allow-headers"]
        stranger = served.client.options("/v1/events", headers={"origin": "https://other.example", **ask})
        assert "access-control-allow-origin" not in stranger.headers
        answer = served.post("/v1/events", view(), "bound", origin=ORIGIN)
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        refused = served.post("/v1/events", b"{", "bound", origin=ORIGIN)
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (400, ORIGIN)


@pytest.mark.parametrize("origin", ["https://shop.example/", "shop.example", "*", "https://a@b", "HTTPS://SHOP", ""])
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(BadInput):
        check_origin(origin)


def test_a_method_that_is_not_there_is_405_with_those_that_are(served: Served) -> None:
    answer = served.client.patch("/v1/events")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert served.client.head("/healthz").status_code == 200
    assert served.client.head("/healthz").content == b""
    missing = served.client.get("/v1/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "unknown_path")
