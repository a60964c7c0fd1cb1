"""Health, readiness, metrics and logs."""

from __future__ import annotations

import time

import msgspec

from endcap.web.limits import REFRESH_EVERY_S
from tests.web.served import product, serving, view


def test_alive_and_ready_without_a_key() -> None:
    with serving() as served:
        assert served.client.get("/healthz").json() == {"status": "alive"}
        assert served.client.get("/readyz").json() == {
            "ready": True, "shops": [{"shop": "gifts", "bundle": None, "degraded": ["no_bundle"]}],
        }  # fmt: skip


def test_requests_and_events_are_counted() -> None:
    with serving() as served:
        served.post("/v1/events", [view("e1"), view("e2"), {}])
        served.post("/v1/events", [view("e1")])
        served.post("/v1/recommendations", {"placement": "nope"})
        served.client.request("BREW", "/v1/events")
        text = served.client.get("/metrics").text
        lines = set(text.splitlines())
        assert {
            'endcap_http_requests_total{route="/v1/events",method="POST",status="202"} 2',
            'endcap_http_requests_total{route="/v1/recommendations",method="POST",status="404"} 1',
            'endcap_http_requests_total{route="/v1/events",method="other",status="405"} 1',
            'endcap_http_request_seconds_count{route="/v1/events"} 3',
            'endcap_events_total{shop="gifts",kind="accepted"} 2',
            'endcap_events_total{shop="gifts",kind="duplicate"} 1',
            'endcap_events_total{shop="gifts",kind="rejected"} 1',
            'endcap_events_logged{shop="gifts"} 2',
            'endcap_items{shop="gifts"} 3',
        } <= lines
        buckets = [line for line in lines if line.startswith('endcap_http_request_seconds_bucket{route="/v1/events",le="+Inf"')]
        assert buckets == ['endcap_http_request_seconds_bucket{route="/v1/events",le="+Inf"} 3']


def test_logs_are_json_lines_without_persons_and_keys() -> None:
    with serving() as served:
        served.post("/v1/events", view("e1", user_id="ann@example.org", session_id="secret-session"))
        served.stores.log.append = None  # type: ignore[method-assign,assignment]
        assert served.post("/v1/events", view("e2", user_id="ann@example.org")).status_code == 503
        lines = [msgspec.json.decode(line) for line in served.log.getvalue().splitlines()]
        assert [line["what"] for line in lines] == ["shop_serves", "request_failed"]
        assert lines[1]["code"] == "store_error"
        assert "the log cannot be written" in lines[1]["message"]
        for secret in ("ann@", "secret-session", *served.key.values()):
            assert secret not in served.log.getvalue()


def test_a_document_that_cannot_be_read_does_not_end_the_look_at_what_others_change() -> None:
    with serving() as served:
        served.stores.documents.put("placement", "home", b"{")
        time.sleep(2 * REFRESH_EVERY_S)
        served.stores.catalog.put([product("vase")])
        time.sleep(2 * REFRESH_EVERY_S)
        assert served.site.shops["gifts"].service.state.items.row("vase") >= 0
        assert served.client.get("/readyz").json()["shops"][0]["degraded"] == ["no_bundle", "bad_document:home"]


def test_overload_says_when_to_come_back() -> None:
    with serving() as served:
        shop = served.site.shops["gifts"]
        shop.events._pending = 10**9
        answer = served.post("/v1/events", view())
        shop.events._pending = 0
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
        assert int(answer.headers["retry-after"]) >= 1
