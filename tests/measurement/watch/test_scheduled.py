"""Reports are mailed once after each period of the shop's calendar, with what was asked for attached."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pypdfium2
import pytest

from endcap.app import shop_report
from endcap.core.time import DAY_MS, HOUR_MS
from endcap.measurement.dashboard.contents import Dashboard, Notice, dashboard
from endcap.measurement.dashboard.mail import html_of
from endcap.measurement.dashboard.pdf import pdf_of
from endcap.measurement.settings import Settings, put_settings
from endcap.measurement.watch.delivering import Courier
from endcap.measurement.watch.notes import read_notes, standing
from endcap.measurement.watch.scheduled import Reporter, last_full
from endcap.measurement.watch.settings import Email, Scheduled, WatchSettings
from endcap.measurement.watch.telling import put_watch
from endcap.stores.ports import ShopStores
from tests.measurement.watch.listening import mail_server
from tests.measurement.watch.made_up import MONDAY_MS, add_selling_days, new_shop

BERLIN = ZoneInfo("Europe/Berlin")
NOTICE = Notice("Disk <space>", "3 % are free & falling.")


@pytest.fixture(scope="module")
def shop() -> ShopStores:
    stores = new_shop()
    put_settings(stores.documents, Settings(currency="EUR", time_zone="Europe/Berlin"))
    add_selling_days(stores, MONDAY_MS, 70, np.random.default_rng(4))
    return stores


@pytest.fixture(scope="module")
def found(shop: ShopStores) -> Dashboard:
    span = last_full("week", MONDAY_MS + 56 * DAY_MS + HOUR_MS, BERLIN)
    return dashboard(shop.shop, partial(shop_report, shop), span.since_ms, span.until_ms, (NOTICE,))


def _read(pdf: bytes) -> tuple[int, str]:
    """How many pages a PDF has, and their words."""
    with pypdfium2.PdfDocument(pdf) as document:
        texts = []
        for page in document:
            words = page.get_textpage()
            texts.append(words.get_text_range())
            words.close()
            page.close()
    return len(texts), " ".join(" ".join(texts).split())


def test_pdf_and_mail_tell_the_figures_of_the_report(found: Dashboard) -> None:
    pages, text = _read(pdf_of(found))
    page = html_of(found)
    assert pages == 2
    for line in found.lines:
        assert line.value in text
        assert line.value in page
    assert found.period == "22 September 2025 to 28 September 2025"
    assert found.period in text
    assert [len(one.values) for one in found.drawn] == [7, 7]
    assert {row[0] for row in found.places} == {"cart", "product"}
    assert "Disk <space>" in text
    assert "Disk &lt;space&gt;" in page


def test_mail_has_nothing_that_runs_or_is_fetched(found: Dashboard) -> None:
    page = html_of(found)
    assert not any(word in page for word in ("<script", "<img", "<link", "http", "url(", "onload", "<style"))


def test_a_dashboard_of_nothing_is_one_too() -> None:
    nothing = dashboard("gifts ह", partial(shop_report, new_shop()), MONDAY_MS, MONDAY_MS + DAY_MS)
    assert "gifts ?" in _read(pdf_of(nothing))[1]
    assert html_of(nothing).startswith("<!doctype html>")


def test_reports_are_planned_once_a_period_in_the_shops_zone(shop: ShopStores) -> None:
    put_watch(shop.documents, WatchSettings(email=_email(25), reports=(Scheduled(name="weekly", every="week", hour=7),)))
    reporter, told = Reporter(shop, partial(shop_report, shop)), list[str]()
    first_ms = round(datetime(2025, 10, 8, tzinfo=BERLIN).timestamp() * 1000)
    for hour in range(24 * 28):  # over the end of summer time
        reporter.plan(first_ms + hour * HOUR_MS)
        if len(read_notes(shop)[1].outbox) > len(told):
            told.append(datetime.fromtimestamp(first_ms / 1000 + hour * 3600, BERLIN).strftime("%a %d %b %H:%M"))
    assert told == ["Mon 13 Oct 07:00", "Mon 20 Oct 07:00", "Mon 27 Oct 07:00", "Mon 03 Nov 07:00"]


def _email(port: int) -> Email:
    return Email(host="127.0.0.1", port=port, security="none", sender="a@shop.example", to=("b@shop.example",))


def test_a_report_is_mailed_with_its_files() -> None:
    stores = new_shop()
    add_selling_days(stores, MONDAY_MS, 28, np.random.default_rng(5))
    with mail_server() as server:
        put_watch(stores.documents, WatchSettings(email=_email(server.port), reports=(Scheduled(name="daily", every="day"),)))
        reporter = Reporter(stores, partial(shop_report, stores), private=True)
        courier = Courier(stores, private=True, send_report=reporter.send)
        for hour in range(48):
            reporter.plan(MONDAY_MS + 20 * DAY_MS + hour * HOUR_MS)
            courier.deliver(MONDAY_MS + 20 * DAY_MS + hour * HOUR_MS)
    assert standing(stores, 0).waiting == 0
    assert len(server.bodies) == 1
    mail = message_from_bytes(server.bodies[0])
    parts = {part.get_content_type(): bytes(part.get_payload(decode=True)) for part in mail.walk() if not part.is_multipart()}
    assert set(parts) == {"text/plain", "text/html", "text/csv", "application/pdf"}
    assert _read(parts["application/pdf"])[0] >= 1
    assert parts["text/csv"].startswith(b"placement,at,attributed_revenue")
    assert msgspec.json.encode(read_notes(stores)[1].sent_until) == b'{"daily":%d}' % (MONDAY_MS + 21 * DAY_MS)
