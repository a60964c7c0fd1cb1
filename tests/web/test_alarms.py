"""``/v1/alarms`` and ``/v1/watch``: who may read and set what, and that answering goes on while a target hangs."""

from __future__ import annotations

import threading

import msgspec

from endcap.measurement.watch.notes import standing
from endcap.measurement.watch.settings import WatchSettings, Webhook
from endcap.measurement.watch.telling import put_watch
from endcap.measurement.watch.watcher import Watcher
from tests.measurement.watch.listening import hook_server
from tests.web.served import NOW_MS, serving, view

HOOK = {"name": "ops", "url": "https://hooks.example/very-secret", "secret": "0123456789abcdef"}


def test_how_the_shop_stands_is_told_to_admins_alone() -> None:
    with serving() as served:
        assert served.get("/v1/alarms").status_code == 403
        assert served.get("/v1/alarms", "admin").json() == {"looked_ms": 0, "stale": True}
        Watcher(served.stores).look(NOW_MS, every=True)
        told = served.get("/v1/alarms", "admin").json()
        assert (told["looked_ms"], told["stale"]) == (NOW_MS, False)
        assert {"errors", "bundle", "measuring"} <= {one["check"] for one in told["checks"]}
        gauges = served.client.get("/metrics").text
        assert f'endcap_watch_looked_seconds{{shop="gifts"}} {NOW_MS / 1000}' in gauges
        assert 'endcap_alarm{shop="gifts",check="measuring",subject=""} 0' in gauges


def test_settings_are_kept_and_shown_without_secrets() -> None:
    with serving() as served:
        body = msgspec.json.encode({"limits": {"bundle_days": 3}, "webhooks": [HOOK]})
        admin = served.authorization("admin")
        assert served.client.put("/v1/watch", content=body, headers=served.authorization("server")).status_code == 403
        put = served.client.put("/v1/watch", content=body, headers=admin)
        assert put.json() == served.get("/v1/watch", "admin").json()
        assert put.json()["webhooks"] == [{"name": "ops", "host": "hooks.example"}]
        assert put.json()["limits"] == {"bundle_days": 3.0}
        assert "0123456789abcdef" not in put.text + served.log.getvalue()
        local = msgspec.json.encode({"webhooks": [{**HOOK, "url": "https://127.0.0.1/"}]})
        refused = served.client.put("/v1/watch", content=local, headers=admin)
        assert (refused.status_code, refused.json()["error"]["field"]) == (422, "url")


def test_events_that_were_rejected_are_counted_for_the_watch() -> None:
    with serving() as served:
        served.post("/v1/events", {"events": [view(), view("e2", type="odd")]})
        served.site.shops["gifts"].watching.round()
        found = next(one for one in standing(served.stores, NOW_MS).checks if one.name == "errors:rejected")
        assert (found.value, found.state) == (0.5, "fine")


def test_the_server_answers_while_a_target_hangs() -> None:
    hanging = threading.Event()
    with hook_server(hangs=hanging) as target, serving(private_targets=True) as served:
        hook = Webhook(name="ops", url=target.url, secret="0123456789abcdef")
        put_watch(served.stores.documents, WatchSettings(webhooks=(hook,)), private=True)
        trying = threading.Thread(target=served.post, args=("/v1/watch/try", {}, "admin"))
        trying.start()
        while not target.bodies:
            pass
        for number in range(20):
            assert served.post("/v1/events", view(f"e{number}")).status_code == 202
            assert served.post("/v1/recommendations", {"placement": "product", "item_id": "mug"}).status_code == 200
        assert trying.is_alive()
        hanging.set()
        trying.join()


def test_an_alarm_of_a_running_shop_reaches_its_target() -> None:
    with hook_server() as target, serving(private_targets=True) as served:
        hook = Webhook(name="ops", url=target.url, secret="0123456789abcdef")
        put_watch(served.stores.documents, WatchSettings(webhooks=(hook,)), private=True)
        assert served.post("/v1/watch/try", {}, "admin").json() == {"targets": {"webhook:ops": ""}}
        served.post("/v1/events", {"events": [view(f"e{number}", type="odd" if number % 2 else "view") for number in range(200)]})
        for _ in range(3):
            served.site.shops["gifts"].watching.round()
        told = served.get("/v1/alarms", "admin").json()
        assert [(one["check"], one["subject"]) for one in told["alarms"]] == [("errors", "rejected")]
    messages = [msgspec.json.decode(body) for body in target.bodies]
    assert [len(one.get("opened", ())) for one in messages] == [0, 1]
