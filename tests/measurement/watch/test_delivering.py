"""Alarms reach whom they should: signed, once or again with the same id, never for ever."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import threading
from email import message_from_bytes
from pathlib import Path

import msgspec
import pytest
import trustme

from endcap.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from endcap.errors import BadInput
from endcap.measurement.watch import outward
from endcap.measurement.watch.alarms import Alarm, Turn
from endcap.measurement.watch.delivering import WAITS_MS, Courier
from endcap.measurement.watch.messages import messages
from endcap.measurement.watch.notes import Notes, keep_notes, read_notes, standing
from endcap.measurement.watch.settings import Email, WatchSettings, Webhook, watch_settings
from endcap.measurement.watch.telling import put_watch, shown
from endcap.measurement.watch.trying import try_targets
from endcap.stores import memory
from endcap.stores.ports import ShopStores
from tests.measurement.watch.listening import Taken, hook_server, mail_server

NOW = 1_780_000_000_000
SECRET = "0123456789abcdef-secret"
ALARM = Alarm(id="a", check="disk", title="Disk space", opened_ms=NOW, sentence="3 % of the disk are free. Make room.")


@pytest.fixture
def stores() -> ShopStores:
    return memory.open_home().open("gifts", create=True)


def _hook(server: Taken, name: str = "ops") -> Webhook:
    return Webhook(name=name, url=server.url, secret=SECRET)


def _mail(server: Taken, **changes: object) -> Email:
    email = Email(host="localhost", port=server.port, security="none", sender="endcap@shop.example", to=("ops@shop.example",))
    return msgspec.structs.replace(email, **changes)


def _tell(stores: ShopStores, settings: WatchSettings) -> None:
    """Put a message of an alarm that opened on its way."""
    put_watch(stores.documents, settings, private=True)
    version, notes = read_notes(stores)
    turn = Turn(standings={}, alarms=(ALARM,), opened=(ALARM,))
    told = msgspec.structs.replace(notes, outbox=(*notes.outbox, *messages("gifts", turn, settings, NOW)))
    assert keep_notes(stores, version, told)


def test_a_webhook_is_posted_once_and_can_be_checked(stores: ShopStores) -> None:
    with hook_server() as server:
        _tell(stores, WatchSettings(webhooks=(_hook(server),)))
        courier = Courier(stores, private=True)
        assert (courier.deliver(NOW), courier.deliver(NOW + DAY_MS)) == (1, 0)
    assert len(server.bodies) == 1
    headers, body = server.headers[0], server.bodies[0]
    at, signed = (part.partition("=")[2] for part in headers["endcap-signature"].split(","))
    assert signed == hmac.new(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert int(at) == NOW // 1000
    told = msgspec.json.decode(body)
    assert (told["id"], told["shop"], [one["sentence"] for one in told["opened"]]) == (
        headers["endcap-delivery"], "gifts", [ALARM.sentence],
    )  # fmt: skip


@pytest.mark.parametrize("status", [500, 302, 404])
def test_what_is_refused_is_tried_again_with_the_same_id_and_then_given_up(stores: ShopStores, status: int) -> None:
    with hook_server(status) as server:
        _tell(stores, WatchSettings(webhooks=(_hook(server),)))
        courier, at_ms = Courier(stores, private=True), NOW
        for wait_ms in (*WAITS_MS, DAY_MS, DAY_MS):
            assert courier.deliver(at_ms) == 0
            assert courier.deliver(at_ms + min(wait_ms, MINUTE_MS) - 1) == 0  # not before its time
            at_ms += wait_ms
    assert len(server.bodies) == len(WAITS_MS) + 1
    assert len({one["endcap-delivery"] for one in server.headers}) == 1
    report = standing(stores, at_ms)
    assert report.waiting == 0
    assert f"it answered {status}" in report.given_up[0]
    assert "very-secret" not in report.given_up[0]


def test_a_target_that_never_answers_holds_up_no_other(stores: ShopStores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outward.post, "__kwdefaults__", {"timeout_s": 0.2})
    with hook_server(hangs=threading.Event()) as hanging, hook_server() as sound:
        _tell(stores, WatchSettings(webhooks=(_hook(hanging, "slow"), _hook(sound))))
        _tell(stores, WatchSettings(webhooks=(_hook(hanging, "slow"), _hook(sound))))
        assert Courier(stores, private=True).deliver(NOW) == 2
        assert (len(hanging.bodies), len(sound.bodies)) == (1, 2)  # of what fails, only one is tried in a round
    assert standing(stores, NOW).waiting == 2


def test_two_who_deliver_do_not_send_it_twice(stores: ShopStores) -> None:
    inside = threading.Event()
    with hook_server(hangs=inside) as server:
        _tell(stores, WatchSettings(webhooks=(_hook(server),)))
        first = threading.Thread(target=Courier(stores, private=True).deliver, args=(NOW,))
        first.start()
        while not server.bodies:
            pass
        assert Courier(stores, private=True).deliver(NOW) == 0
        inside.set()
        first.join()
    assert len(server.bodies) == 1


def test_a_private_target_is_refused_unless_it_is_allowed(stores: ShopStores) -> None:
    with hook_server() as server, mail_server() as mails:
        settings = WatchSettings(webhooks=(_hook(server),), email=_mail(mails))
        _tell(stores, settings)
        assert Courier(stores).deliver(NOW) == 0
        with pytest.raises(BadInput, match="does not begin with https"):
            put_watch(stores.documents, settings)
    assert (server.bodies, mails.bodies) == ([], [])


def test_mail_goes_out_over_tls_with_a_login(stores: ShopStores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    with mail_server(context) as server:
        email = _mail(server, security="starttls", username="endcap", password="very-secret")
        _tell(stores, WatchSettings(email=email))
        courier = Courier(stores, private=True)
        assert courier.deliver(NOW) == 0  # nobody vouches for the server
        assert server.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        assert courier.deliver(NOW + HOUR_MS) == 1
    assert [one.endswith("over TLS") for one in server.logins] == [True]
    mail = message_from_bytes(server.bodies[0])
    assert (mail["To"], mail["Subject"]) == ("ops@shop.example", "[Endcap gifts] alarm: Disk space")
    assert ALARM.sentence in mail.get_payload(decode=True).decode()  # type: ignore[union-attr]


def test_a_server_without_starttls_gets_no_password(stores: ShopStores) -> None:
    with mail_server() as server:
        _tell(stores, WatchSettings(email=_mail(server, security="starttls", username="endcap", password="very-secret")))
        assert Courier(stores, private=True).deliver(NOW) == 0
    assert server.logins == []


def test_what_a_mail_server_refuses_repeats_nothing_it_said(stores: ShopStores) -> None:
    with mail_server(refuses=True) as server:
        put_watch(stores.documents, WatchSettings(email=_mail(server)))
        found = try_targets(stores, NOW, private=True)
    assert found.targets == {"email": "SMTPRecipientsRefused"}


def test_secrets_go_in_and_stay_and_are_not_shown(stores: ShopStores) -> None:
    hook = Webhook(name="ops", url="https://hooks.example/T0/very-secret", secret=SECRET)
    email = Email(host="smtp.example", sender="a@b.example", to=("c@b.example",), username="u", password="very-secret")
    put_watch(stores.documents, WatchSettings(webhooks=(hook,), email=email))
    told = msgspec.json.encode(shown(watch_settings(stores.documents))).decode()
    assert "secret" not in told.replace("has_password", "")
    assert "hooks.example" in told
    again = WatchSettings(webhooks=(Webhook(name="ops"),), email=msgspec.structs.replace(email, password=None))
    kept = put_watch(stores.documents, again)
    assert (kept.webhooks, kept.email) == ((hook,), email)
    elsewhere = msgspec.structs.replace(email, host="smtp.elsewhere.example", password=None)
    with pytest.raises(BadInput, match="has no password"):
        put_watch(stores.documents, WatchSettings(email=elsewhere))
    with pytest.raises(BadInput, match="has no secret"):
        put_watch(stores.documents, WatchSettings(webhooks=(Webhook(name="new", url="https://hooks.example/"),)))
    with pytest.raises(BadInput, match="unencrypted"):
        put_watch(stores.documents, WatchSettings(email=msgspec.structs.replace(email, security="none")))


def test_what_nobody_is_told_any_more_is_done_with(stores: ShopStores) -> None:
    with hook_server() as server:
        _tell(stores, WatchSettings(webhooks=(_hook(server),)))
        put_watch(stores.documents, WatchSettings())
        assert Courier(stores, private=True).deliver(NOW) == 1
    assert (server.bodies, read_notes(stores)[1]) == ([], Notes())
